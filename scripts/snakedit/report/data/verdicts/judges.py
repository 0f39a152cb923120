"""Which judge can be believed: the sentences on people's ratings, which decide, and on controls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snakedit.report.data.judge_checks import ALL_CONTROLS, HUMAN, Check
from snakedit.report.data.verdicts.leads import FULL_COVERAGE
from snakedit.stats.agreement import MIN_EDITS, Correlation
from snakedit.stats.intervals import FEWEST
from snakedit.stats.samples import CLOSE

CHANCE = 0.5
# Spearman's correlation with people below which a judge is warned of. 0 is chance.
NEAR_ZERO = 0.2
_NOT_RELIED = " Do not rely on it."


@dataclass(frozen=True)
class JudgeVerdict:
    """Whether a judge can be believed, in a sentence.

    Attributes:
        believed: whether it tells every control from a right answer; None where that is not known.
    """

    sentence: str
    believed: bool | None


def judge_verdict(
    judge: str, checks: Iterable[Check], minimum: float, has_controls: bool = True
) -> JudgeVerdict:
    """Return what people's ratings and its controls say of a judge, the ratings first, where there are any.

    A judge that fails either is not believed. Else ratings decide if they are enough to show something.

    Args:
        has_controls: whether the run has controls whose right place is known, scored or not.
        checks: those of one judge.
        minimum: the AUC below which it is not believed.
    """
    totals = [c for c in checks if c.level == "all" and c.against != ALL_CONTROLS]
    controls = [c for c in totals if c.against != HUMAN]
    by_controls = _by_controls(judge, controls, minimum, has_controls)
    ratings = [c for c in totals if c.against == HUMAN]
    if not ratings:
        return by_controls
    by_people = _by_people(judge, ratings[0])
    sentence = by_controls.sentence
    if by_people.believed is not None:
        sentence = sentence.replace("Not known:", "By its controls alone it is not known:", 1)
        sentence = sentence if has_controls or by_controls.believed is not None else ""
    both = (by_people.believed, by_controls.believed)
    believed = False if False in both else both[1] if both[0] is None else both[0]
    return JudgeVerdict(f"{by_people.sentence} {sentence}".strip(), believed)


def _by_people(judge: str, check: Check) -> JudgeVerdict:
    """What people's ratings say of a judge, from all rated edits together."""
    rho, pairs, edits = check.spearman, check.pairs, _rated_edits(check)
    if rho is None and check.n < MIN_EDITS:
        return JudgeVerdict(f"Too few for a correlation of {judge} with people’s ratings: {edits}.", None)
    if rho is None and pairs.tied_judge:
        return JudgeVerdict(
            f"{judge} gives the same score to {edits}, whatever people’s ratings are. Do not rely on it.",
            False,
        )
    if rho is None or rho.low is None or rho.high is None:
        return JudgeVerdict(f"People’s ratings are all the same, so nothing follows from {edits}.", None)
    figures = f"Spearman’s ρ is {rho.value:.2f} ({rho.low:.2f} to {rho.high:.2f}) over {edits}"
    if rho.value < NEAR_ZERO:
        return JudgeVerdict(
            f"{judge} {_disagrees(rho)} people’s ratings: {figures}. Do not rely on it.", False
        )
    if rho.low <= 0:
        return JudgeVerdict(
            f"Not known whether {judge} agrees with people’s ratings: {figures}, which chance could explain.",
            None,
        )
    if _is_partial(check):
        return JudgeVerdict(
            f"{judge} agrees with people’s ratings where it has a score: {figures}; the others could change "
            "that.",
            None,
        )
    return JudgeVerdict(f"{judge} agrees with people’s ratings: {figures}.", True)


def _disagrees(rho: Correlation) -> str:
    if rho.high is not None and rho.high < 0:
        return "contradicts"
    return "hardly agrees with" if rho.low is not None and rho.low > 0 else "was not shown to agree with"


def _rated_edits(check: Check) -> str:
    total = check.n + check.missing
    of = f"{check.n:,} of {total:,}" if check.missing else f"{total:,}"
    return f"{of} rated edit{'s' if total != 1 else ''}"


def _is_partial(check: Check) -> bool:
    """Whether so many scores are missing that they could change what a check says."""
    return check.missing > (1 - FULL_COVERAGE) * (check.n + check.missing) + CLOSE


