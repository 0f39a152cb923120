"""The run that a job or a pool belongs to: its Snakemake process, named by pid and start time."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from snakedit.core.errors import StageError
from snakedit.runtime.host.processes import start_time

POLL_SECONDS = 0.5


def owner() -> str:
    """Return the run that this job belongs to, as ``pid:start time``: its Snakemake, or this process.

    The Snakefile sets SNAKEDIT_OWNER, on a cluster's node again for each job.
    """
    return os.environ.get("SNAKEDIT_OWNER") or f"{os.getpid()}:{start_time(os.getpid())}"


def began_at(owner: str) -> float | None:
    """Return when the process that an owner names began, seconds since 1970; None for another host's name."""
    try:
        ticks = float(owner.partition(":")[2])
    except ValueError:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age


def watch(owner: str) -> int | None:
    """Return a descriptor that becomes readable when the owner dies, or None if it is already dead."""
    pid, _, started = owner.partition(":")
    try:
        descriptor = os.pidfd_open(int(pid))
    except (ProcessLookupError, ValueError):
        return None
    except (AttributeError, OSError):
        # The Pythons of conda and uv and Linux before 5.3 have no pidfd_open.
        return _watch_by_polling(int(pid), started)
    if _started(int(pid)) == started:
        return descriptor
    os.close(descriptor)
    return None


@contextmanager
def watched() -> Iterator[int]:
    """Yield a descriptor that becomes readable when this job's run dies.

    Raises:
        StageError: if it is already dead.
    """
    descriptor = watch(owner())
    if descriptor is None:
        raise over()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def over() -> StageError:
    """Return the error of a job whose run is over."""
    return StageError(f"the run {owner()} that this job belongs to is over")


def _watch_by_polling(pid: int, started: str) -> int | None:
    """Do what `watch` does by polling the process."""
    if _started(pid) != started:
        return None
    reading, writing = os.pipe()

    def poll() -> None:
        while _started(pid) == started:
            time.sleep(POLL_SECONDS)
        os.close(writing)

    threading.Thread(target=poll, daemon=True).start()
    return reading


def _started(pid: int) -> str | None:
    try:
        return start_time(pid)
    except ProcessLookupError:
        return None
