"""Checks of each judge: against controls, whose right place is known, and against people's ratings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from snakedit.report.data.numbers import SCORE, CategoryNumbers, Numbers
from snakedit.report.data.roles import right_answers, shown_by, wrong_answers
from snakedit.stats.agreement import Auc, Pairs, auc, fisher_mean, kendall, ordered, pairs, spearman
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
        level: ``category``, ``editor`` or ``all``; `category` or `editor` names it.
        n: edits that were compared: items with both scores, or edits with a rating and a score.
        missing: those that lack a score.
        sources: against a control, the source images of the items that were compared.
        pairs: of the same item's edits; at level ``editor`` of the editor's items.
        spearman: at level ``all`` the mean of the editors' by Fisher's transform.
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
    spearman: float | None = None
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
    checks, rated = [], []
    for editor in numbers.editors:
        scores, ratings = _rated(numbers, judge, editor)
        both = ~np.isnan(scores)
        rated.append((scores[both], ratings[both]))
        if scores.size:
            known = scores[both].tolist(), ratings[both].tolist()
            checks.append(
                Check(
                    *(judge, HUMAN, "", "editor", "", editor),
                    n=int(both.sum()),
                    missing=int(np.sum(~both)),
                    pairs=pairs(*known),
                    spearman=spearman(*known),
                    kendall=kendall(*known),
                )
            )
    if not checks:
        return
    yield from checks
    all_scores, all_ratings = (np.concatenate(part).tolist() for part in zip(*rated, strict=True))
    yield Check(
        *(judge, HUMAN, "", "all", "", ""),
        n=len(all_scores),
        missing=sum(check.missing for check in checks),
        pairs=_pairs_within_items(numbers, judge),
        spearman=fisher_mean([(check.spearman, check.n) for check in checks]),
        kendall=kendall(all_scores, all_ratings),
    )


def _rated(numbers: Numbers, judge: str, editor: str) -> tuple[Array, Array]:
    """The scores, NaN where missing, and people's ratings of an editor's rated edits."""
    scores, ratings = [np.empty(0)], [np.empty(0)]
    for category in numbers.categories:
        if editor in category.human:
            rated = ~np.isnan(category.human[editor])
            scores.append(category.of(judge, editor, SCORE)[rated])
            ratings.append(category.human[editor][rated])
    return np.concatenate(scores), np.concatenate(ratings)


def _pairs_within_items(numbers: Numbers, judge: str) -> Pairs:
    total = NO_PAIRS
    for category in numbers.categories:
        rated = [editor for editor in numbers.editors if editor in category.human]
        for first, second in combinations(rated, 2):
            by_judge = category.of(judge, first, SCORE) - category.of(judge, second, SCORE)
            by_human = category.human[first] - category.human[second]
            both = ~np.isnan(by_judge) & ~np.isnan(by_human)
            total += ordered(np.sign(by_judge[both]), np.sign(by_human[both]))
    return total
