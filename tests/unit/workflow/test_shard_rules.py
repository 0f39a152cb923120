"""The rules for shards: their paths, and how they are forced."""

import re

import pytest
from places import REPOSITORY

from snakedit.workflow.shard_rules import SHARD_RULES, again, benchmark_pattern, forced


def test_a_category_can_have_shards_in_one_benchmark_and_none_in_another():
    pattern = re.compile(f"results/({benchmark_pattern({'a.b': ['物理', 'x'], 'c': []})})/.*$")
    assert pattern.match("results/a.b/edits/e/物理/edits.jsonl")
    assert pattern.match("results/a.b/scores/j/e/x/scores.jsonl")
    for path in ("c/edits/e/x/edits.jsonl", "a.b/edits/x/y/edits.jsonl", "aXb/edits/e/x/edits.jsonl"):
        assert not pattern.match(f"results/{path}")
    assert not re.match(benchmark_pattern({"c": []}), "c")


@pytest.mark.parametrize("page", ["README.md", "config/README.md"])
def test_every_page_that_forces_a_stage_forces_it_in_shards_too(page):
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    commands = re.findall(r"snakemake [^`]*--forcerun ([a-z_ ]+)|with `--forcerun ([a-z_ ]+)", text)
    assert commands
    for rules in (set(" ".join(command).split()) for command in commands):
        assert rules >= {SHARD_RULES[rule] for rule in rules & SHARD_RULES.keys()}


def test_a_message_that_forces_a_stage_forces_it_in_shards_too():
    assert forced("edit_category", "score_category") == (
        "--forcerun edit_category score_category edit_shard score_shard"
    )
    assert "snakemake --forcerun score_category score_shard --cores all" in again("score_category")
