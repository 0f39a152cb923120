"""The least difference that a comparison could have shown, and how many items a smaller one needs. Pure.

A paired comparison at level α finds a difference of (t(1 − α/2) + t(0.8)) standard errors with a power of
80 % (Bloom, Minimum Detectable Effects, Evaluation Review 19, 1995). The standard error is that of the
difference's interval: clustered by source image, and linearised (`intervals`).

Where two editors hardly ever differ, the standard error says too little, since a difference that is larger
would also vary more. Then at least as many source images must differ as make it significant: with C source
images and k the sum of the two quantiles, a difference in a share k² / (C + k²) of them.
"""

from math import ceil, sqrt

import numpy as np
from scipy.special import stdtrit

from snakedit.stats.intervals import FEWEST, degrees_of_freedom, expansion
from snakedit.stats.samples import CLOSE, Array, ScoreSample, totals_of

POWER = 0.8


def least_difference(
    differences: ScoreSample, parts: Array, level: float, widest: float | None = None
) -> float | None:
    """Return the least difference of two editors' totals that would be found with a power of `POWER`.

    Args:
        differences: of the items' scores; NaN where an editor has none.
        parts: shape (clusters,), what each source image adds to the difference of the totals.
        level: of the test, two-sided, 0–1.
        widest: the greatest difference that there can be, if it is known.

    Returns:
        A positive number in the scores' unit. None where nothing can be said of it, as for scores that never
        differ and wherever the difference has no interval, and where not even the whole scale would do.
    """
    totals = totals_of(differences.known())
    clusters = totals.clusters
    if clusters < FEWEST or np.any(totals.sizes < 2):
        return None
    apart = np.abs(parts)[np.abs(parts) > CLOSE]
    if not apart.size:
        return None
    freedom = degrees_of_freedom(totals)
    reach = float(stdtrit(freedom, 1 - level / 2) + stdtrit(freedom, POWER))
    error = expansion(clusters) * sqrt(float(np.sum(totals.influence() ** 2)))
    # The total's difference if all source images differed as much as those that do.
    step = float(clusters * apart.mean())
    least = max(reach * error, step * reach**2 / (clusters + reach**2))
    return None if widest is not None and least > widest + CLOSE else least


def items_needed(n: int, difference: float, least: float) -> int | None:
    """Return how many items like ``n`` seen ones would show a difference with a power of `POWER`.

    The standard error falls with the root of the number of source images, of which each has as many items.

    Args:
        difference: the one that was seen.
        least: the `least_difference` of ``n`` items.
    """
    return None if abs(difference) < CLOSE else ceil(n * (least / difference) ** 2)
