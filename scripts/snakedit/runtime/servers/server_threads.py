"""The threads that ask a server.

All processes of this host together keep to the server's limit. Each request holds one of as many file
locks as requests are allowed; the kernel frees the lock when its process dies.
"""

import hashlib
import os
import queue
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from snakedit.core.errors import DeviceError
from snakedit.runtime.host import clock
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.host.shared_folder import SharedLock
from snakedit.runtime.pool.attempt import Loader, attempt, now
from snakedit.runtime.pool.tasks import Outcome, Task
from snakedit.runtime.pool.workers import Take
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.exchange import Exchange
from snakedit.telemetry.trace import Member, Span

PLACE = "endpoint"
POLL_SECONDS = 0.05
# Between two looks for a free slot.
WAIT_SECONDS = 0.005


@dataclass(eq=False)
class _Request:
    """A task in its thread; times are those of the monotonic clock.

    Attributes:
        lane: the number of its thread.
        free_since: when that thread became free.
        since: when the handler began, or None while the task waits for a slot.
    """

    job: Any
    task: Task
    lane: int
    free_since: float
    since: float | None = None
    started: str = ""
    lock: SharedLock | None = None
    exchange: Exchange | None = None


class ServerThreads:
    """The threads of the tasks in flight, at most as many as the server may process at a time.

    It is used like `Workers`: `wait` on `connections`, then `step`.

    Attributes:
        fault: why every other request would fail, once that is known.
    """

    def __init__(self, server: Server, loader: Loader, settings: dict[str, Any], item_timeout: float) -> None:
        """Load the client.

        Args:
            item_timeout: seconds after which a task fails.

        Raises:
            ConfigError: if its key is missing.
        """
        started = time.time()
        self._handler, self._timeout = loader(settings, PLACE), item_timeout
        self._spans = [Span(PLACE, "load", started, time.time() - started)]
        name = hashlib.sha256(f"{server.address} {server.model}".encode()).hexdigest()[:16]
        self._slots = [f"server-{name}-{number}.lock" for number in range(server.at_once)]
        self._queue = f"server-{name}-queue"
        # As many again for those that take the place of requests that wait to ask again: no more, so that a
        # server that is down does not get all items of a job at a time.
        self._at_once = server.at_once
        self._free = {lane: clock.monotonic() for lane in range(2 * server.at_once)}
        self._busy: set[_Request] = set()
        self._resting: set[_Request] = set()
        self._done: queue.SimpleQueue[tuple[_Request, Outcome] | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self.fault = ""
        # A byte for each outcome that is there, so that `wait` sees it.
        self._bell, self._rope = os.pipe()

    @property
    def connections(self) -> list[int]:
        """What to wait on."""
        return [self._bell]

    @property
    def is_alive(self) -> bool:
        """Whether other requests may succeed."""
        return not self.fault

    @property
    def is_idle(self) -> bool:
        """Whether no task is under way."""
        return not self._busy

    def step(self, ready: Collection[Any], take: Take) -> list[tuple[Any, Outcome]]:
        """Feed free threads; return (job, outcome) pairs of finished and of timed-out tasks.

        Args:
            ready: not used.
            take: returns the next (job, task), or None.
        """
        outcomes = []
        while True:
            try:
                message = self._done.get_nowait()
            except queue.Empty:
                break
            os.read(self._bell, 1)
            if message is None:
                continue
            request, outcome = message
            if request.exchange is not None and request.exchange.fault is not None:
                self.fault = (
                    f"{request.exchange.fault}; no more is asked; what was finished is kept; mend the cause"
                    " and run again"
                )
            # A task that has timed out may still finish, which no longer counts.
            if self._ends(request):
                outcomes.append((request.job, outcome))
        outcomes += self._time_out()
        while self.is_alive and self._has_room() and (taken := take()) is not None:
            self._start(*taken)
        return outcomes

    def forget(self, job: Any) -> None:
        """Nothing waits here: a job's tasks are in flight, or not yet taken."""

    def working_on(self) -> list[Task]:
        """The tasks in flight."""
        return [request.task for request in self._busy]

    def members(self) -> list[Member]:
        """No process beside this one."""
        return []

    def take_spans(self) -> list[Span]:
        """Return the activities apart from finished tasks, since the last call."""
        spans, self._spans = self._spans, []
        return spans

    def close(self) -> None:
        """Begin no more tasks, and close the connections of those in flight."""
        self._closed.set()
        for request in self._busy:
            if request.exchange is not None:
                request.exchange.close()

    def _has_room(self) -> bool:
        return bool(self._free) and len(self._busy - self._resting) < self._at_once

    def _start(self, job: Any, task: Task) -> None:
        lane = min(self._free)
        free_since = self._free.pop(lane)
        # A thread that stands in for another is not idle before.
        request = _Request(job, task, lane, free_since if lane < self._at_once else clock.monotonic())
        self._busy.add(request)
        threading.Thread(target=self._send, args=(request,), daemon=True).start()

    def _ends(self, request: _Request) -> bool:
        if request not in self._busy:
            return False
        self._busy.remove(request)
        self._free[request.lane] = clock.monotonic()
        return True

    @contextmanager
    def _lend(self, request: _Request) -> Iterator[None]:
        """Let another task use this one's slot, and a thread more, while this one waits to ask again."""
        lock, request.lock = request.lock, None
        if lock is not None:
            lock.release()
        self._resting.add(request)
        # There may be room for a task.
        self._tell(None)
        try:
            yield
        finally:
            self._resting.discard(request)
            if request.exchange is not None and not request.exchange.is_over:
                request.lock = self._take_slot(request.lane)

    def _time_out(self) -> list[tuple[Any, Outcome]]:
        outcomes = []
        for request in list(self._busy):
            if request.since is not None and clock.monotonic() - request.since > self._timeout:
                self._ends(request)
                if request.exchange is not None:
                    request.exchange.close()
                # Its thread may set it to None at any moment.
                lock = request.lock
                if lock is not None:
                    lock.release()
                outcome = _outcome(
                    request,
                    result=None,
                    error=f"TimeoutError: took over {self._timeout:g} s (item_timeout)",
                    seconds=self._timeout,
                    started=request.started,
                )
                outcomes.append((request.job, outcome))
        return outcomes

    def _send(self, request: _Request) -> None:
        try:
            request.lock = self._take_slot(request.lane)
        except (OSError, DeviceError) as error:
            message = f"{type(error).__name__}: the folder of the locks cannot be used ({error})"
            self._finish(request, _outcome(request, result=None, error=message, seconds=0.0, started=now()))
            return
        if request.lock is None:
            return
        request.exchange = Exchange(self._timeout)
        request.exchange.lend_slot = partial(self._lend, request)
        request.since, request.started = clock.monotonic(), now()
        with request.exchange.of_this_thread():
            fields = attempt(self._handler, request.task.payload)
        if request.lock is not None:
            request.lock.release()
        self._finish(request, _outcome(request, idle=request.since - request.free_since, **fields))

    def _finish(self, request: _Request, outcome: Outcome) -> None:
        self._tell((request, outcome))

    def _tell(self, message: tuple[_Request, Outcome] | None) -> None:
        """Leave an outcome for `step`, or only wake it, from any thread."""
        self._done.put(message)
        os.write(self._rope, b".")

    def _take_slot(self, lane: int) -> SharedLock | None:
        """Wait for one of the server's slots on this host; return its lock, or None once closed."""
        # Processes that share a server take its slots in the order in which they came.
        with lock_folder() as folder, folder.queue(self._queue) as place:
            while not self._closed.is_set():
                for name in self._slots[lane:] + self._slots[:lane] if place.is_first() else ():
                    lock = folder.lock(name)
                    if lock is not None:
                        return lock
                self._closed.wait(WAIT_SECONDS)
        return None


def _outcome(request: _Request, **fields: Any) -> Outcome:
    return Outcome(request.task.key, device=f"{PLACE}:{request.lane}", **fields)
