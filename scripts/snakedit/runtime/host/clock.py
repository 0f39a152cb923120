"""The clock that measures silence, grace periods, idle times and time limits. Tests replace it."""

import time


def monotonic() -> float:
    """Return seconds on a clock that never runs backwards."""
    return time.monotonic()
