"""The progress of a job: one line per second on a terminal, one per minute in a log."""

import sys
from collections import Counter

from snakedit.core.logs import LOGGER
from snakedit.runtime.host import clock

TERMINAL_SECONDS, LOG_SECONDS = 1.0, 60.0


class Progress:
    """Counts the finished items of a job and logs a line at intervals."""

    def __init__(self, label: str, category: str, total: int) -> None:
        self._name, self._total = f"{label}/{category}", total
        self._done: Counter[str] = Counter()
        self._failed = 0
        self._logged_at = clock.monotonic()
        self._began_at: float | None = None
        self._interval = TERMINAL_SECONDS if sys.stderr.isatty() else LOG_SECONDS

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._done:
            self._log()

    def add(self, device: str, items: int, seconds: float, failed: bool) -> None:
        """Count items that a device has finished after this many seconds of work."""
        if self._began_at is None:
            # Waiting and loading happen once and must not distort the remaining time.
            self._began_at = clock.monotonic() - seconds
        self._done[device] += items
        self._failed += items if failed else 0

    def tick(self) -> None:
        """Log a line if the interval is over."""
        if clock.monotonic() - self._logged_at >= self._interval:
            self._log()

    def line(self, seconds: float) -> str:
        """Return the line that is logged after this many seconds of work."""
        done = self._done.total()
        rate = done / seconds if seconds > 0 else 0.0
        left = f"{max(0, self._total - done) / rate:.0f} s left" if rate else "no estimate yet"
        share = " ".join(f"{device} {count}" for device, count in sorted(self._done.items()))
        devices = f" ({share})" if share else ""
        return (
            f"{self._name}: {done}/{self._total} done, {self._failed} failed, {rate:.2f} images/s, "
            f"{left}{devices}"
        )

    def _log(self) -> None:
        self._logged_at = clock.monotonic()
        LOGGER.info("%s", self.line(self._logged_at - self._began_at if self._began_at is not None else 0.0))
