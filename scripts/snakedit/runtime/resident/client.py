"""The job's side of resident pools: finding or starting one, and sending it tasks over its socket.

Messages are JSON, one per line. A job sends ``job``, then any number of ``task``, and hangs up. A pool
answers ``accepted`` or ``leaving``, then sends ``outcome`` for each task, ``span`` and ``members`` for the
telemetry, ``note`` with a line for the log, ``alive`` every few seconds, and ``error`` if no device can load
the model. ``leave`` asks it to make room for another model, ``stop`` ends it at once.
"""

import contextlib
import hashlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import StageError
from snakedit.core.hashing import canonical
from snakedit.core.logs import LOGGER
from snakedit.runtime.devices.replicas import MemoryNeed
from snakedit.runtime.host import clock
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.host.signals import Stop
from snakedit.runtime.pool.tasks import Event, Outcome, Task
from snakedit.runtime.resident.handover import run_digest
from snakedit.runtime.resident.wire import Line, connect
from snakedit.runtime.servers.address import Server
from snakedit.telemetry.trace import Member, Span

WINDOW = 32
START_SECONDS = 30.0
SILENT_SECONDS = 20.0
TICK_SECONDS = 0.5
# While a task is not there yet.
EARLY_TICK_SECONDS = 0.05
MAX_BROKEN = 3
MAX_HUNG_UP = 20


@dataclass(frozen=True)
class PoolRequest:
    """The pool that a job needs; see `snakedit.runtime.pool.work.Work` and the configuration's `run`.

    Attributes:
        count: how many devices it may lease.
        server: what it asks, and then it leases nothing; None for a local model.
        owner: the run that it belongs to and dies with, as ``pid:start time``.
    """

    stage: str
    settings: dict[str, Any]
    key: str
    weights: int | None
    need: MemoryNeed | None
    label: str
    devices: DevicesConfig
    count: int
    idle_timeout: float
    item_timeout: float
    owner: str
    server: Server | None = None

    @property
    def window(self) -> int:
        """Tasks that a job may have sent to the pool and that have no outcome yet."""
        return max(WINDOW, 2 * self.server.at_once if self.server else 0)

    @property
    def socket(self) -> Path:
        """The pool's socket, named by its run, model and devices only."""
        name = hashlib.sha256(canonical([self.key, self.devices.model_dump()]).encode())
        return private_folder() / f"{run_digest(self.owner)}-{name.hexdigest()[:16]}.sock"

    def to_json(self) -> str:
        """Return the request as a pool reads it from its standard input."""
        plain = {
            "devices": self.devices.model_dump(),
            "need": self.need and vars(self.need),
            "server": self.server and vars(self.server),
        }
        return json.dumps({**vars(self), **plain})

    @classmethod
    def from_json(cls, text: str | bytes) -> "PoolRequest":
        """Return a request from what `to_json` wrote."""
        fields = json.loads(text)
        devices, need, server = (fields.pop(name) for name in ("devices", "need", "server"))
        return cls(
            devices=DevicesConfig(**devices),
            need=need and MemoryNeed(**need),
            server=server and Server(**server),
            **fields,
        )


def run_on_pool(request: PoolRequest, tasks: Iterator[Task | None], command: list[str]) -> Generator[Event]:
    """Yield one outcome per task from the request's pool, which is started if it does not run yet.

    A pool that breaks or falls silent is replaced, and its unfinished tasks go to the next one.

    Args:
        tasks: None stands for one that is not there yet.
        command: starts a pool.

    Raises:
        StageError: if no device could load the model, or the pool broke `MAX_BROKEN` times.
    """
    pending: dict[str, Task] = {}
    broken = 0
    with Stop() as stop:
        while True:
            line, pid = _join(request, command, stop)
            try:
                yield from _exchange(line, tasks, pending, request.window, stop)
                return
            except (ConnectionError, TimeoutError) as error:
                broken += 1
                LOGGER.warning("the pool of %s is replaced: %s", request.label, error)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                if broken == MAX_BROKEN:
                    raise StageError(
                        f"the pool of {request.label} broke {broken} times ({error}{_last_words(request)})"
                    ) from None
            finally:
                line.close()


