"""The one exception family: every error a user can cause is a sentence that says how to go on."""

import errno
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import NoReturn

from snakedit.core.logs import LOGGER

DISK_HINT = "finished images are kept; make room and run again"
_ACCESS_HINT = "finished images are kept; let this user write there and run again"
# Why a file is not there or not read now, though it may be later: its server is away, or its node writes it.
_PASSING_CAUSES = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.ESTALE,
    errno.EIO,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
}
_FOLDER_HINT = "where a folder should be stands a file, or a link whose folder is gone; mend it and run again"
_DISK_HINTS = {
    errno.ENOSPC: DISK_HINT,
    errno.EDQUOT: DISK_HINT,
    errno.EROFS: _ACCESS_HINT,
    errno.EACCES: _ACCESS_HINT,
    errno.EEXIST: _FOLDER_HINT,
    errno.ENOTDIR: _FOLDER_HINT,
}


class SnakeditError(Exception):
    """An error that the user can mend, told in one line.

    Args:
        what: what is wrong.
        where: the file, and the line or key in it.
        allowed: what would have been right.
        hint: how to go on, as a command or a setting.
    """

    def __init__(self, what: str, *, where: str = "", allowed: str = "", hint: str = "") -> None:
        self.what, self.where, self.allowed, self.hint = what, where, allowed, hint
        line = f"{where}: {what}" if where else what
        if allowed:
            line += f"; allowed: {allowed}"
        if hint:
            line += f"; {hint}"
        super().__init__(" ".join(line.split()))


class ConfigError(SnakeditError):
    """The configuration, or a rubric file, says something that cannot be meant."""


class SourceError(SnakeditError):
    """A benchmark's file or one of its rows cannot be read."""


class RecordError(SnakeditError):
    """A JSON Lines file of this pipeline does not hold the records it should."""


class ImageError(SnakeditError):
    """An image is unreadable, too large, or not what its record says."""


class UnopenedError(ImageError):
    """A picture that is named cannot be opened: missing, not permitted, or its server is away.

    That may pass, so it fails the job, whose next run tries again, and is no item's failure.
    """


def unread_picture(path: str, error: OSError) -> ImageError:
    """Return the error for a picture's file that was not read: an `UnopenedError` if that may pass."""
    kind = UnopenedError if error.errno in _PASSING_CAUSES else ImageError
    return kind(f"cannot be read ({error.strerror})", where=path)


class CheckpointError(SnakeditError):
    """A model's weights are missing or cannot be loaded safely."""


class DeviceError(SnakeditError):
    """The devices that the configuration asks for are not there."""


class StageError(SnakeditError):
    """A stage has ended without a result that could be used."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'X'?"`` for the known name nearest to ``name``, else ``""``."""
    nearest = get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.5)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


@contextmanager
def named(file: str, key: str) -> Iterator[None]:
    """Say in an error about what a key names, such as a folder, where the configuration names it."""
    try:
        yield
    except SnakeditError as error:
        # A configuration's own errors name their key.
        place = file if isinstance(error, ConfigError) else f"{file}: {key}"
        raise type(error)(
            error.what, where=f"{place}: {error.where}", allowed=error.allowed, hint=error.hint
        ) from None


def line_of(error: Exception) -> str:
    """Return the one line that a user is told; raise again what is no user's to mend."""
    if isinstance(error, SnakeditError):
        return f"snakedit: {type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.errno in _DISK_HINTS:
        return f"snakedit: {error.filename or 'a file'}: {error.strerror}; {_DISK_HINTS[error.errno]}"
    raise error


def exit_in_one_line(main: Callable[[], object]) -> NoReturn:
    """Run an entry point; a `SnakeditError` becomes one line on stderr and in the log, and exit code 2."""
    try:
        main()
    except SnakeditError as error:
        if LOGGER.handlers:
            LOGGER.error("%s: %s", type(error).__name__, error)
        else:
            print(line_of(error), file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read the output has had enough of it.
        sys.exit(1)
    except OSError as error:
        if error.errno not in _DISK_HINTS:
            LOGGER.exception("a fault in snakedit itself")
            raise
        print(line_of(error), file=sys.stderr)
        sys.exit(2)
    except Exception:
        # Not a user's mistake: the whole story belongs in the rule's log too.
        LOGGER.exception("a fault in snakedit itself")
        raise
    sys.exit(0)
