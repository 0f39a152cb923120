"""Trust in a judge: whether it separates right from wrong answers, and agrees with people. Pure.

Ties are counted apart from agreement and from error: a judge that gives everything a 7 is never wrong.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from snakedit.stats.proportions import HIGH
from snakedit.stats.samples import Array

# A rank correlation of fewer edits means nothing.
MIN_EDITS = 3


@dataclass(frozen=True)
class Auc:
    """How often a right answer is scored above a wrong one, 0–1; a tie counts for half. 0.5 is chance.

    Attributes:
        low, high: ends of its 95 % interval.
    """

    value: float
    low: float
    high: float


def auc(right: Sequence[float], wrong: Sequence[float], clusters: int) -> Auc | None:
    """Return the area under the ROC curve, over all pairs of a right and a wrong answer.

    This is U / (m n) of Mann and Whitney. Its interval is the score interval with Hanley and McNeil's
    variance (Radiology 143, 1982) at equal sizes (Newcombe, Statistics in Medicine 25, 2006, part 2,
    method 5), which does not shrink to nothing where every pair is right. The right and the wrong answers
    are of the same items, which makes the interval wider than necessary.

    Args:
        right, wrong: scores; None is returned if either is empty.
        clusters: how many of them are independent, such as source images; taken for both sizes.

    Raises:
        ValueError: for scores of fewer than one cluster.
    """
    m, n = len(right), len(wrong)
    if not m or not n:
        return None
    if clusters < 1:
        raise ValueError(f"{clusters} clusters; at least 1 is needed")
    _, places, sizes = np.unique([*right, *wrong], return_inverse=True, return_counts=True)
    # Equal scores share the mean of their ranks.
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[places]
    value = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    z = float(ndtri(HIGH))

    def outside(bound: float) -> bool:
        return abs(value - bound) > z * math.sqrt(_variance(bound, clusters))

    return Auc(value, _boundary(value, 0.0, outside), _boundary(value, 1.0, outside))


def _variance(theta: float, size: int) -> float:
    inflation = 1 + (size - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
    return theta * (1 - theta) * inflation / size**2


def _boundary(inside: float, outer: float, is_outside: Callable[[float], bool]) -> float:
    """Bisect between a value that is inside the interval and the end of the range."""
    for _ in range(60):
        middle = (inside + outer) / 2
        if is_outside(middle):
            outer = middle
        else:
            inside = middle
    return inside


@dataclass(frozen=True)
class Pairs:
    """Pairs of edits, by whether a judge orders them as people do.

    Attributes:
        agree, disagree: ordered by both.
        tied_judge, tied_human: ordered by the other alone.
        tied_both: by neither.
    """

    agree: int = 0
    disagree: int = 0
    tied_judge: int = 0
    tied_human: int = 0
    tied_both: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share of pairs that a judge orders, or ties, as people do; None without a pair.

        Deutsch, Foster, Freitag, "Ties Matter", EMNLP 2023, section 4: acc = (C + T_hm) / all pairs.
        """
        total = self.agree + self.disagree + self.tied_judge + self.tied_human + self.tied_both
        return (self.agree + self.tied_both) / total if total else None

    def __add__(self, other: "Pairs") -> "Pairs":
        return Pairs(
            self.agree + other.agree,
            self.disagree + other.disagree,
            self.tied_judge + other.tied_judge,
            self.tied_human + other.tied_human,
            self.tied_both + other.tied_both,
        )


def pairs(judge: Sequence[float], human: Sequence[float]) -> Pairs:
    """Count the pairs of edits by how a judge and people order them; both sequences are of the same edits.

    Pairs of many edits are too many to look at; the counts follow from the ties and Kendall's τ-b.
    """
    if len(judge) < 2:
        return Pairs()
    from scipy.stats import kendalltau

    total = math.comb(len(judge), 2)
    tied_judge, tied_human, both = _tied(judge), _tied(human), _tied(np.column_stack([judge, human]))
    ordered_by_both = total - tied_judge - tied_human + both
    tau = kendalltau(judge, human, variant="b").statistic if ordered_by_both else 0.0
    excess = tau * math.sqrt((total - tied_judge) * (total - tied_human))
    agree = round((ordered_by_both + excess) / 2)
    return Pairs(agree, ordered_by_both - agree, tied_judge - both, tied_human - both, both)


def _tied(values: Sequence[float] | Array) -> int:
    counts = np.unique(np.asarray(values, dtype=np.float64), axis=0, return_counts=True)[1]
    return int(np.sum(counts * (counts - 1) // 2))


def ordered(judge: Array, human: Array) -> Pairs:
    """Count pairs by their order: for each, a judge and people say −1, 0 for a tie, or 1."""
    both = (judge != 0) & (human != 0)
    return Pairs(
        agree=int(np.sum(both & (judge == human))),
        disagree=int(np.sum(both & (judge != human))),
        tied_judge=int(np.sum((judge == 0) & (human != 0))),
        tied_human=int(np.sum((judge != 0) & (human == 0))),
        tied_both=int(np.sum((judge == 0) & (human == 0))),
    )


@dataclass(frozen=True)
class Correlation:
    """A rank correlation, −1 to 1.

    Attributes:
        low, high: ends of its 95 % interval, None where it has none.
    """

    value: float
    low: float | None = None
    high: float | None = None


def spearman(judge: Sequence[float], human: Sequence[float], clusters: int) -> Correlation | None:
    """Return Spearman's rank correlation; None for fewer than `MIN_EDITS` edits, or equal ones.

    The interval is Fisher's with the variance (1 + ρ² / 2) / (n − 3) of a rank correlation (Bonett and
    Wright, Psychometrika 65, 2000). For three clusters or fewer it is the whole range.

    Args:
        clusters: how many edits are independent, such as source images; taken for n.
    """
    if len(judge) < MIN_EDITS or len(set(judge)) == 1 or len(set(human)) == 1:
        return None
    # Imported where there are ratings only: all of scipy.stats takes a while.
    from scipy.stats import spearmanr

    value = float(np.clip(spearmanr(judge, human).statistic, -1.0, 1.0))
    if clusters <= MIN_EDITS:
        return Correlation(value, -1.0, 1.0)
    reach = float(ndtri(HIGH)) * math.sqrt((1 + value**2 / 2) / (clusters - 3))
    middle = _transformed(value, clusters)
    return Correlation(value, min(value, math.tanh(middle - reach)), max(value, math.tanh(middle + reach)))


def kendall(judge: Sequence[float], human: Sequence[float]) -> float | None:
    """Return Kendall's τ-b, which allows for ties, −1 to 1; None as for `spearman`."""
    if len(judge) < MIN_EDITS or len(set(judge)) == 1 or len(set(human)) == 1:
        return None
    from scipy.stats import kendalltau

    return float(kendalltau(judge, human, variant="b").statistic)


def fisher_mean(correlations: Sequence[tuple[float | None, int]]) -> float | None:
    """Return the mean of correlations by Fisher's transform: tanh of the mean of z = atanh(r).

    Args:
        correlations: (r, number n of edits); None is skipped.
    """
    transformed = [_transformed(r, n) for r, n in correlations if r is not None]
    return math.tanh(sum(transformed) / len(transformed)) if transformed else None


def _transformed(r: float, n: int) -> float:
    """Fisher's z of a rank correlation of n edits.

    An r of ±1, whose z is infinite, is moved half a step towards the next rank correlation that n edits can
    have, √(1 − 6 / (n³ − n)), which has one tie.
    """
    most = (1 + math.sqrt(1 - 6 / (n**3 - n))) / 2
    return math.atanh(max(-most, min(most, r)))
