"""What each judge is held against: controls whose right place is known, and people's ratings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from snakedit.config import Config
from snakedit.records import Item
from snakedit.report.read import Category, Results
from snakedit.trust import Auc, Pairs, auc, fisher_mean, kendall, pairs, spearman

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


@dataclass
class _Compared:
    """Scores of the same items, right and wrong, and the source images that they go back to."""

    right: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    images: set[tuple[str, ...]] = field(default_factory=set)
    missing: int = 0

    def add(self, other: "_Compared") -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.images |= other.images
        self.missing += other.missing


def judge_checks(config: Config, results: Results) -> list[Check]:
    """Return all checks of all judges, in the configuration's order."""
    found: list[Check] = []
    for judge in results.judges:
        found += _control_checks(config, results, judge)
        found += _human_checks(results, judge)
    return found


def _control_checks(config: Config, results: Results, judge: str) -> Iterator[Check]:
    comparisons = _comparisons(config, results, judge)
    together: dict[str, _Compared] = {}
    for right, control in comparisons:
        compared = {c.name: _compare(c, judge, right, control) for c in results.categories}
        for name, one in compared.items():
            together.setdefault(name, _Compared()).add(one)
        yield from _checks_of(judge, right, control, compared)
    if len(comparisons) > 1:
        rights = list(dict.fromkeys(right for right, _ in comparisons))
        yield from _checks_of(judge, ", ".join(rights), ALL_CONTROLS, together)


def _comparisons(config: Config, results: Results, judge: str) -> list[tuple[str, str]]:
    """Which editor should be above which control.

    A benchmark's right answer should be above every control. Where none has a score, an editor's edit should
    be above another item's edit by the same editor, which is what `shuffled` shows `of` it.
    """
    types = {name: config.editors[name].type for name in results.editors}
    references = [name for name in results.editors if types[name] == "reference"]
    scored = [
        name
        for name in references
        if any(score.status == "ok" for c in results.categories for score in c.scores[judge, name].values())
    ]
    if scored:
        return [(right, name) for right in scored for name in results.editors if types[name] in WRONG]
    shown = {name: config.editors[name].params.get("of") for name in results.editors}
    return [
        (str(shown[name]), name)
        for name in results.editors
        if types[name] == "shuffled" and shown[name] in results.editors
    ]


def _compare(category: Category, judge: str, right: str, control: str) -> _Compared:
    compared = _Compared()
    for item in category.items:
        both = [_score(category, judge, editor, item) for editor in (right, control)]
        if all(_is_edited(category, editor, item) for editor in (right, control)) and None in both:
            compared.missing += 1
        if both[0] is not None and both[1] is not None:
            compared.right.append(both[0])
            compared.wrong.append(both[1])
            compared.images.add(tuple(item.image_sha256s))
    return compared


def _checks_of(judge: str, right: str, control: str, compared: Mapping[str, _Compared]) -> Iterator[Check]:
    total = _Compared()
    for name, one in compared.items():
        total.add(one)
        yield _control_check(judge, right, control, "category", name, one)
    yield _control_check(judge, right, control, "all", "", total)


def _control_check(
    judge: str, right: str, control: str, level: str, category: str, compared: _Compared
) -> Check:
    both = list(zip(compared.right, compared.wrong, strict=True))
    return Check(
        *(judge, control, right, level, category, ""),
        n=len(both),
        missing=compared.missing,
        auc=auc(compared.right, compared.wrong, len(compared.images)),
        pairs=Pairs(
            agree=sum(r > w for r, w in both),
            disagree=sum(r < w for r, w in both),
            tied_judge=sum(r == w for r, w in both),
        ),
    )


def _human_checks(results: Results, judge: str) -> Iterator[Check]:
    rated = {editor: _rated(results, judge, editor) for editor in results.editors}
    checks = []
    for editor, (scores, ratings, missing) in rated.items():
        if scores or missing:
            checks.append(
                Check(
                    *(judge, HUMAN, "", "editor", "", editor),
                    n=len(scores),
                    missing=missing,
                    pairs=pairs(scores, ratings),
                    spearman=spearman(scores, ratings),
                    kendall=kendall(scores, ratings),
                )
            )
    if not checks:
        return
    yield from checks
    scores = [score for editor in rated for score in rated[editor][0]]
    ratings = [rating for editor in rated for rating in rated[editor][1]]
    yield Check(
        *(judge, HUMAN, "", "all", "", ""),
        n=len(scores),
        missing=sum(check.missing for check in checks),
        pairs=_pairs_within_items(results, judge),
        spearman=fisher_mean([(check.spearman, check.n) for check in checks]),
        kendall=kendall(scores, ratings),
    )


def _rated(results: Results, judge: str, editor: str) -> tuple[list[float], list[float], int]:
    """An editor's scores, people's ratings of the same edits, and how many rated ones have no score."""
    scores, ratings, missing = [], [], 0
    for category in results.categories:
        for item in category.items:
            rating = (item.human or {}).get(editor)
            score = _score(category, judge, editor, item)
            if rating is not None and score is not None:
                scores.append(score)
                ratings.append(rating)
            missing += rating is not None and score is None
    return scores, ratings, missing


def _pairs_within_items(results: Results, judge: str) -> Pairs:
    found = Pairs()
    for category in results.categories:
        for item in category.items:
            both = [
                (score, rating)
                for editor, rating in (item.human or {}).items()
                if editor in results.editors and (score := _score(category, judge, editor, item)) is not None
            ]
            found += pairs([score for score, _ in both], [rating for _, rating in both])
    return found


def _score(category: Category, judge: str, editor: str, item: Item) -> float | None:
    score = category.scores[judge, editor].get(item.id)
    return None if score is None else score.score


def _is_edited(category: Category, editor: str, item: Item) -> bool:
    edit = category.edits[editor].get(item.id)
    return edit is not None and edit.status == "ok"
