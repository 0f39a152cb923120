"""Numbers packed for a script: a browser sorts 100,000 items by them without reading an item's record."""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snakedit.stats.intervals import Array

# 0 stands for a missing number, so this many steps are left.
STEPS = 65_534
MOST_DECIMALS = 4


def packed(columns: Iterable[Array]) -> dict[str, Any]:
    """Return columns of one unit, NaN where missing, as base64 of 16-bit numbers, low byte first.

    A number k stands for ``low + (k - 1) / 10 ** decimals``, and 0 for a missing one. As many decimals are
    kept as fit, at most `MOST_DECIMALS`.
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    there = np.concatenate([*(a[~np.isnan(a)] for a in arrays), np.empty(0)])
    low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 0.0)
    decimals = next(
        (d for d in range(MOST_DECIMALS, -9, -1) if (high - low) * 10.0**d + 1 < STEPS), -MOST_DECIMALS
    )
    low = float(np.floor(low * 10.0**decimals) / 10.0**decimals)
    return {
        "low": low,
        "decimals": decimals,
        "columns": [_text(_steps(array, low, decimals)) for array in arrays],
    }


def _steps(array: Array, low: float, decimals: int) -> NDArray[np.uint16]:
    steps = np.rint((array - low) * 10.0**decimals) + 1
    return np.where(np.isnan(steps), 0, steps).astype("<u2")


def _text(array: NDArray[np.uint16]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
