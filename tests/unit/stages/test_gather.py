import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import REPOSITORY

from snakedit.core.errors import RecordError
from snakedit.core.journal import Journal, read_journal
from snakedit.core.names import image_name
from snakedit.core.records import Edit, Item, Score, write_records
from snakedit.core.shards import Items, Shard, shards_of
from snakedit.stages.gather import gather_edits, take_over
from snakedit.workflow.shard_rules import SHARD_RULES, again, benchmark_pattern, forced

FIRST, SECOND = Shard(1, 2), Shard(3, 4)


@given(st.integers(0, 5000), st.integers(1, 1000))
def test_shards_hold_every_item_once_and_in_order(count, size):
    shards = shards_of(count, size)
    items = list(range(count))
    assert [item for shard in shards for item in shard.of(items)] == (items if count > size else [])
    assert all(1 <= len(shard.of(items)) == shard.count_of(count) <= size for shard in shards)
    assert [Shard.parse(str(shard)) for shard in shards] == shards


@given(st.integers(1, 5000), st.integers(1, 1000), st.integers(0, 5000))
def test_items_added_at_the_end_change_no_shards_name(count, size, more):
    before = shards_of(count, size)
    assert shards_of(count + more, size)[: len(before)] == before


@pytest.mark.parametrize("name", ["", "1", "a-b", "000000-000005", "000005-000001", "1-2-3"])
def test_what_is_no_shards_name_is_refused(name):
    with pytest.raises(ValueError, match=r"."):
        Shard.parse(name)


def test_a_category_can_have_shards_in_one_benchmark_and_none_in_another():
    pattern = re.compile(f"results/({benchmark_pattern({'a.b': ['物理', 'x'], 'c': []})})/.*$")
    assert pattern.match("results/a.b/edits/e/物理/edits.jsonl")
    assert pattern.match("results/a.b/scores/j/e/x/scores.jsonl")
    for path in ("c/edits/e/x/edits.jsonl", "a.b/edits/x/y/edits.jsonl", "aXb/edits/e/x/edits.jsonl"):
        assert not pattern.match(f"results/{path}")
    assert not re.match(benchmark_pattern({"c": []}), "c")


def journal_of(output, *records):
    with Journal(output.with_name("journal.jsonl")) as journal:
        journal.extend(records)


def test_a_journal_takes_over_what_others_hold_of_its_items_once(tmp_path):
    whole = tmp_path / "edits.jsonl"
    first, second = (tmp_path / "shards" / str(shard) / "edits.jsonl" for shard in (FIRST, SECOND))
    edits = {name: Edit(name, "ok", fingerprint=name * 3, seconds=1.5) for name in ("a", "b", 'c", "', "d")}
    failed = Edit("a", "failed", fingerprint="aaa")
    journal_of(whole, failed, edits["a"], edits['c", "'])
    journal_of(first, edits["b"])
    journal_of(second, edits["d"])
    with open(first.with_name("journal.jsonl"), "ab") as file:
        file.write(b'{"item": "a", "sta')

    for _ in range(2):
        take_over(second, SECOND, Edit, {'c", "', "d"})
        assert list(read_journal(second.with_name("journal.jsonl"), Edit)) == [edits["d"], edits['c", "']]
        take_over(first, FIRST, Edit, {"a", "b"})
        assert list(read_journal(first.with_name("journal.jsonl"), Edit)) == [edits["b"], edits["a"]]


def test_what_has_changed_since_is_taken_over_beside_what_was(tmp_path):
    old, new = (Score("a", "ok", score=1.0, fingerprint=name) for name in ("old", "new"))
    journal_of(tmp_path / "scores.jsonl", old)
    journal_of(tmp_path / "shards" / str(FIRST) / "scores.jsonl", new)
    take_over(tmp_path / "scores.jsonl", None, Score, {"a"})
    assert list(read_journal(tmp_path / "journal.jsonl", Score)) == [old, new]


def test_a_category_without_other_journals_gets_none(tmp_path):
    take_over(tmp_path / "edits.jsonl", None, Edit, {"a"})
    assert not list(tmp_path.iterdir())


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


def test_a_shard_reads_no_line_of_another(tmp_path):
    items = [Item(f"i{n}", "c", ["s.png"], ["0" * 64], "red\u2028\r\n") for n in range(4)]
    write_records(tmp_path / "items.jsonl", items)
    assert Items(tmp_path / "items.jsonl")[:] == items
    lines = (tmp_path / "items.jsonl").read_text(encoding="utf-8").split("\n")
    (tmp_path / "items.jsonl").write_text("\n".join(["no JSON", *lines[1:]]), encoding="utf-8")
    found = Items(tmp_path / "items.jsonl")
    assert (len(found), SECOND.of(found)) == (4, items[2:])
    for place in (0, -4):
        with pytest.raises(RecordError, match=r"items\.jsonl:1: not JSON"):
            found[place]


def test_a_category_without_items_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"items\.jsonl: no such file"):
        Items(tmp_path / "items.jsonl")


def test_gathered_images_stay_until_their_item_goes_though_its_edit_failed(tmp_path):
    output, shards = tmp_path / "edits.jsonl", [Shard(1, 2), Shard(3, 4)]
    edits = [Edit("a", "ok", image="images/a.png"), Edit("b/c", "failed", error="X: no")]
    write_records(tmp_path / "shards" / str(shards[0]) / "edits.jsonl", edits)
    write_records(
        tmp_path / "shards" / str(shards[1]) / "edits.jsonl", [Edit("d", "ok", image="images/d.png")]
    )
    (tmp_path / "images").mkdir()
    kept = {"a.png", image_name("b/c"), "d.png"}
    for name in (*kept, "gone.png"):
        (tmp_path / "images" / name).touch()
    gather_edits(shards, output, None, "test")
    assert {path.name for path in (tmp_path / "images").iterdir()} == kept
