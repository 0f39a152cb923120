"""Stopping a job on Ctrl-C or SIGTERM, at a point where nothing is half written."""

import signal
import threading
from types import FrameType
from typing import Any, NoReturn


class Stop:
    """A context in which SIGINT and SIGTERM set a flag, and `check` ends the job.

    Outside the main thread it does not change how signals are handled.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._before: dict[int, Any] = {}
        self._is_over = False

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._set)
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_over = True
        # A generator may be collected in another thread, which cannot restore handlers; see `_set`.
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._before.items():
                signal.signal(number, handler)
        # A signal after the last check must not be lost.
        if self._number is not None and exc[0] is None:
            self._end()

    def check(self) -> None:
        """End the job here if a signal has come.

        Raises:
            KeyboardInterrupt: after SIGINT.
            SystemExit: after SIGTERM, with 143, as shells report it.
        """
        if self._number is not None:
            self._end()

    def _end(self) -> NoReturn:
        if self._number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + signal.SIGTERM)

    def _set(self, number: int, frame: FrameType | None) -> None:
        if self._is_over:
            signal.signal(number, self._before[number])
            signal.raise_signal(number)
        self._number = number
