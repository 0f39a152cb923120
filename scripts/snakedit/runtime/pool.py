"""A pool of worker processes, one a device, all taking tasks from one queue.

The next free worker takes the next task: no rounds, no barrier, no fixed share. The driver never loads a
model.
"""

import contextlib
import multiprocessing
import os
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from snakedit.config import RunConfig
from snakedit.errors import StageError
from snakedit.logs import LOGGER
from snakedit.runtime.devices import Device, resolve_devices


class Handler(Protocol):
    """A loaded editor or judge in a worker."""

    def handle(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Do one task; what goes in and comes out can be written as JSON."""

    def release_memory(self) -> None:
        """Make room after an out-of-memory, before the task is tried once more."""


Loader = Callable[[dict[str, Any], str], Handler]


@dataclass(frozen=True)
class Work:
    """What a pool must load.

    Attributes:
        stage: ``edit`` or ``score``.
        settings: given to the loader in each worker.
        key: fingerprint of all that the loaded thing depends on.
    """

    stage: str
    settings: dict[str, Any]
    key: str


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
        seconds: time in the worker. `started`: UTC, ISO 8601.
    """

    key: str
    result: dict[str, Any] | None
    error: str | None
    device: str
    seconds: float
    started: str
    attempts: int = 1


@dataclass(frozen=True)
class JobContext:
    """Which job this is, and what it may use.

    Attributes:
        label: the editor's or the judge's name.
        device_limit: how many devices its pool may have.
        total: how many items there are to do.
    """

    rule: str
    label: str
    category: str
    benchmark: str
    device_limit: int
    total: int
    telemetry_folder: Path | None = None
    resident_command: list[str] | None = None


def run_tasks(
    work: Work, loader: Loader, tasks: Iterable[Task], run: RunConfig, job: JobContext
) -> Iterator[Outcome]:
    """Yield one outcome a task, as they finish.

    Without a need for a device the tasks are done in this process, one after the other.

    Raises:
        StageError: if no worker could load.
    """
    if not work.settings["needs_device"]:
        yield from _run_here(work, loader, tasks)
        return
    devices = resolve_devices(run.devices)[: job.device_limit]
    with _Pool(work, loader, devices, run.item_timeout) as pool:
        yield from pool.run(tasks)


def _run_here(work: Work, loader: Loader, tasks: Iterable[Task]) -> Iterator[Outcome]:
    handler = loader(work.settings, "cpu")
    for task in tasks:
        yield Outcome(task.key, device="cpu", **_attempt(handler, task.payload))


def _attempt(handler: Handler, payload: dict[str, Any]) -> dict[str, Any]:
    """Handle one payload; an out-of-memory is tried once more, any other exception is the outcome."""
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    begin = monotonic()
    result, error, trace, attempts = None, None, None, 0
    while result is None and attempts < 2:
        attempts += 1
        try:
            result = handler.handle(payload)
        except Exception as exception:  # noqa: BLE001 - whatever an editor raises is that item's failure
            error = f"{type(exception).__name__}: {exception}".splitlines()[0]
            trace = traceback.format_exc()
            if not _is_out_of_memory(exception):
                break
            handler.release_memory()
    if result is not None:
        error = None
    elif trace is not None:
        _log_once(str(error), trace)
    return {
        "result": result,
        "error": error,
        "seconds": monotonic() - begin,
        "started": started,
        "attempts": attempts,
    }


def _is_out_of_memory(exception: BaseException) -> bool:
    return isinstance(exception, MemoryError) or type(exception).__name__ == "OutOfMemoryError"


_SEEN: Counter[str] = Counter()


def _log_once(error: str, trace: str) -> None:
    """The first error of a kind is told whole, later ones are counted at the end."""
    kind = error.partition(":")[0]
    _SEEN[kind] += 1
    if _SEEN[kind] == 1:
        LOGGER.error("the first %s:\n%s", kind, trace)


@dataclass
class _Worker:
    device: Device
    process: SpawnProcess
    connection: Connection
    task: Task | None = None
    since: float = 0.0
    ready: bool = False


class _Pool:
    """The worker processes of one job."""

    def __init__(self, work: Work, loader: Loader, devices: list[Device], item_timeout: float) -> None:
        self._work, self._loader, self._timeout = work, loader, item_timeout
        self._context = multiprocessing.get_context("spawn")
        self._load_error = ""
        self._workers = [self._start(device) for device in devices]

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *exc: object) -> None:
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.process.join(2)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Feed the workers and yield what they send."""
        source, again, deaths = iter(tasks), deque[Task](), Counter[str]()
        while True:
            for worker in self._workers:
                if worker.ready and worker.task is None:
                    worker.task = again.popleft() if again else next(source, None)
                    if worker.task is not None:
                        worker.since = monotonic()
                        worker.connection.send(worker.task.payload)
            if not any(worker.task for worker in self._workers) and all(w.ready for w in self._workers):
                return
            yield from self._receive(again, deaths)

    def _receive(self, again: deque[Task], deaths: Counter[str]) -> Iterator[Outcome]:
        ready = wait([worker.connection for worker in self._workers], timeout=1.0)
        for worker in list(self._workers):
            hangs = worker.task is not None and monotonic() - worker.since > self._timeout
            if worker.connection not in ready and not hangs:
                continue
            try:
                message = None if hangs else worker.connection.recv()
            except (EOFError, OSError):
                message = None
            if message is None:
                yield from self._replace(worker, again, deaths, hangs)
            elif "load_error" in message:
                self._load_error = message["load_error"]
                self._remove(worker)
            elif "ready" in message:
                worker.ready = True
            else:
                assert worker.task is not None
                yield Outcome(worker.task.key, device=worker.device.name, **message)
                worker.task = None

    def _replace(
        self, worker: _Worker, again: deque[Task], deaths: Counter[str], hangs: bool
    ) -> Iterator[Outcome]:
        task, device = worker.task, worker.device
        cause = f"took over {self._timeout:g} s" if hangs else "its worker died"
        worker.process.kill()
        worker.process.join()
        code = worker.process.exitcode
        if task is None and not worker.ready:
            self._load_error = f"the worker died while loading (exit code {code})"
            self._remove(worker)
            return
        LOGGER.warning("%s: %s; a new worker is started", device.name, cause)
        worker.connection.close()
        self._workers[self._workers.index(worker)] = self._start(device)
        if task is not None:
            deaths[task.key] += 1
            if deaths[task.key] < 2:
                again.append(task)
            else:
                now = datetime.now(UTC).isoformat(timespec="milliseconds")
                error = f"WorkerError: {cause}, twice (exit code {code})"
                yield Outcome(task.key, None, error, device.name, 0.0, now, attempts=2)

    def _remove(self, worker: _Worker) -> None:
        LOGGER.error("%s: %s", worker.device.name, self._load_error)
        self._workers.remove(worker)
        if not self._workers:
            raise StageError(f"no device could load the model: {self._load_error}")

    def _start(self, device: Device) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work_loop, args=(self._loader, self._work.settings, device, theirs), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(device, process, ours)


def _work_loop(loader: Loader, settings: dict[str, Any], device: Device, connection: Connection) -> None:
    """What a worker process does until its driver closes the connection."""
    name = device.name
    if device.kind == "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = device.id
        name = "cuda:0"
    elif device.kind == "cpu":
        # A tiny model is many times faster with one thread than with two.
        os.environ["OMP_NUM_THREADS"] = "1"
        name = "cpu"
    try:
        handler = loader(settings, name)
    except Exception as exception:  # noqa: BLE001 - told by the driver
        LOGGER.exception("loading failed")
        connection.send({"load_error": f"{type(exception).__name__}: {exception}".splitlines()[0]})
        return
    connection.send({"ready": True})
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            connection.send(_attempt(handler, connection.recv()))
