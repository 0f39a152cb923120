"""Journals outlive a crash, and tell what is damaged."""

import os

import pytest

from snakedit.core import journal as journal_module
from snakedit.core.errors import RecordError
from snakedit.core.journal import Journal, read_journal
from snakedit.core.records import Edit, to_line


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