def _by_controls(judge: str, totals: Sequence[Check], minimum: float, has_controls: bool) -> JudgeVerdict:
    compared = [c for c in totals if c.auc is not None]
    if has_controls and not compared:
        return JudgeVerdict("Not known: no item has a score of both its right answer and a control.", None)
    if not compared:
        return JudgeVerdict(
            "Not known: there is no control whose right place is known. Add controls to the editors: one "
            "that shows the right answers, and one that leaves the source unchanged (see config/README.md).",
            None,
        )
    failed = [c for c in compared if c.auc and c.auc.value < minimum]
    if failed:
        return JudgeVerdict(f"{_not_told(judge, failed, minimum)} Do not rely on it.", False)
    unclear = [c for c in compared if _is_unclear(c)]
    if unclear:
        return JudgeVerdict(f"Not known: {'; '.join(map(_unclear, unclear))}.", None)
    lowest = min(c.auc.value for c in compared if c.auc)
    partial = [c for c in compared if _is_partial(c)]
    if partial:
        parts = ", ".join(f"{c.against}: {c.n} of {c.n + c.missing}" for c in partial)
        return JudgeVerdict(
            f"Not known: {judge} tells the controls from a right answer on the items that have both scores "
            f"({parts}), the lowest AUC being {lowest:.2f}; the others could change that.",
            None,
        )
    none = [c.against for c in totals if c.auc is None]
    which = f" that could be compared (not {', '.join(none)})" if none else ""
    sentence = f"{judge} tells every control{which} from a right answer: the lowest AUC is {lowest:.2f}."
    return JudgeVerdict(sentence, True)


def rating_warnings(checks: Iterable[Check]) -> list[str]:
    """Return a warning for every judge whose scores do not follow people's ratings."""
    verdicts = [
        (c.judge, _by_people(f"'{c.judge}'", c)) for c in checks if c.level == "all" and c.against == HUMAN
    ]
    return [
        f"Do not rely on '{judge}' here. {verdict.sentence.removesuffix(_NOT_RELIED)}"
        for judge, verdict in verdicts
        if verdict.believed is False
    ]


def control_warnings(checks: Iterable[Check], minimum: float) -> list[str]:
    """Return a warning for every judge that does not separate each control from a right answer."""
    failed: dict[str, list[Check]] = {}
    for c in checks:
        if c.level == "all" and c.auc is not None and c.against != ALL_CONTROLS and c.auc.value < minimum:
            failed.setdefault(c.judge, []).append(c)
    return [
        f"Do not rely on '{judge}' here. {_warned(own, minimum)}: these AUCs are below {minimum:g} "
        f"(report.min_control_auc), and {CHANCE:g} is chance."
        for judge, own in failed.items()
    ]


def _warned(failed: Sequence[Check], minimum: float) -> str:
    sentences = []
    for says, is_sure in (("It does not tell", True), ("It was not shown to tell", False)):
        pairs = [
            f"'{c.right}' from '{c.against}' ({c.auc.value:.2f}, {c.auc.low:.2f} to {c.auc.high:.2f})"
            for c in failed
            if c.auc and _is_surely_below(c, minimum) == is_sure
        ]
        if pairs:
            sentences.append(f"{says} {', '.join(pairs)}")
    return ". ".join(sentences)


def _not_told(judge: str, failed: Sequence[Check], minimum: float) -> str:
    upside_down = [c.against for c in failed if c.auc and _is_surely_below(c, min(minimum, CHANCE))]
    sure = [c.against for c in failed if _is_surely_below(c, minimum) and c.against not in upside_down]
    unsure = [c.against for c in failed if not _is_surely_below(c, minimum)]
    parts = []
    if upside_down:
        parts.append(f"{judge} scores {', '.join(upside_down)} above a right answer.")
    if sure:
        parts.append(f"{judge} does not tell {', '.join(sure)} from a right answer.")
    if unsure:
        parts.append(f"{judge} was not shown to tell {', '.join(unsure)} from a right answer.")
    return " ".join(parts)


def _is_surely_below(check: Check, minimum: float) -> bool:
    return check.auc is not None and check.auc.high < minimum and check.sources >= FEWEST


def _is_unclear(check: Check) -> bool:
    """Whether chance could explain that right answers are above a control."""
    return check.auc is not None and (check.auc.low <= CHANCE or check.sources < FEWEST)


def _unclear(check: Check) -> str:
    auc = check.auc
    interval = "" if auc is None else f" (AUC {auc.value:.2f}, {auc.low:.2f} to {auc.high:.2f})"
    all_items = f" of {check.n + check.missing}" if check.missing else ""
    return (
        f"{check.n}{all_items} item{'s' if check.n + check.missing != 1 else ''} with both scores "
        f"{'are' if check.n != 1 else 'is'} too few to say whether {check.against} is told from a right "
        f"answer{interval}"
    )
