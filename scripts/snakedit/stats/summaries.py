"""Summaries of scores: how many there are, how many are missing, and their mean.

Every function is pure and takes None (or NaN) for a score that is missing. A missing score is counted in
`n` and never in a mean, and no number replaces it: it lowers the coverage. `if_missing` returns the mean that
the group would have with a number in its place; it is shown beside the mean, never instead of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from snakedit.stats.samples import Array


@dataclass(frozen=True)
class Summary:
    """The scores of a group of items.

    Attributes:
        n: the items in the group, with and without a score.
        scored: those that have one.
        mean: of the scores, in their own unit; None if there is none.
        ci_low, ci_high: ends of the 95 % interval of the mean (`intervals`), None where there is none.
    """

    n: int
    scored: int
    mean: float | None
    ci_low: float | None = None
    ci_high: float | None = None

    @property
    def coverage(self) -> float | None:
        """``scored / n``, 0–1; None for a group without items."""
        return self.scored / self.n if self.n else None

    @property
    def is_complete(self) -> bool:
        """Whether every item has a score."""
        return self.scored == self.n


def summarise(values: Iterable[float | None] | Array) -> Summary:
    """Return the summary of one group: ``mean = Σ score / scored`` over the items that have a score."""
    array = values if isinstance(values, np.ndarray) else np.array(list(values), dtype=np.float64)
    scores = array[~np.isnan(array)]
    return Summary(n=array.size, scored=scores.size, mean=float(scores.mean()) if scores.size else None)


def micro(groups: Sequence[Summary]) -> Summary:
    """Return the summary of all groups' items taken together, so that a large group weighs more.

    ``mean = Σ score / scored``, both over every item of every group.
    """
    scored = sum(group.scored for group in groups)
    total = sum(group.mean * group.scored for group in groups if group.mean is not None)
    return Summary(n=sum(group.n for group in groups), scored=scored, mean=total / scored if scored else None)


def macro(groups: Sequence[Summary]) -> Summary:
    """Return the total in which every group weighs the same.

    ``mean = Σ group mean / groups with a mean``. A group without scores has no mean. It is left out of
    the total's mean and does not count as zero; its items count in `n`, so the coverage, ``Σ scored / Σ n``,
    falls. `groups_with_mean` counts the groups in the mean; two totals over
    different groups should not be compared.
    """
    means = [group.mean for group in groups if group.mean is not None]
    return Summary(
        n=sum(group.n for group in groups),
        scored=sum(group.scored for group in groups),
        mean=float(np.mean(means)) if means else None,
    )


def groups_with_mean(groups: Iterable[Summary]) -> int:
    """Return the number of groups that enter a macro mean."""
    return sum(group.mean is not None for group in groups)


def if_missing(group: Summary, value: float) -> Summary:
    """Return the summary that a group would have if every missing score were ``value``.

    With both ends of the scale these are the bounds of Manski (Partial Identification of Probability
    Distributions, 2003, chapter 1): whatever the missing scores are, the mean over all items lies between.
    """
    if group.n == 0:
        return group
    total = (group.mean or 0.0) * group.scored + value * (group.n - group.scored)
    return Summary(n=group.n, scored=group.n, mean=total / group.n)
