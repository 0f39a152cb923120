"""Judging while a job edits. With a server it is seen in tests/workflow/test_judging_ahead.py."""

import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from runs_by_hand import run_of, small

from snakedit.core.journal import Journal, read_journal
from snakedit.core.records import Edit, Item, Score
from snakedit.core.shards import Shard
from snakedit.runtime.pool.tasks import Outcome, Task
from snakedit.runtime.pool.work import JobContext
from snakedit.stages import judge_ahead
from snakedit.stages.judge_ahead import JudgeAhead, judges_ahead
from snakedit.stages.judging import ahead_journal, expected_fingerprints

JOB = JobContext("edit_category", "e", "c", "b", device_limit=1, total=1, resident_command=["serve"])
JUDGES = {"local": {"type": "simulated"}, "served": {"type": "openai", "model": "critic"}}


ITEMS = [Item(name, "c", [f"images/{name}.png"], [name * 64], "do it") for name in "abc"]
EDITS = [Edit(name, "ok", image=f"images/{name}.png", image_sha256=name * 64) for name in "abc"]


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


def test_a_judge_that_needs_no_device_waits_whatever_devices_it_has():
    # It would be loaded by the job that edits.
    devices = {"kind": "simulated", "ids": [2]}
    others = {"kind": "simulated", "ids": [0, 1]}
    judges = {"own": {"type": "simulated", "devices": devices}}
    planned = run_of(small(judges=judges, run={"devices": others}))
    own = planned.judges["own"]
    for needs_device, expected in ((True, [own]), (False, [])):
        judge = dataclasses.replace(own, needs_device=needs_device)
        assert judges_ahead({"own": judge}, planned.config.run, JOB) == expected


def scores_path(results: Path, shard: str = "") -> Path:
    folder = results / "scores/served/e/c"
    return (folder / "shards" / shard if shard else folder) / "scores.jsonl"


def judged_ahead(
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, dict[str, Any]],
    shard: Shard | None = None,
    edits: Sequence[Edit] = EDITS,
) -> list[str]:
    """Judge edits ahead and return the items that were asked about, the last of which is the last edit's."""
    asked: list[str] = []
    done = threading.Event()

    def answered(work: object, loader: object, tasks: Iterator[Task | None], *_: object) -> Iterator[Outcome]:
        for task in tasks:
            if task is None:
                time.sleep(0.005)
                continue
            asked.append(task.key)
            score = said.get(task.key, {"status": "ok", "score": 1.0})
            yield Outcome(task.key, {"scores": [score]}, None, "endpoint:0", 0.1, "")
            if task.key == edits[-1].item:
                done.set()

    monkeypatch.setattr(judge_ahead, "run_tasks", answered)
    planned = run_of(small(judges=JUDGES))
    judges = [planned.judges["served"]]
    folder = results / "edits/e/c"
    output = (folder / "shards" / str(shard) if shard else folder) / "edits.jsonl"
    items = results / "items/c"
    with JudgeAhead(judges, planned.config.run, ITEMS, items, folder, output, JOB, shard) as ahead:
        for edit in edits:
            ahead.offer(edit)
        assert done.wait(60)
    return asked


def test_what_failed_ahead_is_left_to_score_category(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    said = {
        "a": {"status": "failed", "error": "EndpointError: quality: the server answered 503: away"},
        "b": {"status": "unparsed", "error": "no score in it"},
    }
    assert judged_ahead(tmp_path, monkeypatch, said) == ["a", "b", "c"]
    path = scores_path(tmp_path)
    assert [score.item for score in read_journal(path.with_name("journal.jsonl"), Score)] == ["c"]
    assert [score.item for score in read_journal(ahead_journal(path), Score)] == ["b"]


def test_what_shards_of_another_size_have_scored_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    judge = run_of(small(judges=JUDGES)).judges["served"]
    extras: dict[str, dict[str, Path]] = {item.id: {} for item in ITEMS}
    expected = expected_fingerprints(judge, {item.id: item for item in ITEMS}, EDITS, extras)
    for shard, item in (("", "a"), ("000001-000002", "b")):
        with Journal(scores_path(tmp_path, shard).with_name("journal.jsonl")) as journal:
            journal.append(Score(item, "ok", score=1.0, fingerprint=expected[item]))
    assert judged_ahead(tmp_path, monkeypatch, {}, Shard(1, 3)) == ["c"]
