"""Checks of each judge: against controls, whose right place is known, and against people's ratings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from snakedit.report.data.numbers import SCORE, CategoryNumbers, Numbers
from snakedit.report.data.roles import right_answers, shown_by, wrong_answers
from snakedit.stats.agreement import (
    Auc,
    Correlation,
    Pairs,
    auc,
    fisher_mean,
    kendall,
    ordered,
    pairs,
    spearman,
)
from snakedit.stats.samples import Array, Codes
from snakedit.workflow.resolved import Run

ALL_CONTROLS = "all controls"
HUMAN = "human"
NO_PAIRS = Pairs()


@dataclass(frozen=True)
class Check:
    """One comparison of a judge's scores, over a category, an editor, or all.

    Attributes:
        against: a control's name, `ALL_CONTROLS`, or `HUMAN`.
        right: the editor whose edits should be above the control's; empty for `HUMAN`.
        level: ``category``, ``editor`` or ``all``; `category` or `editor` names it. For `HUMAN` also
            ``item``, for the pairs within an item, and ``mean``, for the mean of the editors' Spearman
            correlations by Fisher's transform. All numbers of a check are over the same edits.
        n: edits that were compared: items with both scores, or edits with a rating and a score.
        missing: those that lack a score.
        sources: the source images of what was compared.
        pairs: of a right answer and the control of one item; for `HUMAN` all pairs of the edits, at level
            ``item`` those of one item.
    """

    judge: str
    against: str
    right: str
    level: str
    category: str
    editor: str
    n: int
    missing: int
    auc: Auc | None = None
    pairs: Pairs = NO_PAIRS
    spearman: Correlation | None = None
    kendall: float | None = None
    sources: int = 0


@dataclass(frozen=True)
class _Scores:
    """A right answer's and a control's scores of the same items, and those items' clusters."""

    right: Array
    wrong: Array
    clusters: Codes
    missing: int


def judge_checks(run: Run, numbers: Numbers) -> list[Check]:
    """Return all checks of all judges, in the configuration's order."""
    checks: list[Check] = []
    for judge in numbers.judges:
        checks += _control_checks(run, numbers, judge)
        checks += _human_checks(numbers, judge)
    return checks


def _control_checks(run: Run, numbers: Numbers, judge: str) -> Iterator[Check]:
    comparisons = _expected_orders(run, numbers, judge)
    together: dict[str, list[_Scores]] = {}
    for right, control in comparisons:
        scores = {c.name: _scores_of(c, judge, right, control) for c in numbers.categories}
        for name, part in scores.items():
            together.setdefault(name, []).append(part)
        yield from _checks_of(judge, right, control, scores)
    if len(comparisons) > 1:
        rights = list(dict.fromkeys(right for right, _ in comparisons))
        all_of = {name: _concatenated(parts) for name, parts in together.items()}
        yield from _checks_of(judge, ", ".join(rights), ALL_CONTROLS, all_of)


def _expected_orders(run: Run, numbers: Numbers, judge: str) -> list[tuple[str, str]]:
    """Which editor should score above which control.

    A benchmark's right answer should be above every other control. Where none has a score, an editor's edit
    should be above the same editor's edit of another item, if a control shows that.
    """
    scored = [
        name
        for name in right_answers(run)
        if any((~np.isnan(c.of(judge, name, SCORE))).any() for c in numbers.categories)
    ]
    controls = wrong_answers(run)
    if scored:
        return [(right, control) for right in scored for control in controls]
    return [(shown, control) for control in controls for shown in shown_by(run, control)]


def _scores_of(category: CategoryNumbers, judge: str, right: str, control: str) -> _Scores:
    first, second = category.of(judge, right, SCORE), category.of(judge, control, SCORE)
    both = ~np.isnan(first) & ~np.isnan(second)
    edited = category.edited[right] & category.edited[control]
    return _Scores(first[both], second[both], category.clusters[both], int(np.sum(edited & ~both)))


def _concatenated(parts: Sequence[_Scores]) -> _Scores:
    return _Scores(
        np.concatenate([np.empty(0), *(part.right for part in parts)]),
        np.concatenate([np.empty(0), *(part.wrong for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.clusters for part in parts)]),
        sum(part.missing for part in parts),
    )


