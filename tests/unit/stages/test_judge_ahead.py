"""Which judges judge while a job edits. What they do is seen in tests/workflow/test_judge_ahead.py."""

import dataclasses
from typing import Any

import pytest
from runs_by_hand import run_of, small

from snakedit.runtime.pool.work import JobContext
from snakedit.stages.judge_ahead import judges_ahead

JOB = JobContext("edit_category", "e", "c", "b", device_limit=1, total=1, resident_command=["serve"])
JUDGES = {"local": {"type": "simulated"}, "served": {"type": "openai", "model": "critic"}}


def names(job: JobContext = JOB, **run: Any) -> list[str]:
    planned = run_of(small(judges=JUDGES, run=run))
    return [judge.name for judge in judges_ahead(planned.judges, planned.config.run, job)]


def test_a_judge_behind_a_server_judges_ahead():
    assert names() == ["served"]


@pytest.mark.parametrize("run", [{"judge_ahead": False}, {"resident": False}, {"refresh": ["scores"]}])
def test_it_waits_for_the_last_edit_where_the_configuration_says_so(run: dict[str, Any]):
    assert names(**run) == []


def test_it_waits_on_a_node_whose_pools_end_with_their_job(monkeypatch: pytest.MonkeyPatch):
    assert names(dataclasses.replace(JOB, resident_command=None)) == []
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert names() == []
