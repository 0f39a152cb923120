"""A folder that other users can write to: its files are opened safely, and none is ever removed or replaced.

Whoever can write to a folder can exchange its files at any time. So the folder itself is held open, names
are looked up in it alone and never through a link, a file is checked once it is open, and its content is
data.
"""

import errno
import fcntl
import os
import stat
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

MAX_BYTES = 4096
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Opening a pipe without O_NONBLOCK waits for its other end.
_FILE_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Locks of an open file rather than of a process, so that threads exclude each other too.
_SET_LOCK, _GET_LOCK = fcntl.F_OFD_SETLK, fcntl.F_OFD_GETLK
_RANGE = "hhqqi0q"  # struct flock: type, whence, start, length, pid


class SharedFolder:
    """An open folder. Use it as a context manager, or close it.

    Args:
        path: must be there, and must be no link.
        private: refuse a folder that another user owns.

    Raises:
        OSError: if it is not such a folder.
    """

    def __init__(self, path: Path, private: bool = False) -> None:
        self.path = path
        self._descriptor = os.open(path, _FOLDER_FLAGS)
        owner = os.fstat(self._descriptor).st_uid
        if private and owner != os.getuid():
            self.close()
            raise PermissionError(errno.EPERM, f"is the folder of another user ({owner})", str(path))

    def __enter__(self) -> "SharedFolder":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder; locks that were taken in it stay."""
        os.close(self._descriptor)

    def lock(self, name: str) -> "SharedLock | None":
        """Take an exclusive lock on a file, which is made if it is not there; return None if another has it.

        Raises:
            OSError: if the name is that of a link, of no plain file, or of a file that is not snakedit's.
        """
        file = self._open(name)
        try:
            if not lock_descriptor(file, blocking=False):
                os.close(file)
                return None
        except BaseException:
            os.close(file)
            raise
        return SharedLock(file)

    def read(self, name: str) -> bytes:
        """Return the beginning of a file, `MAX_BYTES` at most, or nothing if it is not there.

        Raises:
            OSError: as `lock`.
        """
        try:
            file = os.open(name, os.O_RDONLY | _FILE_FLAGS, dir_fd=self._descriptor)
        except FileNotFoundError:
            return b""
        try:
            self._check(file, name)
            return os.pread(file, MAX_BYTES, 0)
        finally:
            os.close(file)

    @contextmanager
    def queue(self, name: str) -> Iterator["QueuePlace"]:
        """Join the end of the queue of all processes that wait, and leave it at the end of the block.

        A place is a lock on one byte of the file, at the time in nanoseconds; the kernel frees it when its
        process ends, so nobody removes what another left behind.

        Raises:
            OSError: as `lock`.
        """
        file = self._open(name)
        try:
            place = time.time_ns()
            while not _lock_byte(file, place):
                place += 1
            yield QueuePlace(file, place)
        finally:
            os.close(file)

    def _open(self, name: str) -> int:
        try:
            file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FILE_FLAGS, dir_fd=self._descriptor)
            # The umask would keep it from the other users.
            os.fchmod(file, 0o666)
            return file
        except FileExistsError:
            pass
        try:
            file = os.open(name, os.O_RDWR | _FILE_FLAGS, dir_fd=self._descriptor)
        except OSError as error:
            reason = "is a link" if error.errno == errno.ELOOP else error.strerror
            raise OSError(
                error.errno, f"{reason}, where a file of locks should be", self._shown(name)
            ) from None
        try:
            self._check(file, name)
        except BaseException:
            os.close(file)
            raise
        return file

    def _check(self, file: int, name: str) -> None:
        """Refuse what others may have put in a lock file's place to have it written to."""
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode) or state.st_nlink > 1:
            kind = "has a second name" if stat.S_ISREG(state.st_mode) else "is no plain file"
            raise PermissionError(
                errno.EPERM, f"{kind}, and belongs to the user {state.st_uid}", self._shown(name)
            )
        # What snakedit writes to such a file is a JSON object.
        if os.pread(file, 1, 0) not in (b"", b"{"):
            raise PermissionError(
                errno.EPERM, f"is no file of locks, and belongs to the user {state.st_uid}", self._shown(name)
            )

    def _shown(self, name: str) -> str:
        return str(self.path / name)


class SharedLock:
    """An exclusive lock, until `release` or until the process ends."""

    def __init__(self, file: int) -> None:
        self._file: int | None = file
        self._releasing = threading.Lock()

    def write(self, data: bytes) -> None:
        """Replace the file's content, which others may read at any moment."""
        assert self._file is not None
        # In one write, blanks over the rest of what was longer, so that nobody sees a part of both.
        length = os.fstat(self._file).st_size
        os.pwrite(self._file, data.ljust(length), 0)

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        with self._releasing:
            if self._file is not None:
                unlock_descriptor(self._file)
                os.close(self._file)
                self._file = None


class QueuePlace:
    """A place in a queue."""

    def __init__(self, file: int, place: int) -> None:
        self._file, self._place = file, place

    def is_first(self) -> bool:
        """Whether no living process is ahead."""
        return next(places_taken(self._file, self._place), None) is None


def places_taken(file: int, end: int) -> Iterator[int]:
    """Yield the places before ``end`` that others have in the queue of an open file."""
    start = 0
    while start < end:
        asked = struct.pack(_RANGE, fcntl.F_WRLCK, os.SEEK_SET, start, end - start, 0)
        kind, _, taken, length, _ = struct.unpack(_RANGE, fcntl.fcntl(file, _GET_LOCK, asked))
        if kind == fcntl.F_UNLCK:
            return
        yield taken
        # A length of 0 reaches to the end of the file.
        start = taken + length if length else end


def _lock_byte(file: int, place: int) -> bool:
    try:
        fcntl.fcntl(file, _SET_LOCK, struct.pack(_RANGE, fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0))
    except (BlockingIOError, PermissionError):
        return False
    return True
