"""Resident pools, seen from a job: finding or starting one, and handing it tasks over its socket.

Messages are JSON, one a line. A job sends ``job``, then ``task`` again and again, and hangs up. A pool
answers ``accepted`` or ``leaving``, then sends ``outcome`` for each task, ``note`` with a line for the
log, ``alive`` every few seconds, and ``error`` if it can load on no device.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from snakedit.config import DevicesConfig
from snakedit.errors import StageError
from snakedit.logs import LOGGER
from snakedit.recipe import canonical
from snakedit.runtime.leases import Held, waiting_line
from snakedit.runtime.line import Line, connect
from snakedit.runtime.private import private_folder
from snakedit.runtime.workers import Outcome, Task

# Tasks that a job has with its pool at a time, beyond those in its workers' hands.
WINDOW = 32
START_SECONDS = 30.0
SILENT_SECONDS = 20.0
MAX_BROKEN = 3
ASK_SECONDS = 0.5


@dataclass(frozen=True)
class PoolRequest:
    """What pool a job needs; see `snakedit.runtime.pool.Work` and `snakedit.config.RunConfig`.

    Attributes:
        count: how many devices it may lease.
        owner: the run it belongs to and dies with, as ``pid:start time``.
    """

    stage: str
    settings: dict[str, Any]
    key: str
    label: str
    devices: DevicesConfig
    count: int
    idle_timeout: float
    item_timeout: float
    owner: str

    @property
    def socket(self) -> Path:
        """Where it listens: a name for the run and the model, and nothing else."""
        run = hashlib.sha256(self.owner.encode()).hexdigest()[:8]
        name = hashlib.sha256(canonical([self.key, dataclasses.asdict(self.devices)]).encode())
        return private_folder() / f"{run}-{name.hexdigest()[:16]}.sock"


def run_tasks(request: PoolRequest, tasks: Iterable[Task], command: list[str]) -> Iterator[Outcome]:
    """Yield one outcome a task from the request's pool, which is started if there is none.

    A pool that breaks or falls silent is replaced, and its unfinished tasks go to the next.

    Raises:
        StageError: if no device could load the model, or the pool broke again and again.
    """
    source = iter(tasks)
    pending: dict[str, Task] = {}
    broken = 0
    while True:
        line, pid = _join(request, command)
        try:
            yield from _exchange(line, source, pending)
            return
        except (ConnectionError, TimeoutError) as error:
            broken += 1
            LOGGER.warning("the pool of %s is replaced: %s", request.label, error)
            if broken == MAX_BROKEN:
                raise StageError(f"the pool of {request.label} broke {broken} times ({error})") from None
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        finally:
            line.close()


def _exchange(line: Line, source: Iterator[Task], pending: dict[str, Task]) -> Iterator[Outcome]:
    """Keep the pool's window full and yield what comes back, until all is done."""
    for task in pending.values():
        line.send({"task": dataclasses.asdict(task)})
    more = True
    heard = time.monotonic()
    selector = selectors.DefaultSelector()
    selector.register(line, selectors.EVENT_READ)
    with selector:
        while True:
            while more and len(pending) < WINDOW:
                new = next(source, None)
                more = new is not None
                if new is not None:
                    pending[new.key] = new
                    line.send({"task": dataclasses.asdict(new)})
            if not more and not pending:
                return
            writing = selectors.EVENT_WRITE if line.has_unsent else 0
            selector.modify(line, selectors.EVENT_READ | writing)
            selector.select(timeout=1.0)
            line.flush()
            for message in line.receive():
                heard = time.monotonic()
                if "outcome" in message:
                    outcome = Outcome(**message["outcome"])
                    if pending.pop(outcome.key, None) is not None:
                        yield outcome
                elif "note" in message:
                    LOGGER.info("%s", message["note"])
                elif "error" in message:
                    raise StageError(message["error"])
            if time.monotonic() - heard > SILENT_SECONDS:
                raise TimeoutError(f"it was silent for {SILENT_SECONDS:g} s")


def _join(request: PoolRequest, command: list[str]) -> tuple[Line, int]:
    """Return a connection to a pool that has accepted this job, and the pool's pid."""
    while True:
        line = _connect_or_start(request, command)
        line.send({"job": {"label": request.label, "pid": os.getpid()}})
        try:
            answer = _wait_for_one(line)
        except (ConnectionError, TimeoutError):
            answer = {"leaving": True}
        if "accepted" in answer:
            return line, answer["accepted"]
        # It makes room for another model; once it has gone, a new one can be started.
        line.close()
        time.sleep(0.1)


def _wait_for_one(line: Line) -> dict[str, Any]:
    deadline = time.monotonic() + SILENT_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            selector.select(timeout=1.0)
            for message in line.receive():
                if "accepted" in message or "leaving" in message:
                    return message
    raise TimeoutError("it did not answer")


def _connect_or_start(request: PoolRequest, command: list[str]) -> Line:
    path = request.socket
    # One starts it, the others find it.
    with FileLock(path.with_suffix(".start")):
        line = connect(path)
        if line is not None:
            return line
        path.unlink(missing_ok=True)
        log = path.with_suffix(".log")
        with open(log, "wb") as errors:
            process = subprocess.Popen(
                [*command],
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )
        assert process.stdin is not None
        with process.stdin as pipe, contextlib.suppress(BrokenPipeError):
            pipe.write(json.dumps(dataclasses.asdict(request)).encode())
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            line = connect(path)
            if line is not None:
                return line
            time.sleep(0.02)
        process.kill()
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise StageError(f"the pool of {request.label} did not start ({' '.join(tail) or 'no message'})")


class Waiting:
    """What is done while devices are waited for: it is said who has them, and this run's pools are asked.

    Called by `snakedit.runtime.leases.acquire`, again and again.
    """

    def __init__(self, label: str, owner: str, say: Callable[[str], object]) -> None:
        self._label, self._owner, self._say = label, owner, say
        self._told = ""
        self._asked = -ASK_SECONDS

    def __call__(self, held: Held) -> None:
        """Say who has the devices if that is news; ask pools of the same run to make room."""
        line = waiting_line(self._label, held)
        if line != self._told:
            self._told = line
            self._say(line)
        if time.monotonic() - self._asked < ASK_SECONDS:
            return
        self._asked = time.monotonic()
        # A pool of another run is not asked: it is waited for.
        for socket in {h.socket for h in held.values() if h and h.socket and h.owner == self._owner}:
            _tell(Path(socket), {"leave": True})


def stop_pools(owner: str) -> int:
    """End the pools of a run at once; return how many there were."""
    run = hashlib.sha256(owner.encode()).hexdigest()[:8]
    stopped = 0
    for path in private_folder().glob(f"{run}-*.sock"):
        stopped += _tell(path, {"stop": True})
    return stopped


def _tell(path: Path, message: dict[str, Any]) -> bool:
    """Send one message to the pool that listens there; say whether there was one."""
    line = connect(path)
    if line is None:
        return False
    # It may go at this very moment, which is what is asked of it.
    with contextlib.suppress(ConnectionError):
        line.send(message)
    line.close()
    return True
