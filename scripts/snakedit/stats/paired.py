"""Paired comparisons: which of two editors is better on their common items, and whether by chance. Pure.

Under the null hypothesis an item's two scores are exchangeable, so the difference of every source image is
as likely with either sign (Fisher, The Design of Experiments, 1935, section 21). The items of one source
image are not independent, so their signs are flipped together. With C source images:

- C ≤ `EXACT`: all 2^C signs are tried, which gives the exact p.
- up to `LARGE`: m random ones, and p = (b + 1) / (m + 1), which is never 0 (Phipson and Smyth, Permutation
  P-values Should Never Be Zero, 2010). m lies between `FEWEST_SIGNS` and `MOST_SIGNS`.
- above: the normal distribution of the flipped sums, with variance Σ t² over source images.

All comparisons of one table are corrected together (Holm, A Simple Sequentially Rejective Multiple Test
Procedure, 1979), which keeps the chance of one false finding at the level. Comparisons that nobody asks about
are left out of the correction, since each one that is in it makes the others weaker.

With C source images no p is below 2^(1 - C), whatever the scores: four cannot go below .125.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.special import ndtr

from snakedit.stats.intervals import interval
from snakedit.stats.power import items_needed, least_difference
from snakedit.stats.samples import CLOSE, Array, Codes, ScoreSample, cluster_codes

ALPHA = 0.05
EXACT, LARGE = 12, 5000
FEWEST_SIGNS, MOST_SIGNS = 9999, 199_999
# Signs drawn for one table: permutations times source images.
MOST_DRAWN = 40_000_000
CHUNK = 500


@dataclass(frozen=True)
class PairedComparison:
    """One editor against another, on the items that both have a score for.

    Attributes:
        n: those items.
        wins, ties, losses: of `editor`, over items.
        difference: the total of `editor` less that of `against`, both over these items only; None for n = 0.
        ci_low, ci_high: its 95 % interval, None where there is none.
        p: two-sided, None for n = 0.
        p_holm: p after the correction; None for n = 0 and for a pair that is not corrected.
        sources: source images of these items.
        least_p: the smallest p_holm that so many source images can give, beside the other pairs as they are.
        least_difference: the least that would have been significant with a power of 80 % (`power`), at the
            level that the correction leaves this pair beside the others; None where that is not known, and
            where no difference would.
    """

    editor: str
    against: str
    n: int
    wins: int
    ties: int
    losses: int
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    p_holm: float | None = None
    sources: int = 0
    least_p: float | None = None
    least_difference: float | None = None

    @property
    def items_needed(self) -> int | None:
        """How many items would show this difference with a power of 80 %, if they are like these."""
        if self.difference is None or self.least_difference is None:
            return None
        return items_needed(self.n, self.difference, self.least_difference)

    @property
    def is_significant(self) -> bool:
        """Whether the corrected p is below `ALPHA`."""
        return self.p_holm is not None and self.p_holm < ALPHA

    def turned(self) -> "PairedComparison":
        """Return the same comparison from the other editor's side."""
        return replace(
            self,
            editor=self.against,
            against=self.editor,
            wins=self.losses,
            losses=self.wins,
            difference=None if self.difference is None else -self.difference,
            ci_low=None if self.ci_high is None else -self.ci_high,
            ci_high=None if self.ci_low is None else -self.ci_low,
        )

    @property
    def is_equal(self) -> bool:
        """Whether the totals on the common items are the same."""
        return self.difference is not None and abs(self.difference) < CLOSE

    @property
    def could_be_significant(self) -> bool:
        """Whether any scores of so many source images could be significant."""
        return self.least_p is not None and self.least_p < ALPHA


def paired_comparisons(
    scores: Mapping[str, Array],
    groups: Codes,
    clusters: Codes,
    scale: tuple[float, float] | None = None,
    uncorrected: Collection[str] = (),
    seed: int = 0,
    with_intervals: bool = True,
) -> list[PairedComparison]:
    """Compare every two editors, in the order of ``scores``.

    Args:
        scores: editor → its items' scores, shape (items,), NaN where missing.
        groups: shape (items,), the number of each item's category for macro totals, all 0 for micro ones.
        clusters: shape (items,), equal for items that share a source image.
        scale: the least and the greatest score that there can be, if it is known.
        with_intervals: whether the differences' intervals are wanted, which take most of the time.
        uncorrected: editors such as controls; a pair of two of them is not in the correction.
    """
    widest = None if scale is None else (scale[0] - scale[1], scale[1] - scale[0])
    codes, count = cluster_codes(clusters)
    pairs, contributions, samples = [], [], []
    for editor, against in combinations(scores, 2):
        difference = scores[editor] - scores[against]
        samples.append(ScoreSample(difference, groups, codes))
        ends = interval(samples[-1], widest, seed) if with_intervals else None
        both = ~np.isnan(difference)
        parts = _contributions(difference[both], groups[both], codes[both], count)
        contributions.append(parts)
        pairs.append(
            PairedComparison(
                editor=editor,
                against=against,
                n=int(both.sum()),
                wins=int(np.sum(difference[both] > 0)),
                ties=int(np.sum(difference[both] == 0)),
                losses=int(np.sum(difference[both] < 0)),
                difference=float(parts.sum()) if both.any() else None,
                ci_low=ends[0] if ends else None,
                ci_high=ends[1] if ends else None,
                p=None,
                sources=np.unique(codes[both]).size,
            )
        )
    if not pairs:
        return []
    tested = [place for place, pair in enumerate(pairs) if pair.n]
    for place, p in zip(tested, sign_flip_p(np.stack(contributions)[tested], seed), strict=True):
        pairs[place] = replace(pairs[place], p=p)
    pairs = _corrected(pairs, uncorrected, count)
    if not with_intervals:
        return pairs
    most = widest[1] if widest else None
    return [
        replace(pair, least_difference=least_difference(sample, parts, level, most) if level else None)
        for pair, sample, parts, level in zip(pairs, samples, contributions, _levels(pairs), strict=True)
    ]


