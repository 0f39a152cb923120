"""A worker process as its pool sees it, and how it is ended."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from snakedit.runtime.devices.discover import Device
from snakedit.runtime.pool.second_tries import SecondTry
from snakedit.runtime.pool.tasks import Task
from snakedit.telemetry.trace import Member

STOP_SECONDS = 2.0
# Freeing a model takes the kernel and the driver seconds, but less than SILENT_SECONDS of a pool.
KILL_SECONDS = 8.0


# Compared by identity.
@dataclass(eq=False)
class Worker:
    """A worker process and its current task.

    Attributes:
        born: when its device became available to it, seconds since 1970.
        since: when it began to load or to work on its task, by the monotonic clock.
        entry: of its task, if that has failed before.
        forgotten: whether its task's job is gone.
    """

    device: Device
    process: SpawnProcess
    connection: Connection
    born: float
    since: float
    ready: bool = False
    job: Any = None
    task: Task | None = None
    entry: SecondTry | None = None
    forgotten: bool = False

    def members(self) -> list[Member]:
        """Return its process, once for each device that it uses, for the telemetry."""
        pid = self.process.pid
        parts = self.device.parts or (self.device,)
        return [Member(part.name, part.kind, part.id, pid) for part in parts if pid is not None]


def kill_process(process: SpawnProcess) -> bool:
    """Kill a process; return whether it is gone. One that hangs in the kernel on a broken device stays."""
    process.kill()
    process.join(KILL_SECONDS)
    return not process.is_alive()


def wait_for_processes(processes: Iterable[SpawnProcess]) -> None:
    """Wait up to `STOP_SECONDS` for all processes to end."""
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
