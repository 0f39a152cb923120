"""Packed numbers: a browser sorts 100,000 items by them without reading an item's record."""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snakedit.stats.samples import Array

# 16 bits less the 0 that stands for a missing number.
MAX_STEPS = 65_534
MAX_DECIMALS = 4


def packed(columns: Iterable[Array]) -> dict[str, Any]:
    """Return columns of one unit as base64 of 16-bit numbers, low byte first. NaN is a missing number.

    A number k stands for ``low + (k - 1) / 10 ** decimals``, and 0 for a missing one. As many decimals are
    kept as fit, at most `MAX_DECIMALS`.
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    known = np.concatenate([*(a[~np.isnan(a)] for a in arrays), np.empty(0)])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    decimals = next(
        (d for d in range(MAX_DECIMALS, -9, -1) if (high - low) * 10.0**d + 1 < MAX_STEPS), -MAX_DECIMALS
    )
    low = float(np.floor(low * 10.0**decimals) / 10.0**decimals)
    return {
        "low": low,
        "decimals": decimals,
        "columns": [_base64(_steps(array, low, decimals)) for array in arrays],
    }


def _steps(array: Array, low: float, decimals: int) -> NDArray[np.uint16]:
    steps = np.rint((array - low) * 10.0**decimals) + 1
    return np.where(np.isnan(steps), 0, steps).astype("<u2")


def _base64(array: NDArray[np.uint16]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
