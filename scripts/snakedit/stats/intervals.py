"""Confidence intervals of means and totals, clustered by source image. Pure; numpy and scipy.

Items that share a source image are not independent, so whole clusters are drawn, not items. Each interval
is made by the method that fits its number of clusters C:

- C < `FEWEST`: none. No resample lies outside the data, and the data enclose the middle of a symmetric
  distribution in 1 - 2^(1 - C) of cases only: 94 % for 5 clusters, and fewer below.
- C < `SMALL`: the percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
  chapter 13), since BCa's acceleration cannot be estimated from so few.
- up to `LARGE`: BCa, bias-corrected and accelerated (Efron, Better Bootstrap Confidence Intervals, JASA 82,
  1987; chapter 14 of the same book), the acceleration from the jackknife over clusters, and the bias equal
  to it, as it is for a mean (DiCiccio and Efron, Bootstrap Confidence Intervals, Statistical Science 11,
  1996, section 4), since counting resamples below the mean would make the ends depend on the seed.
- above: Student's interval with the linearised standard error of a ratio of cluster totals (Cochran,
  Sampling Techniques, 1977, section 6.4). The bootstrap agrees with it at that size.

All intervals are as wide as Student's t makes them, since the normal quantile is too small where the spread
is estimated from few clusters; the bootstraps use the levels of the expanded percentile interval (Hesterberg,
What Teachers Should Know About the Bootstrap, The American Statistician 69, 2015). Where categories weigh
alike, small ones matter: the degrees of freedom are Satterthwaite's (Biometrics Bulletin 2, 1946).

Scores of one or two values have Wilson's interval (`proportions`). Equal scores within the scale are as a
share of 0 %: of others, which could lie at either end of the scale.
"""

import numpy as np
from scipy.special import ndtr, stdtrit

from snakedit.stats.proportions import HIGH, common_sources, effective_number, share_interval, wilson
from snakedit.stats.resampling import MOST_ROUNDS, steady_quantiles
from snakedit.stats.samples import CLOSE, Array, ScoreSample, Totals, mean_of_means, totals_of

FEWEST, SMALL, LARGE = 5, 20, 500

Ends = tuple[float, float]


def interval(
    sample: ScoreSample, scale: Ends | None = None, seed: int = 0, most_rounds: int = MOST_ROUNDS
) -> Ends | None:
    """Return the 95 % interval of the mean of the groups' means (of one group: of its mean).

    Args:
        sample: groups without scores are skipped; a cluster may lie in several groups.
        scale: the least and the greatest score that there can be, if it is known.
        seed: of the resamples; the same scores get the same interval.
        most_rounds: of resamples; few are enough where only the coverage matters.

    Returns:
        (low, high) in the scores' unit, or None for fewer than `FEWEST` clusters, for fewer than two in a
        group, and for equal scores on a scale that is not known, of which nothing can be said.
    """
    known = sample.known()
    totals = totals_of(known)
    if totals.clusters < FEWEST or np.any(totals.sizes < 2):
        return None
    values = np.unique(known.values)
    if values.size == 1:
        return None if scale is None else _widened((float(values[0]),) * 2, known, totals, scale)
    if values.size > 2:
        ends = _mean_interval(totals, seed, most_rounds)
        return ends if scale is None else _widened(ends, known, totals, scale)
    low, high = float(values[0]), float(values[1])
    ones = ScoreSample((known.values == high).astype(np.float64), known.groups, known.clusters)
    shares = share_interval(totals_of(ones))
    ends = low + (high - low) * shares[0], low + (high - low) * shares[1]
    if scale is not None and (low, high) == scale:
        return ends
    # Two values within the scale may be two of several that were seen by chance: the wider of both.
    others = _mean_interval(totals, seed, most_rounds)
    return min(ends[0], others[0]), max(ends[1], others[1])


def expansion(clusters: int) -> float:
    """Return how much larger a mean's standard error is than the spread of its resamples."""
    return float(np.sqrt(clusters / (clusters - 1)))


def _mean_interval(totals: Totals, seed: int, most_rounds: int) -> Ends:
    clusters = totals.clusters
    reach = float(stdtrit(degrees_of_freedom(totals), HIGH))
    if clusters > LARGE:
        half = reach * expansion(clusters) * np.sqrt(np.sum(totals.influence() ** 2))
        return float(totals.point - half), float(totals.point + half)
    reach *= expansion(clusters)
    levels = ndtr([-reach, reach]) if clusters < SMALL else _bca_levels(totals, reach)
    low, high = steady_quantiles(totals, levels, seed, most_rounds).tolist()
    return low, high


def _widened(ends: Ends, sample: ScoreSample, totals: Totals, scale: Ends) -> Ends:
    """An interval with the doubt that groups of equal scores add, which no resample shows."""
    below, above = totals.point - ends[0], ends[1] - totals.point
    added = np.zeros(2)
    for row, group in enumerate(np.unique(sample.groups)):
        scores = sample.values[sample.groups == group]
        if np.ptp(scores) < CLOSE:
            none = np.zeros_like(totals.counts[row])
            others = wilson(0.0, effective_number(none, totals.counts[row]))[1]
            added += (others * (scores[0] - np.array(scale))) ** 2
    if not added.any():
        return ends
    added *= (common_sources(totals) / totals.sizes.size) ** 2
    return (
        max(scale[0], float(totals.point - np.sqrt(below**2 + added[0]))),
        min(scale[1], float(totals.point + np.sqrt(above**2 + added[1]))),
    )


def degrees_of_freedom(totals: Totals) -> float:
    """Return the degrees of freedom of a total's variance, fewer than its clusters (Satterthwaite's)."""
    sizes = totals.sizes
    variances = np.sum(totals.deviations() ** 2, axis=1) * sizes / (sizes - 1)
    most = totals.clusters - 1
    spread = np.sum(variances**2 / (sizes - 1))
    return float(min(most, variances.sum() ** 2 / spread)) if spread > 0 else float(most)


def _bca_levels(totals: Totals, reach: float) -> Array:
    """The quantiles of the resamples at which BCa's interval ends."""
    sums, counts = totals.sums, totals.counts
    left_out = mean_of_means(sums.sum(1)[:, None] - sums, counts.sum(1)[:, None] - counts)
    deviations = left_out.mean() - left_out
    spread = np.sum(deviations**2)
    acceleration = float(np.sum(deviations**3) / (6 * spread**1.5)) if spread > 0 else 0.0

    def adjusted(end: float) -> float:
        shifted = acceleration + end
        room = 1 - acceleration * shifted
        # The limit, where the correction would run past the last resample.
        return float(ndtr(acceleration + shifted / room)) if room > 0 else float(shifted > 0)

    return np.array([adjusted(-reach), adjusted(reach)])
