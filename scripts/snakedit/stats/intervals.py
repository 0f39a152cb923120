"""Confidence intervals of means, totals and ranks, clustered by source image. Pure; numpy and scipy.

Items that share a source image are not independent, so whole clusters are drawn, not items. Each interval
is made by the method that fits its number of clusters C:

- C < `FEWEST`: none. No resample lies outside the data, and the data enclose the middle of a symmetric
  distribution in 1 - 2^(1 - C) of cases only: 94 % for 5 clusters, and fewer below.
- C < `SMALL`: the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
  chapter 13), since BCa's acceleration cannot be estimated from so few.
- up to `LARGE`: BCa, bias-corrected and accelerated (Efron, Better Bootstrap Confidence Intervals, JASA 82,
  1987; chapter 14 of the same book), the acceleration from the jackknife over clusters.
- above: Student's interval with the linearised standard error of a ratio of cluster totals (Cochran,
  Sampling Techniques, 1977, section 6.4). The bootstrap agrees with it at that size.

All intervals are as wide as Student's t makes them, since the normal quantile is too small where the spread
is estimated from few clusters; the bootstraps use the levels of the expanded percentile interval (Hesterberg,
What Teachers Should Know About the Bootstrap, The American Statistician 69, 2015). Where categories weigh
alike, small ones matter: the degrees of freedom are Satterthwaite's (Biometrics Bulletin 2, 1946).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

LEVEL = 0.95
HIGH = (1 + LEVEL) / 2
RESAMPLES = 2000
FEWEST, SMALL, LARGE = 5, 20, 500
# Sums that are equal in exact arithmetic may differ in their last digits.
CLOSE = 1e-9

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class ScoreSample:
    """Scores of items, in one order.

    Attributes:
        values: shape (items,), in the scores' unit; NaN for a score that is missing.
        groups: shape (items,), the number of each item's category, from 0; all 0 for a mean over items.
        clusters: shape (items,), any numbers; equal for items that share a source image.
    """

    values: Array
    groups: Codes
    clusters: Codes

    def together(self) -> "ScoreSample":
        """Return the same scores as one group, for a micro total."""
        return ScoreSample(self.values, np.zeros_like(self.groups), self.clusters)


class Rank(NamedTuple):
    """A rank among editors, 1 for the best, and its 95 % interval."""

    rank: int
    low: int
    high: int


@dataclass(frozen=True)
class Totals:
    """Sums and counts of the scores there are, each of shape (groups, clusters)."""

    sums: Array
    counts: Array

    @property
    def point(self) -> float:
        """The mean of the groups' means."""
        return float(_mean_of_means(self.sums.sum(1), self.counts.sum(1)))


