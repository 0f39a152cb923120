"""What each judge is held against: controls whose right place is known, and people's ratings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from snakedit.config.load import Config
from snakedit.report.data.numbers import SCORE, CategoryNumbers, Numbers
from snakedit.stats.agreement import Auc, Pairs, auc, fisher_mean, kendall, ordered, pairs, spearman
from snakedit.stats.intervals import Array, Codes

WRONG = ("identity", "shuffled", "blank")
ALL_CONTROLS = "all controls"
HUMAN = "human"
NO_PAIRS = Pairs()


@dataclass(frozen=True)
class Check:
    """What one judge was held against, over a category, an editor, or all.

    Attributes:
        against: a control's name, `ALL_CONTROLS`, or `HUMAN`.
        right: the editor whose edits should be above the control's; empty for `HUMAN`.
        level: ``category``, ``editor`` or ``all``; `category` and `editor` say which.
        n: edits that were compared: items with both scores, or edits with a rating and a score.
        missing: those that lack a score.
        pairs: of the same item's edits; of an editor's items at level ``editor``.
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


@dataclass(frozen=True)
class _Compared:
    """Scores of the same items, right and wrong, and the source images that they go back to."""

    right: Array
    wrong: Array
    images: Codes
    missing: int


def judge_checks(config: Config, numbers: Numbers) -> list[Check]:
    """Return all checks of all judges, in the configuration's order."""
    found: list[Check] = []
    for judge in numbers.judges:
        found += _control_checks(config, numbers, judge)
        found += _human_checks(numbers, judge)
    return found


def _control_checks(config: Config, numbers: Numbers, judge: str) -> Iterator[Check]:
    comparisons = _comparisons(config, numbers, judge)
    together: dict[str, list[_Compared]] = {}
    for right, control in comparisons:
        compared = {c.name: _compare(c, judge, right, control) for c in numbers.categories}
        for name, one in compared.items():
            together.setdefault(name, []).append(one)
        yield from _checks_of(judge, right, control, compared)
    if len(comparisons) > 1:
        rights = list(dict.fromkeys(right for right, _ in comparisons))
        all_of = {name: _joined(group) for name, group in together.items()}
        yield from _checks_of(judge, ", ".join(rights), ALL_CONTROLS, all_of)


def _comparisons(config: Config, numbers: Numbers, judge: str) -> list[tuple[str, str]]:
    """Which editor should be above which control.

    A benchmark's right answer should be above every control. Where none has a score, an editor's edit should
    be above another item's edit by the same editor, which is what `shuffled` shows `of` it.
    """
    types = {name: config.editors[name].type for name in numbers.editors}
    scored = [
        name
        for name in numbers.editors
        if types[name] == "reference"
        and any((~np.isnan(c.of(judge, name, SCORE))).any() for c in numbers.categories)
    ]
    if scored:
        return [(right, name) for right in scored for name in numbers.editors if types[name] in WRONG]
    shown = {name: config.editors[name].params.get("of") for name in numbers.editors}
    return [
        (str(shown[name]), name)
        for name in numbers.editors
        if types[name] == "shuffled" and shown[name] in numbers.editors
    ]


def _compare(category: CategoryNumbers, judge: str, right: str, control: str) -> _Compared:
    first, second = category.of(judge, right, SCORE), category.of(judge, control, SCORE)
    both = ~np.isnan(first) & ~np.isnan(second)
    edited = category.edited[right] & category.edited[control]
    return _Compared(first[both], second[both], category.clusters[both], int(np.sum(edited & ~both)))


def _joined(parts: Sequence[_Compared]) -> _Compared:
    return _Compared(
        np.concatenate([np.empty(0), *(part.right for part in parts)]),
        np.concatenate([np.empty(0), *(part.wrong for part in parts)]),
        np.concatenate([np.empty(0, np.int64), *(part.images for part in parts)]),
        sum(part.missing for part in parts),
    )


def _checks_of(judge: str, right: str, control: str, compared: Mapping[str, _Compared]) -> Iterator[Check]:
    for name, one in compared.items():
        yield _control_check(judge, right, control, "category", name, one)
    yield _control_check(judge, right, control, "all", "", _joined(list(compared.values())))


def _control_check(
    judge: str, right: str, control: str, level: str, category: str, compared: _Compared
) -> Check:
    return Check(
        *(judge, control, right, level, category, ""),
        n=compared.right.size,
        missing=compared.missing,
        auc=auc(compared.right.tolist(), compared.wrong.tolist(), np.unique(compared.images).size),
        pairs=Pairs(
            agree=int(np.sum(compared.right > compared.wrong)),
            disagree=int(np.sum(compared.right < compared.wrong)),
            tied_judge=int(np.sum(compared.right == compared.wrong)),
        ),
    )


def _human_checks(numbers: Numbers, judge: str) -> Iterator[Check]:
    checks, every = [], []
    for editor in numbers.editors:
        scores, ratings = _rated(numbers, judge, editor)
        both = ~np.isnan(scores)
        every.append((scores[both], ratings[both]))
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
    all_scores, all_ratings = (np.concatenate(part).tolist() for part in zip(*every, strict=True))
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
    found = NO_PAIRS
    for category in numbers.categories:
        rated = [editor for editor in numbers.editors if editor in category.human]
        for one, other in combinations(rated, 2):
            by_judge = category.of(judge, one, SCORE) - category.of(judge, other, SCORE)
            by_human = category.human[one] - category.human[other]
            both = ~np.isnan(by_judge) & ~np.isnan(by_human)
            found += ordered(np.sign(by_judge[both]), np.sign(by_human[both]))
    return found