def _checks_of(judge: str, right: str, control: str, scores: Mapping[str, _Scores]) -> Iterator[Check]:
    for name, part in scores.items():
        yield _control_check(judge, right, control, "category", name, part)
    yield _control_check(judge, right, control, "all", "", _concatenated(list(scores.values())))


def _control_check(judge: str, right: str, control: str, level: str, category: str, scores: _Scores) -> Check:
    sources = np.unique(scores.clusters).size
    return Check(
        *(judge, control, right, level, category, ""),
        n=scores.right.size,
        missing=scores.missing,
        auc=auc(scores.right.tolist(), scores.wrong.tolist(), sources),
        sources=sources,
        pairs=Pairs(
            agree=int(np.sum(scores.right > scores.wrong)),
            disagree=int(np.sum(scores.right < scores.wrong)),
            tied_judge=int(np.sum(scores.right == scores.wrong)),
        ),
    )


def _human_checks(numbers: Numbers, judge: str) -> Iterator[Check]:
    rated = {editor: _rated(numbers, judge, [editor]) for editor in numbers.editors}
    checks = [
        _human_check(judge, "editor", editor, edits) for editor, edits in rated.items() if edits.scores.size
    ]
    if not checks:
        return
    yield from checks
    together = _human_check(judge, "all", "", _rated(numbers, judge, numbers.editors))
    yield together
    known = [(c.spearman.value if c.spearman else None, c.n) for c in checks]
    mean = fisher_mean(known)
    yield Check(
        *(judge, HUMAN, "", "mean", "", ""),
        n=sum(n for value, n in known if value is not None),
        missing=together.missing,
        spearman=None if mean is None else Correlation(mean),
    )
    within, edits = _pairs_within_items(numbers, judge)
    yield Check(*(judge, HUMAN, "", "item", "", ""), n=edits, missing=together.missing, pairs=within)


@dataclass(frozen=True)
class _Rated:
    """Rated edits: scores, NaN where missing, people's ratings, and the source images' clusters."""

    scores: Array
    ratings: Array
    clusters: Codes


def _rated(numbers: Numbers, judge: str, editors: Sequence[str]) -> _Rated:
    scores, ratings, clusters = [np.empty(0)], [np.empty(0)], [np.empty(0, np.int64)]
    for category in numbers.categories:
        for editor in editors:
            if editor in category.human:
                there = ~np.isnan(category.human[editor])
                scores.append(category.of(judge, editor, SCORE)[there])
                ratings.append(category.human[editor][there])
                clusters.append(category.clusters[there])
    return _Rated(np.concatenate(scores), np.concatenate(ratings), np.concatenate(clusters))


def _human_check(judge: str, level: str, editor: str, edits: _Rated) -> Check:
    both = ~np.isnan(edits.scores)
    known = edits.scores[both].tolist(), edits.ratings[both].tolist()
    sources = np.unique(edits.clusters[both]).size
    return Check(
        *(judge, HUMAN, "", level, "", editor),
        n=int(both.sum()),
        missing=int(np.sum(~both)),
        pairs=pairs(*known),
        spearman=spearman(*known, sources),
        kendall=kendall(*known),
        sources=sources,
    )


def _pairs_within_items(numbers: Numbers, judge: str) -> tuple[Pairs, int]:
    """The pairs of one item's edits, and the edits in them."""
    total, edits = NO_PAIRS, 0
    for category in numbers.categories:
        compared = {editor: np.zeros(category.n, bool) for editor in category.human}
        rated = [editor for editor in numbers.editors if editor in category.human]
        for first, second in combinations(rated, 2):
            by_judge = category.of(judge, first, SCORE) - category.of(judge, second, SCORE)
            by_human = category.human[first] - category.human[second]
            both = ~np.isnan(by_judge) & ~np.isnan(by_human)
            total += ordered(np.sign(by_judge[both]), np.sign(by_human[both]))
            compared[first] |= both
            compared[second] |= both
        edits += sum(int(mask.sum()) for mask in compared.values())
    return total, edits
