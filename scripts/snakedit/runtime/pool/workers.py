"""Worker processes, one per device: starting, feeding, watching and replacing them.

A job's own pool and a resident pool share this module.
"""

import multiprocessing
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from snakedit.core.logs import LOGGER
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.host import clock
from snakedit.runtime.pool.attempt import Loader, now
from snakedit.runtime.pool.tasks import Outcome, Task
from snakedit.runtime.pool.worker_process import work
from snakedit.telemetry.trace import Member, Span

MAX_DEATHS = 2
STOP_SECONDS = 2.0
# Freeing a model takes the kernel and the driver seconds, but less than SILENT_SECONDS of a pool.
KILL_SECONDS = 8.0
# Long enough for the slowest disk.
LOAD_SECONDS = 3600.0


@dataclass
class _Worker:
    """A worker process and its current task.

    Attributes:
        born: when its device became available to it, seconds since 1970.
        since: when it began to load or to work on its task, by the monotonic clock.
    """

    device: Device
    process: SpawnProcess
    connection: Connection
    born: float
    since: float
    ready: bool = False
    job: Any = None
    task: Task | None = None


Take = Callable[[], tuple[Any, Task] | None]


class Workers:
    """The workers of one model, for use in the main thread: `wait` on `connections`, then `step`.

    Attributes:
        load_error: the reason why the latest device could not load the model.
    """

    def __init__(
        self,
        loader: Loader,
        settings: dict[str, Any],
        devices: Sequence[Device],
        item_timeout: float,
        say: Callable[[str], object] = LOGGER.warning,
    ) -> None:
        """Start a worker on each device.

        Args:
            item_timeout: seconds per task after which a worker counts as hung.
            say: called with a message when a worker is replaced or a device is left out.
        """
        self._loader, self._settings, self._timeout, self._say = loader, settings, item_timeout, say
        self._context = multiprocessing.get_context("spawn")
        self._again: deque[tuple[Any, Task]] = deque()
        self._deaths: Counter[tuple[int, str]] = Counter()
        self._spans: list[Span] = []
        self.load_error = ""
        self._workers = [self._start(device) for device in devices]

    @property
    def connections(self) -> list[Connection]:
        """The connections to wait on."""
        return [worker.connection for worker in self._workers]

    @property
    def is_alive(self) -> bool:
        """Whether any device is left."""
        return bool(self._workers)

    @property
    def is_idle(self) -> bool:
        """Whether no task is under way or waits for another attempt."""
        return not self._again and all(worker.task is None for worker in self._workers)

    def step(self, ready: Collection[Any], take: Take) -> list[tuple[Any, Outcome]]:
        """Read messages, replace dead and hung workers, feed free ones; return (job, outcome) pairs.

        Args:
            ready: those of `connections` that can be read.
            take: returns the next (job, task), or None.
        """
        outcomes: list[tuple[Any, Outcome]] = []
        for worker in list(self._workers):
            waited = clock.monotonic() - worker.since
            if worker.connection in ready:
                self._read(worker, outcomes)
            elif worker.task is not None and waited > self._timeout:
                self._lose(worker, f"TimeoutError: took over {self._timeout:g} s (item_timeout)", outcomes)
            elif not worker.ready and waited > LOAD_SECONDS:
                self._lose(worker, f"TimeoutError: loaded for over {LOAD_SECONDS:g} s", outcomes)
        for worker in self._workers:
            if worker.ready and worker.task is None:
                taken = self._again.popleft() if self._again else take()
                if taken is None:
                    break
                try:
                    worker.connection.send(taken[1].payload)
                except OSError:
                    # It died idle. Its connection tells in the next step, and the task stays untried.
                    self._again.appendleft(taken)
                    continue
                worker.job, worker.task = taken
                worker.since = clock.monotonic()
        return outcomes

    def forget(self, job: Any) -> None:
        """Drop the tasks of a job that wait for another attempt."""
        self._again = deque(entry for entry in self._again if entry[0] is not job)

    def working_on(self) -> list[Task]:
        """The tasks that workers are working on."""
        return [worker.task for worker in self._workers if worker.task is not None]

    def members(self) -> list[Member]:
        """The worker processes, for the telemetry."""
        return [
            Member(device.name, device.kind, device.id, worker.process.pid)
            for worker in self._workers
            for device in worker.device.parts or (worker.device,)
            if worker.process.pid is not None
        ]

    def take_spans(self) -> list[Span]:
        """Return the devices' activities apart from finished tasks, since the last call."""
        spans, self._spans = self._spans, []
        return spans

    def close(self) -> None:
        """End all workers; those that are busy are killed."""
        for worker in self._workers:
            if worker.task is not None or not worker.ready:
                worker.process.kill()
            worker.connection.close()
        _wait(worker.process for worker in self._workers)
        for worker in self._workers:
            worker.process.kill()
        _wait(worker.process for worker in self._workers)
        self._workers = []

    def _read(self, worker: _Worker, outcomes: list[tuple[Any, Outcome]]) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(STOP_SECONDS)
            code = worker.process.exitcode
            self._lose(worker, f"WorkerError: its worker process died (exit code {code})", outcomes)
            return
        device, parts = worker.device.name, worker.device.part_names
        if "load_error" in message:
            self._say(f"{device}: {message['trace']}")
            self._lose(worker, message["load_error"], outcomes)
        elif "lost" in message:
            self._lose(worker, message["lost"], outcomes)
        elif "ready" in message:
            worker.ready = True
            start, seconds = message["ready"]["started"], message["ready"]["seconds"]
            self._spans += [
                Span(device, "switch", worker.born, max(0.0, start - worker.born), parts=parts),
                Span(device, "load", start, seconds, parts=parts),
            ]
        else:
            assert worker.task is not None
            task, job = worker.task, worker.job
            worker.task = worker.job = None
            message["attempts"] += self._deaths.pop((id(job), task.key), 0)
            outcomes.append((job, Outcome(task.key, device=device, parts=parts, **message)))

    def _lose(self, worker: _Worker, cause: str, outcomes: list[tuple[Any, Outcome]]) -> None:
        """End a worker. If it had loaded, replace it; its task is tried once more."""
        place = self._workers.index(worker)
        device, task, job = worker.device, worker.task, worker.job
        ended = _kill(worker.process)
        worker.connection.close()
        if worker.ready and ended:
            self._say(f"{device.name}: {cause}; a new worker is started")
            self._workers[place] = self._start(device)
        else:
            self.load_error = cause
            why = "could not load the model" if ended else "has a worker that cannot be ended"
            self._say(f"{device.name} {why} and is left out: {cause}")
            del self._workers[place]
        if task is None:
            return
        seconds = clock.monotonic() - worker.since
        self._spans.append(
            Span(device.name, "lost", time.time() - seconds, seconds, task.key, device.part_names)
        )
        self._deaths[id(job), task.key] += 1
        deaths = self._deaths[id(job), task.key]
        if deaths < MAX_DEATHS:
            self._again.append((job, task))
        else:
            del self._deaths[id(job), task.key]
            error = f"{cause}, {deaths} times"
            outcomes.append((job, Outcome(task.key, None, error, device.name, 0.0, now(), deaths)))

    def _start(self, device: Device) -> _Worker:
        born = time.time()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(self._loader, self._settings, device, theirs, os.getpid()), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(device, process, ours, born, clock.monotonic())


def _kill(process: SpawnProcess) -> bool:
    """Kill a process; return whether it is gone. One that hangs in the kernel on a broken device stays."""
    process.kill()
    process.join(KILL_SECONDS)
    return not process.is_alive()


def _wait(processes: Iterable[SpawnProcess]) -> None:
    """Wait up to `STOP_SECONDS` for all processes to end."""
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
