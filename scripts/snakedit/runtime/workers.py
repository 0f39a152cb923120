"""Worker processes, one a device: started, fed, watched and replaced. A worker loads a model once.

This is the part that a job's own pool and a resident pool share.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from snakedit.logs import LOGGER
from snakedit.runtime.attempt import Loader, attempt, now
from snakedit.runtime.devices import Device

MAX_DEATHS = 2
STOP_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Task:
    """One thing to do; `weight` is how many items it stands for."""

    key: str
    payload: dict[str, Any]
    weight: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a result, or an error in one line.

    Attributes:
        device: which worker's; `seconds`: its time in the worker; `started`: UTC, ISO 8601.
        attempts: how often it was tried.
        trace: the whole error, for the log.
    """

    key: str
    result: dict[str, Any] | None
    error: str | None
    device: str
    seconds: float
    started: str
    attempts: int = 1
    trace: str | None = None


@dataclass(frozen=True)
class Load:
    """One load of a model: on which device, when (UTC, ISO 8601), and for how many seconds."""

    device: str
    started: str
    seconds: float


@dataclass
class _Worker:
    device: Device
    process: SpawnProcess
    connection: Connection
    ready: bool = False
    job: Any = None
    task: Task | None = None
    since: float = 0.0


Take = Callable[[], tuple[Any, Task] | None]


class Workers:
    """The workers of one model. Used from one thread: `wait` on `connections`, then `step`.

    Attributes:
        load_error: why the last device that could not load was given up.
    """

    def __init__(
        self, loader: Loader, settings: dict[str, Any], devices: Sequence[Device], item_timeout: float
    ) -> None:
        self._loader, self._settings, self._timeout = loader, settings, item_timeout
        self._context = multiprocessing.get_context("spawn")
        self._again: deque[tuple[Any, Task]] = deque()
        self._deaths: Counter[tuple[int, str]] = Counter()
        self.load_error = ""
        self.loads: list[Load] = []
        self._workers = [self._start(device) for device in devices]

    @property
    def connections(self) -> list[Connection]:
        """What to wait on."""
        return [worker.connection for worker in self._workers]

    @property
    def is_alive(self) -> bool:
        """Whether any device is left."""
        return bool(self._workers)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being done, nor waits to be done again."""
        return not self._again and all(worker.task is None for worker in self._workers)

    def step(self, ready: Collection[Any], take: Take) -> list[tuple[Any, Outcome]]:
        """Read what has come, replace the dead and the hung, feed the free; return (job, outcome) pairs.

        Args:
            ready: those of `connections` that have something to read.
            take: gives the next (job, task), or None.
        """
        outcomes: list[tuple[Any, Outcome]] = []
        for worker in list(self._workers):
            hung = worker.task is not None and time.monotonic() - worker.since > self._timeout
            if worker.connection in ready:
                self._read(worker, outcomes)
            elif hung:
                self._replace(worker, f"TimeoutError: took over {self._timeout:g} s (item_timeout)", outcomes)
        for worker in self._workers:
            if worker.ready and worker.task is None:
                taken = self._again.popleft() if self._again else take()
                if taken is None:
                    break
                worker.job, worker.task = taken
                worker.since = time.monotonic()
                with contextlib.suppress(OSError):
                    # A worker that died meanwhile is noticed when its connection is read.
                    worker.connection.send(worker.task.payload)
        return outcomes

    def forget(self, job: Any) -> None:
        """Do not try again what a job's workers left undone."""
        self._again = deque(entry for entry in self._again if entry[0] is not job)

    def working_on(self) -> list[Task]:
        """The tasks in the workers' hands."""
        return [worker.task for worker in self._workers if worker.task is not None]

    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def close(self) -> None:
        """End all workers, those in the middle of a task by force."""
        for worker in self._workers:
            if worker.task is not None or not worker.ready:
                worker.process.kill()
            worker.connection.close()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []

    def _read(self, worker: _Worker, outcomes: list[tuple[Any, Outcome]]) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(STOP_SECONDS)
            code = worker.process.exitcode
            self._replace(worker, f"WorkerError: its worker process died (exit code {code})", outcomes)
            return
        if "load_error" in message:
            self._give_up(worker, message["load_error"])
        elif "ready" in message:
            worker.ready = True
            self.loads.append(Load(worker.device.name, **message["ready"]))
        else:
            assert worker.task is not None
            task, job = worker.task, worker.job
            worker.task = worker.job = None
            message["attempts"] += self._deaths.pop((id(job), task.key), 0)
            outcomes.append((job, Outcome(task.key, device=worker.device.name, **message)))

    def _replace(self, worker: _Worker, cause: str, outcomes: list[tuple[Any, Outcome]]) -> None:
        """End a worker and start another on its device; its task goes back on the queue once."""
        task, job = worker.task, worker.job
        worker.process.kill()
        worker.process.join()
        if not worker.ready:
            self._give_up(worker, cause)
            return
        LOGGER.warning("%s: %s; a new worker is started", worker.device.name, cause)
        worker.connection.close()
        self._workers[self._workers.index(worker)] = self._start(worker.device)
        if task is None:
            return
        self._deaths[id(job), task.key] += 1
        deaths = self._deaths[id(job), task.key]
        if deaths < MAX_DEATHS:
            self._again.append((job, task))
        else:
            del self._deaths[id(job), task.key]
            error = f"{cause}, {deaths} times"
            outcomes.append((job, Outcome(task.key, None, error, worker.device.name, 0.0, now(), deaths)))

    def _give_up(self, worker: _Worker, cause: str) -> None:
        self.load_error = cause
        LOGGER.error("%s cannot load the model and is left out: %s", worker.device.name, cause)
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)

    def _start(self, device: Device) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(self._loader, self._settings, device, theirs, os.getpid()), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(device, process, ours)


def _work(
    loader: Loader, settings: dict[str, Any], device: Device, connection: Connection, parent: int
) -> None:
    """What a worker process does until its pool closes the connection."""
    _die_with(parent)
    # Ctrl-C reaches every process of the terminal; who ends first is the pool's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name = device.kind
    if device.kind == "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = device.id
        name = "cuda:0"
    elif device.kind == "cpu":
        # A tiny model is many times faster with one thread than with two.
        os.environ["OMP_NUM_THREADS"] = "1"
    else:
        name = device.name
    started, begin = now(), time.monotonic()
    try:
        handler = loader(settings, name)
    except Exception as exception:  # noqa: BLE001 - the pool goes on with its other devices
        traceback.print_exc()
        connection.send({"load_error": f"{type(exception).__name__}: {exception}".splitlines()[0]})
        return
    connection.send({"ready": {"started": started, "seconds": time.monotonic() - begin}})
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(attempt(handler, connection.recv()))


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process with its parent, however that dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
