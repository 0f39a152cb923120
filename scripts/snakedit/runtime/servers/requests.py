"""Work that a server does: many items at a time, each asked for by a thread of this process.

How many there are at a time is bounded for all processes of this host together, by as many file locks as
may be in flight, which the system frees when a process dies.
"""

import contextlib
import hashlib
import queue
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from snakedit.runtime.host import clock
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.host.signals import Stop
from snakedit.runtime.pool.attempt import Handler, Loader, attempt, now
from snakedit.runtime.pool.tasks import Event, Outcome, Task
from snakedit.runtime.resident.owner import over, watched
from snakedit.runtime.servers.address import Server
from snakedit.telemetry.trace import Span

PLACE = "endpoint"
POLL_SECONDS = 0.05


@dataclass(eq=False)
class _Asking:
    """A task in a thread. `since` is None while it waits for a slot; times are of the monotonic clock."""

    task: Task
    lane: int
    free_since: float
    since: float | None = None
    started: str = ""
    lock: FileLock | None = None


def run_remotely(
    server: Server, loader: Loader, settings: dict[str, Any], tasks: Iterator[Task], item_timeout: float
) -> Generator[Event]:
    """Yield one outcome a task, as they finish, and None now and then.

    A task that takes over ``item_timeout`` seconds has failed, whatever its thread still does. The threads
    end with the process, so that nothing waits for a server when a job is told to stop.

    Raises:
        StageError: if the run that this job belongs to is over.
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
            if wait([run_is_over], timeout=0):
                raise over()
            stop.check()


class _Threads:
    """As many threads as there may be items in flight, each for one of them."""

    def __init__(self, handler: Handler, server: Server, item_timeout: float) -> None:
        self._handler, self._timeout = handler, item_timeout
        self._slots = _slots(server)
        self._free = {lane: clock.monotonic() for lane in range(server.at_once)}
        self._busy: set[_Asking] = set()
        self._done: queue.SimpleQueue[tuple[_Asking, Outcome]] = queue.SimpleQueue()
        self._closed = threading.Event()

    @property
    def are_busy(self) -> bool:
        """Whether any task has no outcome yet."""
        return bool(self._busy)

    def start(self, task: Task) -> bool:
        """Begin a task if a thread is free; say whether one was."""
        if not self._free:
            return False
        lane = min(self._free)
        asking = _Asking(task, lane, self._free.pop(lane))
        self._busy.add(asking)
        threading.Thread(target=self._ask, args=(asking,), daemon=True).start()
        return True

    def next_outcome(self, seconds: float) -> Outcome | None:
        """Return the outcome of a task that has ended, or that takes too long; None after the seconds."""
        try:
            asking, outcome = self._done.get(timeout=seconds)
        except queue.Empty:
            return self._give_up_the_hung()
        # One that was given up may come to an end after all.
        return outcome if self._ends(asking) else None

    def close(self) -> None:
        """Begin nothing more; what is in flight ends with the process."""
        self._closed.set()

    def _ends(self, asking: _Asking) -> bool:
        if asking not in self._busy:
            return False
        self._busy.remove(asking)
        self._free[asking.lane] = clock.monotonic()
        return True

    def _give_up_the_hung(self) -> Outcome | None:
        for asking in list(self._busy):
            if asking.since is not None and clock.monotonic() - asking.since > self._timeout:
                self._ends(asking)
                if asking.lock is not None:
                    asking.lock.release(force=True)
                return _outcome(
                    asking,
                    result=None,
                    error=f"TimeoutError: took over {self._timeout:g} s (item_timeout)",
                    seconds=self._timeout,
                    started=asking.started,
                )
        return None

    def _ask(self, asking: _Asking) -> None:
        try:
            asking.lock = self._take_slot(asking.lane)
        except OSError as error:
            told = f"OSError: the folder of the locks cannot be used ({error})"
            self._done.put((asking, _outcome(asking, result=None, error=told, seconds=0.0, started=now())))
            return
        if asking.lock is None:
            return
        asking.since, asking.started = clock.monotonic(), now()
        tried = attempt(self._handler, asking.task.payload)
        asking.lock.release(force=True)
        self._done.put((asking, _outcome(asking, idle=asking.since - asking.free_since, **tried)))

    def _take_slot(self, lane: int) -> FileLock | None:
        """Wait for a place among all the items of this host that are with the server; None once closed."""
        while not self._closed.is_set():
            for path in self._slots[lane:] + self._slots[:lane]:
                # A lock object of its own: one that is shared would let its second user in.
                lock = FileLock(path, mode=0o666, thread_local=False)
                with contextlib.suppress(Timeout):
                    lock.acquire(timeout=0)
                    return lock
            self._closed.wait(POLL_SECONDS)
        return None


def _outcome(asking: _Asking, **fields: Any) -> Outcome:
    return Outcome(asking.task.key, device=f"{PLACE}:{asking.lane}", **fields)


def _slots(server: Server) -> list[Path]:
    name = hashlib.sha256(server.address.encode()).hexdigest()[:16]
    return [lock_folder() / f"server-{name}-{number}.lock" for number in range(server.at_once)]
