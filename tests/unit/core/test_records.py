import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core import journal as journal_module
from snakedit.core.atomic import write_whole
from snakedit.core.errors import RecordError
from snakedit.core.journal import Journal, read_journal
from snakedit.core.records import Edit, Item, Score, from_line, read_records, to_line, write_records

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXT, TEXT, st.lists(TEXT, max_size=3), st.none() | st.integers(0, 2**32 - 1))
def test_an_item_reads_back_as_it_was_written(item_id, instruction, tags, seed):
    item = Item(item_id, "物理", ["images/a.png"], ["0" * 64], instruction, tags=tags, seed=seed)
    line = to_line(item)
    assert "\n" not in line
    assert from_line(line, Item, "x:1") == item


def test_records_of_every_kind_are_read_back_from_a_file(tmp_path):
    for record in (Edit("a", "ok", change=0.5), Score("a", "unparsed", values={"m": None})):
        write_records(tmp_path / "r.jsonl", [record, record])
        assert list(read_records(tmp_path / "r.jsonl", type(record))) == [record, record]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[]", "a list, not an object"),
        ('{"item": "a", "status": "ok", "statsu": 1}', "unknown key 'statsu'.*did you mean 'status'"),
        ('{"item": "a"}', "lacks 'status'"),
        ('{"item": "\udcff", "status": "ok"}', "not JSON.*can't decode byte 0xff"),
        ('{"item": "a", "status": "ok", "width": ' + "9" * 5000 + "}", "not JSON.*4300 digits"),
        ('{"item": ' + "[" * 100_000, "not JSON.*recursion"),
    ],
    ids=lambda value: value[:20],
)
def test_a_line_that_is_no_record_is_named(tmp_path, line, message):
    text = to_line(Edit("a", "ok")) + "\n" + line + "\n"
    (tmp_path / "edits.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecordError, match=r"edits\.jsonl:2: .*" + message):
        list(read_records(tmp_path / "edits.jsonl", Edit))


def test_a_number_that_is_none_is_never_written():
    with pytest.raises(ValueError, match="Out of range"):
        to_line(Score("a", "ok", score=float("nan")))


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(RecordError, match=r"items\.jsonl: no such file"):
        list(read_records(tmp_path / "items.jsonl", Item))


def test_a_journal_goes_on_after_a_line_that_was_cut_short(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(Edit("a", "ok"))
        journal.append(Edit("b", "ok"))
    path.write_bytes(path.read_bytes()[:-7])
    assert [edit.item for edit in read_journal(path, Edit)] == ["a"]
    with Journal(path) as journal:
        journal.append(Edit("c", "ok"))
    assert [edit.item for edit in read_journal(path, Edit)] == ["a", "c"]


def test_a_journal_goes_on_after_a_cut_line_of_any_length(tmp_path):
    path = tmp_path / "journal.jsonl"
    cut = to_line(Edit("b", "ok", instruction_used="x" * 3_000_000))[:-7]
    path.write_text(to_line(Edit("a", "ok")) + "\n" + cut)
    with Journal(path) as journal:
        journal.append(Edit("c", "ok"))
    assert [edit.item for edit in read_journal(path, Edit)] == ["a", "c"]


def test_a_damaged_line_of_a_journal_is_refused_with_the_way_to_go_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"item": "a", "status": "ok"}\n{"item":\n')
    with pytest.raises(RecordError, match=r"journal\.jsonl:2: not JSON.*; delete that line"):
        list(read_journal(path, Edit))


def test_a_journal_that_is_not_there_is_empty(tmp_path):
    assert list(read_journal(tmp_path / "journal.jsonl", Edit)) == []


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "edits.jsonl"
    write_records(path, [Edit("a", "ok")])
    before = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_records(path, [Edit("b", "ok")])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["edits.jsonl"]


def test_a_file_written_whole_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_whole(tmp_path / "x.json", [json.dumps({})])
    finally:
        os.umask(old)
    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o640


def test_a_journal_that_may_lag_is_readable_at_once_and_on_disk_when_it_closes(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal_module.os, "fdatasync", lambda file: synced.append(os.fstat(file).st_size))
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, lag=3600.0)
    journal.extend([Edit("a", "ok"), Edit("b", "ok")])
    journal.append(Edit("c", "ok"))
    assert [edit.item for edit in read_journal(path, Edit)] == ["a", "b", "c"]
    assert synced == []
    journal.close()
    assert synced == [path.stat().st_size]


def test_records_that_came_together_wait_for_the_disk_once(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal_module.os, "fdatasync", synced.append)
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.extend(Edit(str(number), "ok") for number in range(100))
        assert len(synced) == 1
        journal.append(Edit("x", "ok"))
        assert len(synced) == 2
