"""The run that a job or a pool belongs to: its Snakemake, named so that a reused pid is no other's."""

import os
import time

from snakedit.runtime.private import start_time


def owner() -> str:
    """Return the run that this job belongs to, as ``pid:start time``: its Snakemake, or this process.

    The Snakefile sets SNAKEDIT_OWNER where it is read, on a cluster's node anew for each job.
    """
    return os.environ.get("SNAKEDIT_OWNER") or f"{os.getpid()}:{start_time(os.getpid())}"


def began_at(owner: str) -> float | None:
    """Return when a process of this host that is named like an owner began, seconds since 1970."""
    try:
        ticks = float(owner.partition(":")[2])
    except ValueError:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age


def watch(owner: str) -> int | None:
    """Return a descriptor that becomes readable when the owner dies, or None if it is dead already."""
    pid, _, started = owner.partition(":")
    try:
        descriptor = os.pidfd_open(int(pid))
    except (ProcessLookupError, ValueError):
        return None
    if _started(int(pid)) == started:
        return descriptor
    os.close(descriptor)
    return None


def _started(pid: int) -> str | None:
    try:
        return start_time(pid)
    except ProcessLookupError:
        return None
