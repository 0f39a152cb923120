"""Confidence intervals of means and totals, clustered by what items have in common. Pure; numpy and scipy.

Items that share a source image are not independent, so whole clusters are drawn, not items. Each interval
is made by the method that fits its number of clusters C:

- C < 2: none.
- C < `SMALL`: the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
  chapter 13), as BCa's acceleration is not to be had from so few.
- up to `LARGE`: BCa, bias-corrected and accelerated (Efron, Better Bootstrap Confidence Intervals, JASA 82,
  1987; chapter 14 of the same book), the acceleration from the jackknife over clusters.
- above: the normal interval with the linearised standard error of a ratio of cluster totals (Cochran,
  Sampling Techniques, 1977, section 6.4), with which the bootstrap agrees at that size.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

LEVEL = 0.95
RESAMPLES = 2000
SMALL, LARGE = 20, 2000

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """One score and the cluster it belongs to, such as its item's source image."""

    value: float
    cluster: Hashable


def interval(groups: Sequence[Sequence[Scored]], seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % interval of the mean of the groups' means (of one group: of its mean).

    Args:
        groups: the scores of each category for a macro total; one group with all scores for a micro
            total or a category. Groups without scores are passed over. One cluster may lie in several.
        seed: of the resamples; the same scores have the same interval.

    Returns:
        (low, high) in the scores' unit, or None for fewer than two clusters.
    """
    sums, counts = _cluster_totals([group for group in groups if group])
    clusters = sums.shape[1]
    if clusters < 2:
        return None
    point = _mean_of_means(sums.sum(1), counts.sum(1))
    if clusters > LARGE:
        return _normal(sums, counts, point)
    drawn = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES)
    resampled = _mean_of_means(sums @ drawn.T, counts @ drawn.T)
    low, high = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    if clusters >= SMALL:
        low, high = _bca_levels(resampled, point, sums, counts, (low, high))
    ends = np.quantile(resampled, [low, high])
    return float(ends[0]), float(ends[1])


def _cluster_totals(groups: Sequence[Sequence[Scored]]) -> tuple[Array, Array]:
    """Sums and counts of the scores, each of shape (groups, clusters)."""
    places: dict[Hashable, int] = {}
    for group in groups:
        for scored in group:
            places.setdefault(scored.cluster, len(places))
    sums, counts = np.zeros((len(groups), len(places))), np.zeros((len(groups), len(places)))
    for row, group in enumerate(groups):
        for scored in group:
            sums[row, places[scored.cluster]] += scored.value
            counts[row, places[scored.cluster]] += 1
    return sums, counts


def _mean_of_means(sums: Array, counts: Array) -> Array:
    """The mean over the first axis of sums / counts; a group that drew nothing is in no mean."""
    with np.errstate(invalid="ignore"):
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    result: Array = np.nanmean(means, axis=0)
    return result


def _bca_levels(
    resampled: Array, point: Array, sums: Array, counts: Array, levels: tuple[float, float]
) -> tuple[float, float]:
    """The quantiles of the resamples at which BCa's interval ends."""
    below = np.mean(resampled < point) + 0.5 * np.mean(resampled == point)
    if not 0 < below < 1:
        return levels
    bias = norm.ppf(below)
    left_out = _mean_of_means(sums.sum(1)[:, None] - sums, counts.sum(1)[:, None] - counts)
    deviations = left_out.mean() - left_out
    spread = np.sum(deviations**2)
    acceleration = np.sum(deviations**3) / (6 * spread**1.5) if spread > 0 else 0.0

    def adjusted(level: float) -> float:
        shifted = bias + norm.ppf(level)
        return float(norm.cdf(bias + shifted / (1 - acceleration * shifted)))

    return adjusted(levels[0]), adjusted(levels[1])


def _normal(sums: Array, counts: Array, point: Array) -> tuple[float, float]:
    clusters = sums.shape[1]
    totals = counts.sum(1)
    means = sums.sum(1) / totals
    influence = ((sums - means[:, None] * counts) / totals[:, None]).mean(0)
    error = np.sqrt(clusters / (clusters - 1) * np.sum(influence**2))
    half = norm.ppf((1 + LEVEL) / 2) * error
    return float(point - half), float(point + half)
