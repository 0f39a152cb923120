"""Ranks of editors and their intervals, from comparisons of every two on the items that both have. Pure.

An editor's rank is one more than the number of editors that are ahead of it, each on the items that both have
scores for. Where all have the same items this is the order of their totals; where an editor lacks items, it
is compared with others' scores of the same items only, so that missing what is hard is no advantage.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from snakedit.stats.intervals import FEWEST, LARGE, expansion
from snakedit.stats.proportions import HIGH
from snakedit.stats.resampling import normal_rounds, resampled_totals, rounds
from snakedit.stats.samples import CLOSE, Array, ScoreSample, Totals, totals_of

# Whole numbers stand still sooner than digits.
MOST_RANK_ROUNDS = 8

Counts = NDArray[np.int64]


class Rank(NamedTuple):
    """A rank among editors, 1 for the best, and its 95 % interval."""

    rank: int
    low: int
    high: int


def rank_intervals(samples: Sequence[ScoreSample], seed: int = 0) -> list[Rank | None]:
    """Return each sample's rank, 1 for the highest, and the 95 % interval of the rank.

    The clusters are drawn once for all samples, so that an easy source image, which helps every editor,
    cancels out. The interval is the percentile interval of the ranks in the resamples (Goldstein and
    Spiegelhalter, League Tables and Their Limitations, JRSS A 159, 1996). Two samples of which neither is
    ahead share the better rank. Where two have fewer than `FEWEST` clusters in common, or fewer than two in a
    group, their resamples say nothing, and the interval allows for either order.

    Args:
        samples: one an editor, over the same items in the same order.

    Returns:
        None for a sample without scores.
    """
    scored = [bool(np.any(~np.isnan(sample.values))) for sample in samples]
    pairs = list(combinations(np.flatnonzero(scored).tolist(), 2))
    totals = [totals_of(_difference(samples[a], samples[b])) for a, b in pairs]
    ranks = 1 + _behind(pairs, np.array([[total.point] for total in totals]), len(samples))[:, 0]
    known = [place for place, total in enumerate(totals) if _can_be_resampled(total)]
    open_pairs = [pair for place, pair in enumerate(pairs) if place not in set(known)]
    unsure = np.bincount(np.array(open_pairs, np.int64).ravel(), minlength=len(samples))
    ends = np.ones((len(samples), 2), np.int64)
    if known:
        ends = _rank_ends([pairs[k] for k in known], [totals[k] for k in known], len(samples), seed)
    return [
        Rank(rank, min(int(low), rank), max(int(high) + int(more), rank)) if there else None
        for rank, (low, high), more, there in zip(ranks.tolist(), ends, unsure, scored, strict=True)
    ]


def _difference(first: ScoreSample, second: ScoreSample) -> ScoreSample:
    return ScoreSample(first.values - second.values, first.groups, first.clusters)


def _can_be_resampled(totals: Totals) -> bool:
    return totals.clusters >= FEWEST and not np.any(totals.sizes == 1)


def _behind(pairs: Sequence[tuple[int, int]], differences: Array, count: int) -> Counts:
    """How many are ahead of each, shape (samples, resamples), from the differences (pairs, resamples)."""
    behind = np.zeros((count, differences.shape[1] if pairs else 1), np.int64)
    for (first, second), difference in zip(pairs, differences, strict=True):
        behind[second] += difference > CLOSE
        behind[first] += difference < -CLOSE
    return behind


def _rank_ends(
    pairs: Sequence[tuple[int, int]], totals: Sequence[Totals], count: int, seed: int
) -> NDArray[np.int64]:
    """Both ends of each sample's rank, shape (samples, 2), over resamples until both stand still."""
    clusters = int(np.any([(total.counts > 0).any(0) for total in totals], axis=0).sum())
    reach = stdtrit(clusters - 1, HIGH) * expansion(clusters)
    levels = ndtr([-reach, reach])
    seen = np.zeros((count, count + 1), np.int64)
    ends = np.ones((count, 2), np.int64)
    for differences in _resampled_differences(totals, seed):
        ranks = 1 + _behind(pairs, differences, count)
        for place in range(count):
            seen[place] += np.bincount(ranks[place], minlength=count + 1)
        below = np.cumsum(seen, axis=1) / seen[0].sum()
        error = 2 * np.sqrt(levels * (1 - levels) / seen[0].sum())
        low, ends, high = (_first_at(below, levels + shift) for shift in (-error, 0.0, error))
        if np.array_equal(low, high):
            break
    return ends


def _first_at(below: Array, levels: Array) -> NDArray[np.int64]:
    """The first rank at which the share of resamples reaches each level."""
    return np.stack([(below >= level - CLOSE).argmax(axis=1) for level in levels], axis=1).astype(np.int64)


def _resampled_differences(totals: Sequence[Totals], seed: int) -> Iterator[Array]:
    clusters = totals[0].sums.shape[1]
    if clusters <= LARGE:
        for drawn in rounds(clusters, seed, MOST_RANK_ROUNDS):
            yield np.stack([resampled_totals(total, drawn) for total in totals])
    else:
        points = np.array([total.point for total in totals])
        for moved in normal_rounds([total.influence() for total in totals], seed, MOST_RANK_ROUNDS):
            yield points[:, None] + moved