def _levels(pairs: Sequence[PairedComparison]) -> list[float | None]:
    """The level that Holm's correction leaves each pair, the others as they are; None if none would do."""
    corrected = [pair for pair in pairs if pair.p_holm is not None]
    significant = sum(pair.is_significant for pair in corrected)
    levels: list[float | None] = []
    for pair in pairs:
        if pair.p_holm is None:
            levels.append(ALPHA if pair.n else None)
        elif not pair.could_be_significant:
            levels.append(None)
        else:
            levels.append(ALPHA / (len(corrected) - significant + pair.is_significant))
    return levels


def _corrected(
    pairs: Sequence[PairedComparison], uncorrected: Collection[str], clusters: int
) -> list[PairedComparison]:
    family = [
        place
        for place, pair in enumerate(pairs)
        if pair.n and not (pair.editor in uncorrected and pair.against in uncorrected)
    ]
    p = [pairs[place].p or 0.0 for place in family]
    corrected, result = holm(p), list(pairs)
    for number, place in enumerate(family):
        least = [*p[:number], min(p[number], least_p(pairs[place].sources, clusters)), *p[number + 1 :]]
        result[place] = replace(pairs[place], p_holm=corrected[number], least_p=holm(least)[number])
    return result


def least_p(sources: int, clusters: int) -> float:
    """Return the smallest p that ``sources`` source images can give, in a table of ``clusters`` of them."""
    if sources <= EXACT:
        return float(min(1.0, 2.0 ** (1 - sources)))
    return 0.0 if clusters > LARGE else 1 / (_signs(clusters) + 1)


def _signs(clusters: int) -> int:
    """How many random signs each difference is tried with: as many as time allows, so that p stands still."""
    return int(np.clip(MOST_DRAWN // clusters, FEWEST_SIGNS, MOST_SIGNS))


def sign_flip_p(contributions: Array, seed: int = 0) -> list[float]:
    """Return the two-sided p of each row's sum under random signs of the columns.

    Args:
        contributions: shape (tests, clusters). The part of each source image in the difference of the totals.
    """
    small = (contributions != 0).sum(1) <= EXACT
    many = contributions.shape[1] > LARGE
    p = np.empty(len(contributions))
    for row in np.flatnonzero(small):
        p[row] = _exact_p(contributions[row])
    rest = np.flatnonzero(~small)
    if rest.size:
        p[rest] = _normal_p(contributions[rest]) if many else _drawn_p(contributions[rest], seed)
    return p.tolist()


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: the k-th smallest of m times (m − k + 1), never falling."""
    order = np.argsort(p, kind="stable")
    factors = len(p) - np.arange(len(p))
    rising = np.minimum(1.0, np.maximum.accumulate(np.asarray(p, dtype=np.float64)[order] * factors))
    corrected = np.empty(len(p))
    corrected[order] = rising
    return corrected.tolist()


def _contributions(difference: Array, groups: Codes, clusters: Codes, count: int) -> Array:
    """What each cluster adds to the mean of the groups' mean differences, shape (count,)."""
    if difference.size == 0:
        return np.zeros(count)
    sizes = np.bincount(groups)
    weights = difference / (sizes[groups] * np.count_nonzero(sizes))
    return np.bincount(clusters, weights=weights, minlength=count).astype(np.float64)


def _exact_p(contributions: Array) -> float:
    parts = contributions[contributions != 0]
    signs = 1 - 2 * ((np.arange(2**parts.size)[:, None] >> np.arange(parts.size)) & 1)
    return float(np.mean(np.abs(signs @ parts) >= _observed(parts)))


def _observed(contributions: Array) -> Array:
    """The absolute sum over the last axis, less rounding error."""
    least: Array = np.abs(contributions.sum(-1)) - CLOSE * np.abs(contributions).sum(-1)
    return least


def _drawn_p(contributions: Array, seed: int) -> Array:
    drawn = np.random.default_rng(seed)
    observed = _observed(contributions)
    extreme = np.zeros(len(contributions))
    permutations = _signs(contributions.shape[1])
    for start in range(0, permutations, CHUNK):
        rows = min(CHUNK, permutations - start)
        signs = 2.0 * drawn.integers(0, 2, (rows, contributions.shape[1]), dtype=np.int8) - 1.0
        extreme += np.sum(np.abs(signs @ contributions.T) >= observed, axis=0)
    result: Array = (extreme + 1) / (permutations + 1)
    return result


def _normal_p(contributions: Array) -> Array:
    error = np.sqrt(np.sum(contributions**2, axis=1))
    result: Array = 2 * ndtr(-np.abs(contributions.sum(1)) / error)
    return result
