"""The command line that the jobs of editing and judging share."""

from pathlib import Path

import pytest

from snakedit.core.shards import Shard
from snakedit.stages.command_line import job_context, job_parser

WORDS = [
    "--config",
    "c.yaml",
    "--benchmark",
    "b",
    "--editor",
    "e",
    "--items",
    "results/b/items/物理/items.jsonl",
]


@pytest.mark.parametrize(
    ("more", "part"), [([], "物理"), (["--shard", "000001-000500"], "物理~000001-000500")]
)
def test_a_job_is_named_by_its_words(more: list[str], part: str):
    arguments = job_parser("doc").parse_args([*WORDS, "--output", "out.jsonl", "--devices", "3", *more])
    job = job_context(arguments, "edit_category", "e", Path("scripts"))
    assert (job.rule, job.label, job.category, job.benchmark) == ("edit_category", "e", "物理", "b")
    assert job.part == part
    assert job.device_limit == 3
    assert job.telemetry_folder == Path("results/b/telemetry")
    assert job.resident_command is not None
    assert job.resident_command[-1] == "scripts/serve_pool.py"
    assert arguments.shard == (Shard(1, 500) if more else None)
