"""Runs tasks on a server: several at a time, each in a thread of this process.

All processes of this host together keep to the server's limit. Each request holds one of as many file
locks as requests are allowed; the kernel frees the lock when its process dies.
"""

import hashlib
import queue
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from snakedit.core.errors import DeviceError, StageError
from snakedit.runtime.host import clock
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.host.shared_folder import SharedLock
from snakedit.runtime.host.signals import Stop
from snakedit.runtime.pool.attempt import Handler, Loader, attempt, now
from snakedit.runtime.pool.tasks import Event, Outcome, Task
from snakedit.runtime.resident.owner import over, watched
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.exchange import Exchange
from snakedit.telemetry.trace import Span

PLACE = "endpoint"
POLL_SECONDS = 0.05


@dataclass(eq=False)
class _Request:
    """A task in its thread; times are those of the monotonic clock.

    Attributes:
        lane: the number of its thread.
        free_since: when that thread became free.
        since: when the handler began, or None while the task waits for a slot.
    """

    task: Task
    lane: int
    free_since: float
    since: float | None = None
    started: str = ""
    lock: SharedLock | None = None
    exchange: Exchange | None = None


def run_on_server(
    server: Server, loader: Loader, settings: dict[str, Any], tasks: Iterator[Task], item_timeout: float
) -> Generator[Event]:
    """Yield one outcome per task, as they finish, and None every `POLL_SECONDS` without one.

    A task that takes over ``item_timeout`` seconds fails, and its connection is closed. The threads end with
    the process, so that a job that has to stop waits for no server.

    Raises:
        StageError: if this job's run is over, or every other request would fail too.
        KeyboardInterrupt, SystemExit: after SIGINT and SIGTERM.
    """
    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        run_is_over = stack.enter_context(watched())
        started = time.time()
        handler = loader(settings, PLACE)
        yield Span(PLACE, "load", started, time.time() - started)
        threads = _Threads(handler, server, item_timeout)
        stack.callback(threads.close)
        task = next(tasks, None)
        while task is not None or threads.are_busy:
            while task is not None and threads.start(task):
                task = next(tasks, None)
            yield threads.next_outcome(POLL_SECONDS)
            if threads.fault is not None and (task is not None or threads.are_busy):
                raise StageError(
                    f"{threads.fault}; no more is asked",
                    hint="what was finished is kept; mend the cause and run again",
                )
            if wait([run_is_over], timeout=0):
                raise over()
            stop.check()


class _Threads:
    """The threads of the tasks in flight, at most as many as the server may process at a time."""

    def __init__(self, handler: Handler, server: Server, item_timeout: float) -> None:
        self._handler, self._timeout = handler, item_timeout
        self._slots = _slots(server)
        self._free = {lane: clock.monotonic() for lane in range(server.at_once)}
        self._busy: set[_Request] = set()
        self._done: queue.SimpleQueue[tuple[_Request, Outcome]] = queue.SimpleQueue()
        self._closed = threading.Event()
        self.fault: str | None = None

    @property
    def are_busy(self) -> bool:
        """Whether any task has no outcome yet."""
        return bool(self._busy)

    def start(self, task: Task) -> bool:
        """Begin a task if a lane is free; return whether one was."""
        if not self._free:
            return False
        lane = min(self._free)
        request = _Request(task, lane, self._free.pop(lane))
        self._busy.add(request)
        threading.Thread(target=self._send, args=(request,), daemon=True).start()
        return True

    def next_outcome(self, seconds: float) -> Outcome | None:
        """Return the next outcome, of a finished or a timed-out task; None after the seconds."""
        try:
            request, outcome = self._done.get(timeout=seconds)
        except queue.Empty:
            return self._time_out()
        if request.exchange is not None and request.exchange.fault is not None:
            self.fault = request.exchange.fault
        # A task that has timed out may still finish, which no longer counts.
        return outcome if self._ends(request) else None

    def close(self) -> None:
        """Begin no more tasks, and close the connections of those in flight."""
        self._closed.set()
        for request in self._busy:
            if request.exchange is not None:
                request.exchange.close()

    def _ends(self, request: _Request) -> bool:
        if request not in self._busy:
            return False
        self._busy.remove(request)
        self._free[request.lane] = clock.monotonic()
        return True

    def _time_out(self) -> Outcome | None:
        for request in list(self._busy):
            if request.since is not None and clock.monotonic() - request.since > self._timeout:
                self._ends(request)
                if request.exchange is not None:
                    request.exchange.close()
                if request.lock is not None:
                    request.lock.release()
                return _outcome(
                    request,
                    result=None,
                    error=f"TimeoutError: took over {self._timeout:g} s (item_timeout)",
                    seconds=self._timeout,
                    started=request.started,
                )
        return None

    def _send(self, request: _Request) -> None:
        try:
            request.lock = self._take_slot(request.lane)
        except (OSError, DeviceError) as error:
            message = f"{type(error).__name__}: the folder of the locks cannot be used ({error})"
            self._done.put(
                (request, _outcome(request, result=None, error=message, seconds=0.0, started=now()))
            )
            return
        if request.lock is None:
            return
        request.exchange = Exchange(self._timeout)
        request.since, request.started = clock.monotonic(), now()
        with request.exchange.of_this_thread():
            fields = attempt(self._handler, request.task.payload)
        request.lock.release()
        self._done.put((request, _outcome(request, idle=request.since - request.free_since, **fields)))

    def _take_slot(self, lane: int) -> SharedLock | None:
        """Wait for one of the server's slots on this host; return its lock, or None once closed."""
        while not self._closed.is_set():
            with lock_folder() as folder:
                for name in self._slots[lane:] + self._slots[:lane]:
                    lock = folder.lock(name)
                    if lock is not None:
                        return lock
            self._closed.wait(POLL_SECONDS)
        return None


def _outcome(request: _Request, **fields: Any) -> Outcome:
    return Outcome(request.task.key, device=f"{PLACE}:{request.lane}", **fields)


def _slots(server: Server) -> list[str]:
    name = hashlib.sha256(server.address.encode()).hexdigest()[:16]
    return [f"server-{name}-{number}.lock" for number in range(server.at_once)]
