"""What the watchdog of a task and the client beneath its thread know of each other.

A thread that waits for a server cannot be ended from outside, but its connection can be closed.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from snakedit.runtime.host import clock

_threads = threading.local()


class Exchange:
    """A task's requests to its server, which end with the task's time.

    Attributes:
        fault: why every other request to this server would fail too, once that is known.
        lend_slot: a context in which another task may use this one's slot at the server.
    """

    def __init__(self, seconds: float | None = None) -> None:
        """Begin to count the time that the task may take; None is without an end."""
        self._until = None if seconds is None else clock.monotonic() + seconds
        self._closed = threading.Event()
        self._connection: Any = None
        self.fault: str | None = None
        self.lend_slot: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end, 0 once it is closed, or None without an end."""
        if self._closed.is_set():
            return 0.0
        return None if self._until is None else max(0.0, self._until - clock.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be asked or read."""
        return self.seconds_left == 0.0

    def reads_from(self, connection: Any) -> None:
        """Remember a connection (httpx's ``network_stream``), so that `close` ends it; None forgets it."""
        self._connection = connection
        if connection is not None and self._closed.is_set():
            self.close()

    def close(self) -> None:
        """End the exchange, from any thread: what its thread reads ends at once."""
        self._closed.set()
        connection = self._connection
        plain = connection.get_extra_info("socket") if connection is not None else None
        if isinstance(plain, socket.socket):
            # Not a TLS socket's own method, which is not made for another thread.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(plain, socket.SHUT_RDWR)

    @contextlib.contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """Let `current_exchange` return this one in this thread."""
        _threads.exchange = self
        try:
            yield
        finally:
            _threads.exchange = None


def current_exchange() -> Exchange:
    """Return the exchange of this thread's task, or one without an end outside of a task."""
    return getattr(_threads, "exchange", None) or Exchange()
