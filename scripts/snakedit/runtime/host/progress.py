"""The progress of a job: one line a minute, and a last one."""

import logging
from collections import Counter
from collections.abc import Sequence

from snakedit.core.logs import LOGGER
from snakedit.runtime.host import clock

INTERVAL_SECONDS = 60.0
_RARE = {"refused": "refused", "unparsed": "unread"}


class Progress:
    """Counts the finished items of a job and logs a line at intervals."""

    def __init__(self, label: str, category: str, total: int) -> None:
        self._name, self._total = f"{label}/{category}", total
        self._done: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._logged_at = clock.monotonic()
        self._began_at: float | None = None
        self._level = logging.DEBUG

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *exc: object) -> None:
        # The last line of a short job, which has said nothing before, stands in its log file only.
        if self._done:
            self._log()

    def add(
        self, device: str, items: int, seconds: float, failed: bool, statuses: Sequence[str] = ()
    ) -> None:
        """Count items that a device has finished after this many seconds of work.

        Args:
            failed: whether all of them failed, where there are no statuses.
            statuses: what became of each, where it is known: of `SCORE_STATUSES`.
        """
        if self._began_at is None:
            # Waiting and loading happen once and must not distort the remaining time.
            self._began_at = clock.monotonic() - seconds
        self._done[device] += items
        self._statuses.update(statuses or ["failed" if failed else "ok"] * items)

    def tick(self) -> None:
        """Log a line if the interval is over."""
        if clock.monotonic() - self._logged_at >= INTERVAL_SECONDS:
            self._level = logging.INFO
            self._log()

    def line(self, seconds: float) -> str:
        """Return the line that is logged after this many seconds of work."""
        done = self._done.total()
        rate = done / seconds if seconds > 0 else 0.0
        left = f"{max(0, self._total - done) / rate:.0f} s left" if rate else "no estimate yet"
        share = " ".join(f"{device} {count}" for device, count in sorted(self._done.items()))
        devices = f" ({share})" if share else ""
        counts = self._statuses
        # Those that are rare are named where there are any.
        rare = [f"{counts[status]} {name}, " for status, name in _RARE.items() if counts[status]]
        return (
            f"{self._name}: {done}/{self._total} done, {''.join(rare)}{counts['failed']} failed, "
            f"{rate:.2f} images/s, {left}{devices}"
        )

    def _log(self) -> None:
        self._logged_at = clock.monotonic()
        seconds = self._logged_at - self._began_at if self._began_at is not None else 0.0
        LOGGER.log(self._level, "%s", self.line(seconds))
