"""Files of a folder that others can write to."""

import os
from pathlib import Path

import pytest

from snakedit.runtime.host.shared_folder import SharedFolder


def test_a_lock_is_exclusive_until_it_is_released_once(tmp_path: Path) -> None:
    with SharedFolder(tmp_path) as folder:
        lock = folder.lock("a.lock")
        assert lock is not None
        assert folder.lock("a.lock") is None
        lock.release()
        lock.release()
        again = folder.lock("a.lock")
        assert again is not None
        again.release()


def test_a_lock_outlives_its_folders_descriptor(tmp_path: Path) -> None:
    with SharedFolder(tmp_path) as folder:
        lock = folder.lock("a.lock")
    with SharedFolder(tmp_path) as folder:
        assert folder.lock("a.lock") is None
    assert lock is not None
    lock.release()


def test_other_users_can_lock_and_read_a_file_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with SharedFolder(tmp_path) as folder:
            lock = folder.lock("a.lock")
            assert lock is not None
            lock.release()
    finally:
        os.umask(before)
    assert (tmp_path / "a.lock").stat().st_mode & 0o777 == 0o666


def test_a_queue_is_in_the_order_in_which_it_was_joined(tmp_path: Path) -> None:
    with SharedFolder(tmp_path) as folder:
        with folder.queue("queue") as first:
            with folder.queue("queue") as second:
                assert (first.is_first(), second.is_first()) == (True, False)
            with folder.queue("queue") as third:
                assert not third.is_first()
        with folder.queue("queue") as fourth:
            assert fourth.is_first()


def test_a_folder_stays_the_one_that_was_opened(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "mine").mkdir()
    with SharedFolder(tmp_path / "locks") as folder:
        (tmp_path / "locks").rename(tmp_path / "moved")
        (tmp_path / "locks").symlink_to(tmp_path / "mine")
        lock = folder.lock("a.lock")
        assert lock is not None
        lock.release()
    assert os.listdir(tmp_path / "mine") == []
    with pytest.raises(OSError, match="locks"):
        SharedFolder(tmp_path / "locks")


def test_what_is_not_there_is_read_as_nothing(tmp_path: Path) -> None:
    with SharedFolder(tmp_path) as folder:
        assert folder.read("none") == b""


def test_no_more_than_a_few_bytes_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_bytes(b"{" * 10_000_000)
    with SharedFolder(tmp_path) as folder:
        assert len(folder.read("a.lock")) == 4096
