"""Scores as arrays, and their sums by category and source image, which the statistics are made of. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    def known(self) -> "ScoreSample":
        """Return the scores that are there."""
        there = ~np.isnan(self.values)
        return ScoreSample(self.values[there], self.groups[there], self.clusters[there])

    def with_missing(self, value: float) -> "ScoreSample":
        """Return the scores with ``value`` for each that is missing."""
        return ScoreSample(np.where(np.isnan(self.values), value, self.values), self.groups, self.clusters)


@dataclass(frozen=True)
class Totals:
    """Sums and counts of the scores there are, each of shape (groups, clusters)."""

    sums: Array
    counts: Array

    @property
    def point(self) -> float:
        """The mean of the groups' means; NaN without a score."""
        return float(mean_of_means(self.sums.sum(1), self.counts.sum(1)))

    @property
    def sizes(self) -> Codes:
        """The clusters with a score in each group, shape (groups,)."""
        sizes: Codes = (self.counts > 0).sum(1).astype(np.int64)
        return sizes

    @property
    def clusters(self) -> int:
        """The clusters with a score."""
        return int((self.counts > 0).any(0).sum())

    def deviations(self) -> Array:
        """Return how far each cluster moves each group's mean, shape (groups, clusters)."""
        sizes = np.maximum(1, self.counts.sum(1, keepdims=True))
        means = self.sums.sum(1, keepdims=True) / sizes
        result: Array = (self.sums - means * self.counts) / sizes
        return result

    def influence(self) -> Array:
        """Return how far each cluster moves the mean of the groups' means, shape (clusters,)."""
        there = self.sizes > 0
        result: Array = self.deviations().sum(0) / max(1, int(there.sum()))
        return result


def totals_of(sample: ScoreSample) -> Totals:
    """Return a sample's totals; those of samples with the same groups and clusters fit each other."""
    there = ~np.isnan(sample.values)
    codes, count = cluster_codes(sample.clusters)
    groups, rows = cluster_codes(sample.groups)
    places = groups * count + codes
    shape, size = (rows, count), rows * count
    values = np.where(there, sample.values, 0.0)
    return Totals(
        np.bincount(places, weights=values, minlength=size).astype(np.float64).reshape(shape),
        np.bincount(places, weights=there, minlength=size).astype(np.float64).reshape(shape),
    )


def cluster_codes(clusters: Codes) -> tuple[Codes, int]:
    """Return the clusters numbered from 0 without gaps, and how many there are."""
    names, codes = np.unique(clusters, return_inverse=True)
    return codes.astype(np.int64), names.size


def mean_of_means(sums: Array, counts: Array) -> Array:
    """Return the mean over the first axis of sums / counts; groups without an item are left out."""
    there = counts > 0
    means = np.where(there, sums / np.maximum(counts, 1), 0.0)
    groups = there.sum(0)
    result: Array = np.where(groups > 0, means.sum(0) / np.maximum(groups, 1), np.nan)
    return result
