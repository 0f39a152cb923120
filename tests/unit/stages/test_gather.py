import dataclasses

import pytest

from snakedit.core.errors import StageError
from snakedit.core.journal import Journal, read_journal
from snakedit.core.names import image_name
from snakedit.core.records import Edit, Score, write_records
from snakedit.core.shards import Shard
from snakedit.stages.gather import forget_shards, gather_edits, take_over

FIRST, SECOND = Shard(1, 2), Shard(3, 4)


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


def test_records_beyond_a_lower_limit_wait_in_the_categorys_journal_and_come_back(tmp_path):
    output, third = tmp_path / "edits.jsonl", Shard(5, 6)
    edits = [Edit(name, "ok", image=f"images/{name}.png", fingerprint=name, seconds=1.5) for name in "abcde"]
    for shard, records in ((FIRST, edits[:2]), (SECOND, edits[2:4]), (third, edits[4:])):
        path = tmp_path / "shards" / str(shard) / "edits.jsonl"
        write_records(path, records)
        journal_of(path, *records)
    # With a limit of 2 the category has one shard of two items.
    gather_edits([FIRST], output, None, "test")
    assert [path.name for path in (tmp_path / "shards").iterdir()] == [str(FIRST)]
    assert list(read_journal(tmp_path / "journal.jsonl", Edit)) == edits[2:]
    second = tmp_path / "shards" / str(SECOND) / "edits.jsonl"
    take_over(second, SECOND, Edit, {"c", "d"})
    write_records(second, edits[2:4])
    gather_edits([FIRST, SECOND], output, None, "test")
    assert list(read_journal(tmp_path / "journal.jsonl", Edit)) == edits[4:], (
        "what is in shards again has gone"
    )


def test_a_category_that_has_no_shards_any_more_keeps_the_records_of_all(tmp_path):
    path = tmp_path / "shards" / str(FIRST) / "scores.jsonl"
    scores = [Score(name, "ok", score=1.0, fingerprint=name) for name in ("a", "b")]
    journal_of(path, *scores)
    (tmp_path / "shards" / "notes").mkdir()
    take_over(tmp_path / "scores.jsonl", None, Score, {"a"})
    forget_shards(tmp_path / "scores.jsonl")
    assert list(read_journal(tmp_path / "journal.jsonl", Score)) == scores
    assert [path.name for path in (tmp_path / "shards").iterdir()] == ["notes"], "a stranger's folder stays"


@pytest.mark.parametrize("fingerprint", ["", "a1"])
def test_a_control_that_the_category_cannot_have_has_not_failed(tmp_path, fingerprint):
    output, shards = tmp_path / "edits.jsonl", [FIRST, SECOND]
    for shard, items in zip(shards, ("ab", "cd"), strict=True):
        edits = [Edit(item, "failed", error="ImageError: no reference", fingerprint="") for item in items]
        edits[-1] = dataclasses.replace(edits[-1], fingerprint=fingerprint)
        write_records(tmp_path / "shards" / str(shard) / "edits.jsonl", edits)
    with pytest.raises(StageError, match="4 of 4 items failed"):
        gather_edits(shards, output, 0, "test")
    if fingerprint:
        # One that could be planned and failed tells that the category has it.
        with pytest.raises(StageError, match="4 of 4 items failed"):
            gather_edits(shards, output, 0, "test", is_control=True)
    else:
        gather_edits(shards, output, 0, "test", is_control=True)
        assert output.exists()
