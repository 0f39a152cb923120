"""The folders of device locks and pool sockets, which only this user can write to."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from snakedit.core.errors import DeviceError
from snakedit.runtime.host.shared_folder import SharedFolder


def private_folder() -> Path:
    """Return this user's folder under the temporary directory, created with mode 0700.

    Raises:
        DeviceError: if another user owns it or can access it, or if it is no folder.
    """
    folder = Path(tempfile.gettempdir(), f"snakedit-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise DeviceError(
            "is not a folder of yours alone",
            where=str(folder),
            allowed="mode 0700, owned by you",
            hint="remove it or set TMPDIR",
        )
    return folder


def lock_folder() -> SharedFolder:
    """Open the folder of device locks: `SNAKEDIT_LOCK_DIR`, which users can share, or a private one.

    SLURM numbers the devices of each allocation from 0, so each SLURM job has its own locks, in a folder that
    must be its user's.

    Raises:
        DeviceError: if the shared folder is a link, or is sticky: earlier versions of snakedit cannot use
            another user's lock file there.
        OSError: if it cannot be made or opened.
    """
    shared = os.environ.get("SNAKEDIT_LOCK_DIR")
    path = Path(shared) if shared else private_folder() / "locks"
    with suppress(FileExistsError):
        path.mkdir(parents=True)
    state = path.lstat()
    if stat.S_ISLNK(state.st_mode):
        raise DeviceError(
            "is a link, which another user could turn elsewhere",
            where=f"SNAKEDIT_LOCK_DIR={path}",
            allowed="the folder itself",
        )
    if shared and state.st_mode & stat.S_ISVTX:
        raise DeviceError(
            "is sticky, as /tmp is, and users cannot share locks in it",
            where=f"SNAKEDIT_LOCK_DIR={shared}",
            allowed="a folder that all of them can write to, with mode 0777",
        )
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        return SharedFolder(path, private=not shared)
    path = path / f"slurm-{job}-{os.environ.get('SLURMD_NODENAME', 'node')}"
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    return SharedFolder(path, private=True)
