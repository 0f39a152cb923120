"""A file is there whole or not at all."""

import errno
import json
import os

import pytest

from snakedit.core.atomic import write_whole
from snakedit.core.records import Edit, write_records


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
