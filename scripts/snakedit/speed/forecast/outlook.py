"""How far a run is, and when it will end, told again as it goes."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta

from snakedit.core.durations import rough_duration
from snakedit.runtime.host import clock
from snakedit.speed.forecast.announce import forecast_of
from snakedit.speed.forecast.made_before import MadeBefore
from snakedit.workflow.plan import Plan

# Between two lines, unless they take long to make.
INTERVAL_SECONDS = 60.0
# The part of the run's time that making the lines may take.
MAX_SHARE = 0.02


class Outlook:
    """Tells every minute how many of a run's jobs are done, and by what they cost when the others will be.

    Args:
        jobs_left: returns rule and wildcards of each job that has not finished.
        cores: that the run may use.
    """

    def __init__(
        self,
        plan: Plan,
        jobs_left: Callable[[], list[tuple[str, dict[str, str]]]],
        cores: int | None,
    ) -> None:
        self._plan, self._left, self._cores = plan, jobs_left, cores
        self._total = len(self._left())
        self._made = MadeBefore(plan)
        self._next = clock.monotonic() + INTERVAL_SECONDS

    def tell(self) -> None:
        """Print the line if a minute is over; called whenever a job has finished."""
        began = clock.monotonic()
        if began < self._next:
            return
        left = self._left()
        line = f"{self._total - len(left)} of {self._total} jobs are done"
        forecast, serial = forecast_of(self._plan, left, self._cores, True, self._made)
        if forecast.prediction is not None:
            seconds = forecast.prediction.wall + serial
            end = datetime.now() + timedelta(seconds=seconds)
            line += f"; the others take about {rough_duration(seconds)}, until {end:%H:%M}"
        if left:
            print(f"snakedit: {line}", file=sys.stderr)
        took = clock.monotonic() - began
        self._next = began + max(INTERVAL_SECONDS, took / MAX_SHARE)