def interval(sample: ScoreSample, seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % interval of the mean of the groups' means (of one group: of its mean).

    Args:
        sample: groups without scores are skipped; a cluster may lie in several groups.
        seed: of the resamples; the same scores get the same interval.

    Returns:
        (low, high) in the scores' unit, or None for fewer than `FEWEST` clusters, or for fewer than two
        in a group.
    """
    known = ~np.isnan(sample.values)
    totals = _totals(sample.values[known], sample.groups[known], sample.clusters[known])
    clusters = totals.sums.shape[1]
    if clusters < FEWEST or np.any((totals.counts > 0).sum(1) < 2):
        return None
    reach = float(t.ppf(HIGH, _degrees_of_freedom(totals)))
    if clusters > LARGE:
        return _student(totals, reach)
    drawn = _draws(clusters, seed)
    resampled = _mean_of_means(totals.sums @ drawn.T, totals.counts @ drawn.T)
    reach *= _expansion(clusters)
    levels = norm.cdf([-reach, reach]) if clusters < SMALL else _bca_levels(resampled, totals, reach)
    ends = np.quantile(resampled, levels)
    return float(ends[0]), float(ends[1])


def rank_intervals(samples: Sequence[ScoreSample], seed: int = 0) -> list[Rank | None]:
    """Return each sample's rank by its total, 1 for the highest, and the 95 % interval of the rank.

    The clusters are drawn once for all samples, so that an easy source image, which helps every editor,
    cancels out. The interval is the percentile interval of the ranks in the resamples (Goldstein and
    Spiegelhalter, League Tables and Their Limitations, JRSS A 159, 1996). Equal totals share the better rank.

    Args:
        samples: one an editor, over the same items in the same order.

    Returns:
        None for a sample without scores. With scores in fewer than `FEWEST` clusters the interval holds all
        ranks.
    """
    totals = _aligned_totals(samples)
    points = np.array([total.point if total.counts.any() else np.nan for total in totals])
    ranked = ~np.isnan(points)
    ranks = _ranks(points[:, None])[:, 0]
    if not ranked.any():
        return [None] * len(samples)
    clusters = int(np.any([total.counts.any(0) for total in totals], axis=0).sum())
    if clusters < FEWEST:
        ends = np.tile([1, int(ranked.sum())], (len(samples), 1))
    else:
        resampled = _ranks(_replicates(totals, points, seed))
        reach = t.ppf(HIGH, clusters - 1) * _expansion(clusters)
        ends = np.quantile(resampled, norm.cdf([-reach, reach]), axis=1, method="inverted_cdf").T
    return [
        Rank(int(rank), min(int(low), int(rank)), max(int(high), int(rank))) if has_scores else None
        for rank, (low, high), has_scores in zip(ranks, ends, ranked, strict=True)
    ]


def cluster_codes(clusters: Codes) -> tuple[Codes, int]:
    """Return the clusters numbered from 0 without gaps, and how many there are."""
    names, codes = np.unique(clusters, return_inverse=True)
    return codes.astype(np.int64), names.size


def _totals(values: Array, groups: Codes, clusters: Codes) -> Totals:
    codes, count = cluster_codes(clusters)
    groups, rows = cluster_codes(groups)
    places = groups * count + codes
    shape, size = (rows, count), rows * count
    return Totals(
        np.bincount(places, weights=values, minlength=size).astype(np.float64).reshape(shape),
        np.bincount(places, minlength=size).astype(np.float64).reshape(shape),
    )


def _aligned_totals(samples: Sequence[ScoreSample]) -> list[Totals]:
    """Every sample's totals on the same groups and clusters."""
    aligned = []
    for sample in samples:
        known = ~np.isnan(sample.values)
        sums = _totals(np.where(known, sample.values, 0.0), sample.groups, sample.clusters)
        counts = _totals(known.astype(np.float64), sample.groups, sample.clusters)
        aligned.append(Totals(sums.sums, counts.sums))
    return aligned


@lru_cache(maxsize=2)
def _draws(clusters: int, seed: int) -> Array:
    """How often each resample holds each cluster, shape (resamples, clusters)."""
    drawn = np.random.default_rng(seed).integers(0, clusters, (RESAMPLES, clusters))
    places = (drawn + clusters * np.arange(RESAMPLES)[:, None]).ravel()
    counts = np.bincount(places, minlength=RESAMPLES * clusters)
    return counts.reshape(RESAMPLES, clusters).astype(np.float64)


def _mean_of_means(sums: Array, counts: Array) -> Array:
    """The mean over the first axis of sums / counts; groups without a drawn item are left out."""
    there = counts > 0
    means = np.where(there, sums / np.maximum(counts, 1), 0.0)
    groups = there.sum(0)
    result: Array = np.where(groups > 0, means.sum(0) / np.maximum(groups, 1), np.nan)
    return result


def _expansion(clusters: int) -> float:
    """How much larger a mean's standard error is than the spread of its resamples."""
    return float(np.sqrt(clusters / (clusters - 1)))


def _degrees_of_freedom(totals: Totals) -> float:
    """Degrees of freedom of the estimated variance of the mean of the groups' means; fewer than clusters."""
    sizes = (totals.counts > 0).sum(1)
    variances = np.sum(_deviations(totals) ** 2, axis=1) * sizes / (sizes - 1)
    most = totals.counts.shape[1] - 1
    spread = np.sum(variances**2 / (sizes - 1))
    return float(min(most, variances.sum() ** 2 / spread)) if spread > 0 else float(most)


def _bca_levels(resampled: Array, totals: Totals, reach: float) -> tuple[float, float]:
    """The quantiles of the resamples at which BCa's interval ends."""
    sums, counts, point = totals.sums, totals.counts, totals.point
    below = np.mean(resampled < point) + 0.5 * np.mean(resampled == point)
    if not 0 < below < 1:
        return float(norm.cdf(-reach)), float(norm.cdf(reach))
    bias = norm.ppf(below)
    left_out = _mean_of_means(sums.sum(1)[:, None] - sums, counts.sum(1)[:, None] - counts)
    deviations = left_out.mean() - left_out
    spread = np.sum(deviations**2)
    acceleration = np.sum(deviations**3) / (6 * spread**1.5) if spread > 0 else 0.0

    def adjusted(end: float) -> float:
        shifted = bias + end
        room = 1 - acceleration * shifted
        # The limit, where the correction would run past the last resample.
        return float(norm.cdf(bias + shifted / room)) if room > 0 else float(shifted > 0)

    return adjusted(-reach), adjusted(reach)


def _student(totals: Totals, reach: float) -> tuple[float, float]:
    error = _expansion(totals.sums.shape[1]) * np.sqrt(np.sum(_influence(totals) ** 2))
    half = reach * error
    return float(totals.point - half), float(totals.point + half)


def _influence(totals: Totals) -> Array:
    """How far each cluster moves the mean of the groups' means, shape (clusters,)."""
    there = totals.counts.sum(1) > 0
    sums, counts = totals.sums[there], totals.counts[there]
    result: Array = _deviations(Totals(sums, counts)).mean(0)
    return result


def _deviations(totals: Totals) -> Array:
    """How far each cluster moves each group's mean, shape (groups, clusters)."""
    sizes = totals.counts.sum(1, keepdims=True)
    means = totals.sums.sum(1, keepdims=True) / sizes
    result: Array = (totals.sums - means * totals.counts) / sizes
    return result


def _replicates(totals: Sequence[Totals], points: Array, seed: int) -> Array:
    """Totals of every sample in the same resamples, shape (samples, resamples)."""
    clusters = totals[0].sums.shape[1]
    if clusters <= LARGE:
        drawn = _draws(clusters, seed)
        return np.stack([_mean_of_means(t.sums @ drawn.T, t.counts @ drawn.T) for t in totals])
    moved = np.stack([_influence(t) if t.counts.any() else np.zeros(clusters) for t in totals])
    spread = clusters / (clusters - 1) * moved @ moved.T
    normal = np.random.default_rng(seed).multivariate_normal(
        np.zeros(len(totals)), spread, RESAMPLES, method="eigh"
    )
    result: Array = points[:, None] + normal.T
    return result


def _ranks(values: Array) -> NDArray[np.int64]:
    """Ranks along the first axis; NaN comes last."""
    low = np.where(np.isnan(values), -np.inf, values)
    result: NDArray[np.int64] = 1 + np.sum(low[None, :, :] > low[:, None, :] + CLOSE, axis=1)
    return result
