"""How far a job is: one line a second on a terminal, one a minute in a log."""

import sys
from collections import Counter

from snakedit.core.logs import LOGGER
from snakedit.runtime.host import clock

TERMINAL_SECONDS, LOG_SECONDS = 1.0, 60.0


class Progress:
    """Counts what a job has done and says so now and then; see the module for how often."""

    def __init__(self, label: str, category: str, total: int) -> None:
        self._name, self._total = f"{label}/{category}", total
        self._done: Counter[str] = Counter()
        self._failed = 0
        self._told = clock.monotonic()
        self._begin: float | None = None
        self._every = TERMINAL_SECONDS if sys.stderr.isatty() else LOG_SECONDS

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._done:
            self._tell()

    def add(self, device: str, items: int, seconds: float, failed: bool) -> None:
        """Count items that a device has finished, after this many seconds of work on them."""
        if self._begin is None:
            # Waiting and loading happen once and say nothing about the time that is left.
            self._begin = clock.monotonic() - seconds
        self._done[device] += items
        self._failed += items if failed else 0

    def tick(self) -> None:
        """Say how far the job is, if it is time to."""
        if clock.monotonic() - self._told >= self._every:
            self._tell()

    def line(self, seconds: float) -> str:
        """Return the line after this many seconds of work."""
        done = self._done.total()
        rate = done / seconds if seconds > 0 else 0.0
        left = f"{max(0, self._total - done) / rate:.0f} s left" if rate else "no estimate yet"
        share = " ".join(f"{device} {count}" for device, count in sorted(self._done.items()))
        devices = f" ({share})" if share else ""
        return (
            f"{self._name}: {done}/{self._total} done, {self._failed} failed, {rate:.2f} images/s, "
            f"{left}{devices}"
        )

    def _tell(self) -> None:
        self._told = clock.monotonic()
        LOGGER.info("%s", self.line(self._told - self._begin if self._begin is not None else 0.0))