def _exchange(
    line: Line, source: Iterator[Task | None], pending: dict[str, Task], window: int, stop: Stop
) -> Generator[Event]:
    """Keep the pool's window full and yield its events, until every task has an outcome."""
    for task in pending.values():
        line.offer({"task": vars(task)})
    more = True
    last_message = clock.monotonic()
    selector = selectors.DefaultSelector()
    selector.register(line, selectors.EVENT_READ)
    with selector:
        while True:
            is_early = False
            while more and not is_early and len(pending) < window:
                try:
                    next_task = next(source)
                except StopIteration:
                    more = False
                else:
                    is_early = next_task is None
                    if next_task is not None:
                        pending[next_task.key] = next_task
                        line.offer({"task": vars(next_task)})
            if not more and not pending:
                return
            writing = selectors.EVENT_WRITE if line.has_unsent else 0
            selector.modify(line, selectors.EVENT_READ | writing)
            tick = EARLY_TICK_SECONDS if is_early else TICK_SECONDS
            selector.select(timeout=0 if line.has_unread else tick)
            stop.check()
            line.offer()
            for message in line.receive():
                last_message = clock.monotonic()
                if "outcome" in message:
                    outcome = Outcome(parts=tuple(message["outcome"].pop("parts")), **message["outcome"])
                    if pending.pop(outcome.key, None) is not None:
                        yield outcome
                elif "span" in message:
                    yield Span(parts=tuple(message["span"].pop("parts")), **message["span"])
                elif "members" in message:
                    yield tuple(Member(**member) for member in message["members"])
                elif "note" in message:
                    LOGGER.info("%s", message["note"])
                elif "error" in message:
                    raise StageError(message["error"])
            yield None
            if clock.monotonic() - last_message > SILENT_SECONDS:
                raise TimeoutError(f"it was silent for {SILENT_SECONDS:g} s")


def _join(request: PoolRequest, command: list[str], stop: Stop) -> tuple[Line, int]:
    """Return the connection to a pool that has accepted this job, and the pool's pid."""
    hung_up = 0
    while True:
        line = _connect_or_start(request, command, stop)
        try:
            line.send({"job": {"label": request.label, "pid": os.getpid()}})
            answer = _wait_for_answer(line, stop)
            hung_up = 0
        except (ConnectionError, TimeoutError):
            answer = {"leaving": True}
            hung_up += 1
        except BaseException:
            line.close()
            raise
        if "accepted" in answer:
            return line, answer["accepted"]
        # The pool is leaving for another model. Once it is gone, a new one can be started.
        line.close()
        if hung_up == MAX_HUNG_UP:
            raise StageError(f"the pool of {request.label} hung up {hung_up} times without a word")
        stop.check()
        time.sleep(0.1)


def _wait_for_answer(line: Line, stop: Stop) -> dict[str, Any]:
    deadline = clock.monotonic() + SILENT_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        while clock.monotonic() < deadline:
            selector.select(timeout=0 if line.has_unread else TICK_SECONDS)
            stop.check()
            message = line.receive_one()
            if message is not None and ("accepted" in message or "leaving" in message):
                return message
    raise TimeoutError("it did not answer")


def _connect_or_start(request: PoolRequest, command: list[str], stop: Stop) -> Line:
    path = request.socket
    # One job starts the pool, the others find it.
    turn = _take_turn(path, stop)
    try:
        line = connect(path)
        if line is not None:
            return line
        path.unlink(missing_ok=True)
        process = _start_pool(request, command)
        deadline = clock.monotonic() + START_SECONDS
        try:
            while line is None and clock.monotonic() < deadline and process.poll() is None:
                stop.check()
                time.sleep(0.02)
                line = connect(path)
        finally:
            if line is None:
                process.kill()
                process.wait()
        if line is not None:
            return line
    finally:
        turn.release()
    raise StageError(f"the pool of {request.label} did not start{_last_words(request)}")


def _take_turn(path: Path, stop: Stop) -> FileLock:
    # Lock files are never removed, so all pools share sixteen of them.
    lock = FileLock(path.with_name(f"start-{path.name[0]}.lock"))
    while True:
        try:
            lock.acquire(timeout=TICK_SECONDS)
            return lock
        except Timeout:
            stop.check()


def _start_pool(request: PoolRequest, command: list[str]) -> subprocess.Popen[bytes]:
    """Start a pool in a session of its own, which Ctrl-C on the terminal does not reach."""
    with open(log_file(request.socket), "wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
        )
    assert process.stdin is not None
    # A pool that dies at once breaks the pipe as it is written to, or as it is closed.
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(request.to_json().encode())
    return process


def _last_words(request: PoolRequest) -> str:
    """Return the last line of a broken pool's log, for the end of a message."""
    with contextlib.suppress(FileNotFoundError):
        lines = log_file(request.socket).read_text(encoding="utf-8", errors="replace").split("\n")
        return next((f": {line.strip()}" for line in reversed(lines) if line.strip()), "")
    return ""


def log_file(socket: Path) -> Path:
    """Return the log of a pool, which the pool removes when it ends without a fault."""
    return socket.with_suffix(".log")
