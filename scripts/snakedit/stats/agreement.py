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
    """Count the pairs of edits by how a judge and people order them; both sequences are of the same edits."""
    total = Pairs()
    scores, ratings = np.asarray(judge, dtype=np.float64), np.asarray(human, dtype=np.float64)
    for place in range(1, scores.size):
        # One edit against all before it, so that memory does not grow quadratically.
        by_judge = np.sign(scores[:place] - scores[place])
        by_human = np.sign(ratings[:place] - ratings[place])
        total += ordered(by_judge, by_human)
    return total


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


def spearman(judge: Sequence[float], human: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation, −1 to 1; None for fewer than `MIN_EDITS` or equal edits."""
    if len(judge) < MIN_EDITS or len(set(judge)) == 1 or len(set(human)) == 1:
        return None
    # Imported where there are ratings only: all of scipy.stats takes a while.
    from scipy.stats import spearmanr

    return float(spearmanr(judge, human).statistic)


def kendall(judge: Sequence[float], human: Sequence[float]) -> float | None:
    """Return Kendall's τ-b, which allows for ties, −1 to 1; None as for `spearman`."""
    if len(judge) < MIN_EDITS or len(set(judge)) == 1 or len(set(human)) == 1:
        return None
    from scipy.stats import kendalltau

    return float(kendalltau(judge, human, variant="b").statistic)


def fisher_mean(correlations: Sequence[tuple[float | None, int]]) -> float | None:
    """Return the mean of correlations by Fisher's transform: tanh of the mean of z = atanh(r).

    An r of ±1, whose z is infinite, is moved half a step towards the next rank correlation that n edits can
    have, √(1 − 6 / (n³ − n)), which has one tie.

    Args:
        correlations: (r, number n of edits); None is skipped.
    """
    transformed = []
    for r, n in correlations:
        if r is not None:
            most = (1 + math.sqrt(1 - 6 / (n**3 - n))) / 2
            transformed.append(math.atanh(max(-most, min(most, r))))
    return math.tanh(sum(transformed) / len(transformed)) if transformed else None
