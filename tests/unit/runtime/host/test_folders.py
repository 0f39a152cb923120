"""The folders of locks and sockets: whose they are, and which jobs share one."""

import os
from pathlib import Path

import pytest

from snakedit.core.errors import DeviceError
from snakedit.runtime.host.folders import lock_folder, private_folder


def test_each_slurm_job_and_node_has_locks_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # SLURM numbers the devices of each allocation anew.
    plain = lock_folder().path
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURMD_NODENAME", "n1")
    first = lock_folder().path
    monkeypatch.setenv("SLURMD_NODENAME", "n2")
    assert len({plain, first, lock_folder().path}) == 3


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_folder_that_others_can_reach_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert private_folder().stat().st_mode & 0o777 == 0o700
    private_folder().chmod(mode)
    with pytest.raises(DeviceError, match="is not a folder of yours alone; allowed: mode 0700"):
        private_folder()


def put(kind: str, path: Path) -> None:
    """Put something in the place of a folder."""
    if kind == "file":
        path.write_text("")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        target = path.with_name("theirs")
        if kind == "link":
            target.mkdir(mode=0o700)
        path.symlink_to(target)


@pytest.mark.parametrize("kind", ["file", "pipe", "link", "dangling link"])
def test_what_is_no_folder_in_the_place_of_the_private_one_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    put(kind, tmp_path / f"snakedit-{os.getuid()}")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with pytest.raises(DeviceError, match="is not a folder of yours alone"):
        private_folder()


def test_the_private_folder_of_another_owner_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"snakedit-{os.getuid() + 1}").mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    mine = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: mine + 1)
    with pytest.raises(DeviceError, match="is not a folder of yours alone"):
        private_folder()


@pytest.mark.parametrize("kind", ["link", "dangling link"])
def test_a_lock_folder_that_is_a_link_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    put(kind, tmp_path / "locks")
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "locks"))
    with pytest.raises(DeviceError, match=r"SNAKEDIT_LOCK_DIR=.*: is a link.*; allowed: the folder itself"):
        lock_folder()


def test_the_folder_of_a_slurm_job_that_another_user_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path))
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURMD_NODENAME", "n1")
    (tmp_path / "slurm-7-n1").mkdir()
    mine = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: mine + 1)
    with pytest.raises(OSError, match="is the folder of another user"):
        lock_folder()
