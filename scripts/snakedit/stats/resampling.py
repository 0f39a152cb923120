"""Resamples of clusters for the bootstrap: as many as make the printed digits stand still. Pure.

Resamples come in rounds. A caller takes further rounds until its result does not depend on the seed any more,
as far as it is printed, or until `MOST_ROUNDS`. Every round of one seed and number of clusters is the same,
whoever asks for it.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from snakedit.stats.samples import Array, Totals, mean_of_means

MOST_ROUNDS = 40
# Numbers drawn for a round, resamples times clusters, and its resamples at most.
DRAWN, MOST_RESAMPLES = 200_000, 8_000
# The standard error that resampling may leave in a number that is printed with two decimals.
STILL = 0.0025


def rounds(clusters: int, seed: int, most: int = MOST_ROUNDS) -> Iterator[Array]:
    """Yield how often each resample holds each cluster, shape (resamples, clusters), up to ``most`` times."""
    for number in range(most):
        yield _draws(clusters, seed, number).astype(np.float64)


def resampled_totals(totals: Totals, drawn: Array) -> Array:
    """Return the mean of the groups' means in each resample, shape (resamples,)."""
    counts = totals.counts
    if counts.shape[0] == 1 and np.all(counts == counts[0, 0]):
        # Every resample holds as many items.
        mean: Array = (totals.sums[0] / counts.sum()) @ drawn.T
        return mean
    # Row by row: BLAS would share one product of these flat matrices among threads that mostly wait.
    sums = np.stack([drawn @ row for row in totals.sums])
    return mean_of_means(sums, np.stack([drawn @ row for row in counts]))


def normal_rounds(deviations: Sequence[Array], seed: int, most: int) -> Iterator[Array]:
    """Yield what many clusters add to several totals, shape (totals, resamples), up to ``most`` times.

    Args:
        deviations: of each total, shape (clusters,): how far each cluster moves it. Over many clusters the
            sum of those drawn is normal.
    """
    moved = np.stack(deviations)
    spread = moved.shape[1] / (moved.shape[1] - 1) * moved @ moved.T
    drawn = np.random.default_rng(seed)
    for _ in range(most):
        yield drawn.multivariate_normal(np.zeros(len(moved)), spread, _size(len(moved)), method="eigh").T


def steady_quantiles(totals: Totals, levels: Array, seed: int, most_rounds: int = MOST_ROUNDS) -> Array:
    """Return quantiles of the mean of the groups' means over resamples of its clusters.

    Resamples are added until the standard error of every quantile, which follows from its neighbours
    (Woodruff, JASA 47, 1952), is below `STILL`.

    Args:
        levels: of the quantiles, each 0–1.
    """
    resampled: list[Array] = []
    needed = 1
    for drawn in rounds(totals.sums.shape[1], seed, most_rounds):
        resampled.append(resampled_totals(totals, drawn))
        if len(resampled) >= needed:
            ends = _with_neighbours(np.concatenate(resampled), levels)
            error = float(np.max(ends[2] - ends[0])) / 2
            if error < STILL:
                break
            # The error falls with the root of the number. To look at every round would take too long.
            needed = min(most_rounds, ceil(len(resampled) * (error / STILL) ** 2))
    result: Array = ends[1]
    return result


def _with_neighbours(values: Array, levels: Array) -> Array:
    """The quantiles one standard error below each level, at it, and one above, shape (3, levels)."""
    reach = np.sqrt(levels * (1 - levels) / values.size)
    near = np.clip(np.stack([levels - reach, levels, levels + reach]), 0.0, 1.0)
    result: Array = np.quantile(values, near)
    return result


def _size(numbers: int) -> int:
    return min(MOST_RESAMPLES, max(1, DRAWN // numbers))


@lru_cache(maxsize=4 * MOST_ROUNDS)
def _draws(clusters: int, seed: int, number: int) -> NDArray[np.uint8]:
    """One round; a resample holds a cluster a few times, far below 256."""
    size = _size(clusters)
    drawn = np.random.default_rng([seed, number]).integers(0, clusters, (size, clusters))
    places = (drawn + clusters * np.arange(size)[:, None]).ravel()
    counts = np.bincount(places, minlength=size * clusters)
    return counts.reshape(size, clusters).astype(np.uint8)
