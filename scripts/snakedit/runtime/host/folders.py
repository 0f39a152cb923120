"""The folders of device locks and pool sockets, which only this user can write to."""

import os
import stat
import tempfile
from pathlib import Path

from snakedit.core.errors import DeviceError


def private_folder() -> Path:
    """Return this user's folder under the temporary directory, created with mode 0700.

    Raises:
        DeviceError: if another user owns it or can access it.
    """
    folder = Path(tempfile.gettempdir(), f"snakedit-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise DeviceError(
            "is not a folder of yours alone",
            where=str(folder),
            allowed="mode 0700, owned by you",
            hint="remove it or set TMPDIR",
        )
    return folder


def lock_folder() -> Path:
    """Return the folder of device locks: `SNAKEDIT_LOCK_DIR`, which users can share, or a private one.

    SLURM numbers the devices of each allocation from 0, so each SLURM job has its own locks.

    Raises:
        DeviceError: if the shared folder is sticky: filelock refuses another user's lock file there.
    """
    shared = os.environ.get("SNAKEDIT_LOCK_DIR")
    if shared and Path(shared).is_dir() and Path(shared).stat().st_mode & stat.S_ISVTX:
        raise DeviceError(
            "is sticky, as /tmp is, and users cannot share locks in it",
            where=f"SNAKEDIT_LOCK_DIR={shared}",
            allowed="a folder that all of them can write to, with mode 0777",
        )
    folder = Path(shared) if shared else private_folder() / "locks"
    job = os.environ.get("SLURM_JOB_ID")
    if job:
        folder = folder / f"slurm-{job}-{os.environ.get('SLURMD_NODENAME', 'node')}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
