"""Paired comparisons: which of two editors is better on their common items, and whether by chance. Pure.

Under the null hypothesis an item's two scores are exchangeable, so the difference of every source image is
as likely with either sign (Fisher, The Design of Experiments, 1935, section 21). The items of one source
image are not independent, so their signs are flipped together. With C source images:

- C ≤ `EXACT`: all 2^C signs are tried, which gives the exact p.
- up to `LARGE`: `PERMUTATIONS` random ones, and p = (b + 1) / (m + 1), which is never 0 (Phipson and Smyth,
  Permutation P-values Should Never Be Zero, 2010).
- above: the normal distribution of the flipped sums, with variance Σ t² over source images.

All comparisons of one table are corrected together (Holm, A Simple Sequentially Rejective Multiple Test
Procedure, 1979), which keeps the chance of one false finding at the level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.stats import norm

from snakedit.stats.intervals import CLOSE, Array, Codes, ScoreSample, cluster_codes, interval

ALPHA = 0.05
EXACT, LARGE = 12, 5000
PERMUTATIONS = 9999
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
        p_holm: p after the correction.
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

    @property
    def is_significant(self) -> bool:
        """Whether the corrected p is below `ALPHA`."""
        return self.p_holm is not None and self.p_holm < ALPHA


def paired_comparisons(
    scores: Mapping[str, Array], groups: Codes, clusters: Codes, seed: int = 0
) -> list[PairedComparison]:
    """Compare every two editors, in the order of ``scores``.

    Args:
        scores: editor → its items' scores, shape (items,), NaN where missing.
        groups: shape (items,), the number of each item's category for macro totals, all 0 for micro ones.
        clusters: shape (items,), equal for items that share a source image.
    """
    codes, count = cluster_codes(clusters)
    pairs, contributions = [], []
    for editor, against in combinations(scores, 2):
        difference = scores[editor] - scores[against]
        ends = interval(ScoreSample(difference, groups, codes), seed)
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
            )
        )
    if not pairs:
        return []
    tested = [place for place, pair in enumerate(pairs) if pair.n]
    p = sign_flip_p(np.stack(contributions)[tested], seed)
    corrected = holm(p)
    for place, raw, adjusted in zip(tested, p, corrected, strict=True):
        pairs[place] = replace(pairs[place], p=raw, p_holm=adjusted)
    return pairs


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
    for start in range(0, PERMUTATIONS, CHUNK):
        rows = min(CHUNK, PERMUTATIONS - start)
        signs = 2.0 * drawn.integers(0, 2, (rows, contributions.shape[1]), dtype=np.int8) - 1.0
        extreme += np.sum(np.abs(signs @ contributions.T) >= observed, axis=0)
    result: Array = (extreme + 1) / (PERMUTATIONS + 1)
    return result


def _normal_p(contributions: Array) -> Array:
    error = np.sqrt(np.sum(contributions**2, axis=1))
    result: Array = 2 * norm.sf(np.abs(contributions.sum(1)) / error)
    return result
