"""A folder that only this user can write to: for the locks of devices and the sockets of pools."""

import os
import stat
import tempfile
from pathlib import Path

from snakedit.core.errors import DeviceError


def private_folder() -> Path:
    """Return this user's folder under the temporary directory, made with mode 0700.

    Raises:
        DeviceError: if somebody else owns it or others can write to it.
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
    """Return where device locks lie: `SNAKEDIT_LOCK_DIR`, to share them between users, or a private one.

    Under SLURM, devices are numbered anew in each job's allocation, so each job has locks of its own.

    Raises:
        DeviceError: if the shared one is sticky: there filelock refuses a lock file of another user.
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
