"""Which judge can be believed: the sentences on how it scores controls, whose right place is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snakedit.report.data.judge_checks import ALL_CONTROLS, HUMAN, Check
from snakedit.report.data.verdicts.leads import FULL_COVERAGE
from snakedit.stats.intervals import FEWEST
from snakedit.stats.samples import CLOSE

CHANCE = 0.5


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
    """Return what a judge's controls say of it.

    Args:
        has_controls: whether the run has controls whose right place is known, scored or not.
        checks: those of one judge.
        minimum: the AUC below which it is not believed.
    """
    totals = [c for c in checks if c.level == "all" and c.against not in (HUMAN, ALL_CONTROLS)]
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
    partial = [c for c in compared if c.missing > (1 - FULL_COVERAGE) * (c.n + c.missing) + CLOSE]
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
