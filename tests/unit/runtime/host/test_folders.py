"""The folders of locks and sockets: whose they are, and which jobs share one."""

import os
from pathlib import Path

import pytest

from snakedit.core.errors import DeviceError
from snakedit.runtime.host.folders import lock_folder, private_folder


def test_each_slurm_job_and_node_has_locks_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # SLURM numbers the devices of each allocation anew.
    plain = lock_folder()
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURMD_NODENAME", "n1")
    first = lock_folder()
    monkeypatch.setenv("SLURMD_NODENAME", "n2")
    assert len({plain, first, lock_folder()}) == 3


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_folder_that_others_can_reach_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert private_folder().stat().st_mode & 0o777 == 0o700
    private_folder().chmod(mode)
    with pytest.raises(DeviceError, match="is not a folder of yours alone; allowed: mode 0700"):
        private_folder()


def test_a_link_in_the_place_of_the_private_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / f"snakedit-{os.getuid()}").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    with pytest.raises(DeviceError, match="is not a folder of yours alone"):
        private_folder()
