"""The common axis of a table's interval bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from snakedit.report.data.leaderboard import LeaderboardRow

TICK_STEPS = (1, 2, 2.5, 5, 10)
MOST_TICKS = 5


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, in the scores' unit."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Return a value's place on the axis, 0–100 %; values outside are moved to its ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)), 2)


def axis_of(rows: Sequence[LeaderboardRow]) -> Axis | None:
    """Return an axis that holds the rows' means, intervals and bounds; None without a mean."""
    ends = [
        value
        for row in rows
        if row.summary.mean is not None
        for value in (
            row.summary.mean,
            row.summary.ci_low,
            row.summary.ci_high,
            row.if_lowest,
            row.if_highest,
        )
        if value is not None
    ]
    if not ends:
        return None
    low, high = min(ends), max(ends)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    step = _step((high - low) / (MOST_TICKS - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(step * number, 10) for number in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def _step(least: float) -> float:
    """The smallest round number that is not below ``least``."""
    unit = 10.0 ** math.floor(math.log10(least))
    return next(unit * step for step in TICK_STEPS if unit * step >= least * (1 - 1e-9))
