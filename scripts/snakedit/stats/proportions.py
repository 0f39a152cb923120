"""Intervals of scores that take one or two values, such as yes and no: Wilson's, by source image. Pure.

A bootstrap knows only the values that it was given: thirty times no leave it no width at all. Wilson's score
interval (Probable Inference, JASA 22, 1927) does not shrink to nothing. Items of one source image say less
than independent ones, so it is taken at the effective number of items, n over the design effect, with
Student's quantile for the clusters (Korn and Graubard, Survey Methodology 24, 1998). Of few answers of the
rarer kind the design effect cannot be estimated; it is then moved towards the one of items that always agree
within a source image (Kish, Survey Sampling, 1965, section 5.4).

A mean of the categories' shares has the interval that follows from each of theirs: the distances of their
ends add up as variances do (Zou and Donner, Statistics in Medicine 27, 2008).
"""

from math import sqrt

import numpy as np
from scipy.special import ndtri, stdtrit

from snakedit.stats.samples import Array, Totals

LEVEL = 0.95
HIGH = (1 + LEVEL) / 2


def wilson(share: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval of a share, both 0–1, that was seen in ``n`` items (n > 0, a fraction too)."""
    z = float(ndtri((1 + level) / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_interval(shares: Totals) -> tuple[float, float]:
    """Return the 95 % interval of the mean of the groups' shares.

    Args:
        shares: of the values 0 and 1, with two clusters or more in every group.
    """
    counts = shares.counts.sum(1)
    points = shares.sums.sum(1) / counts
    ends = [
        wilson(float(point), effective_number(sums, sizes))
        for point, sums, sizes in zip(points, shares.sums, shares.counts, strict=True)
    ]
    reach = common_sources(shares) / points.size
    below = sqrt(sum((point - low) ** 2 for point, (low, _) in zip(points, ends, strict=True)))
    above = sqrt(sum((high - point) ** 2 for point, (_, high) in zip(points, ends, strict=True)))
    return max(0.0, shares.point - reach * below), min(1.0, shares.point + reach * above)


def effective_number(sums: Array, sizes: Array) -> float:
    """Return how many independent items say as much about a share as these do.

    Args:
        sums, sizes: shape (clusters,), each cluster's ones and its items; clusters without one are skipped.
    """
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    n, clusters = float(sizes.sum()), sizes.size
    if clusters == n:
        return n
    share = float(sums.sum()) / n
    rarer = n * min(share, 1 - share)
    agreeing = float(np.sum(sizes**2)) / n
    estimate = 1.0
    if rarer > 0:
        variance = clusters / (clusters - 1) * float(np.sum((sums - share * sizes) ** 2)) / n**2
        estimate = max(1.0, variance * (n - 1) / (share * (1 - share)))
    doubt = float(ndtri(HIGH)) ** 2 / 2
    effect = (rarer * estimate + doubt * agreeing) / (rarer + doubt)
    return n / effect * float(stdtrit(n - 1, HIGH) / stdtrit(clusters - 1, HIGH)) ** 2


def common_sources(totals: Totals) -> float:
    """Return how much wider source images that lie in several groups make a total's interval; 1 for none."""
    deviations = totals.deviations()
    apart = float(np.sum(deviations**2))
    if apart > 0:
        return sqrt(max(1.0, float(np.sum(deviations.sum(0) ** 2)) / apart))
    return sqrt(float(totals.sizes.sum()) / totals.clusters)
