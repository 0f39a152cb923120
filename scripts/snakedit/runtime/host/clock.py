"""The clock of timeouts: silence, grace, idle times and time limits are measured by it, and tests set it."""

import time


def monotonic() -> float:
    """Return seconds on a clock that never goes back."""
    return time.monotonic()
