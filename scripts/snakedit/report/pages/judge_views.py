"""The judges' own report, as a table, as warnings, and as the page shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from snakedit.core.atomic import write_whole
from snakedit.core.spreadsheet import cell
from snakedit.report.data.how_made import Making
from snakedit.report.data.judge_checks import ALL_CONTROLS, HUMAN, Check
from snakedit.report.data.numbers import Numbers

COLUMNS = (
    "benchmark",
    "judge",
    "against",
    "right",
    "level",
    "category",
    "editor",
    "n",
    "missing",
    "auc",
    "ci_low",
    "ci_high",
    "agree",
    "disagree",
    "tied_judge",
    "tied_human",
    "tied_both",
    "accuracy",
    "spearman",
    "kendall_tau_b",
)


@dataclass(frozen=True)
class JudgeView:
    """One judge as the page shows it.

    Attributes:
        verdict: whether it can be believed, in a sentence.
        believed: whether it tells every control from a right answer; None where that is not known.
        controls: each comparison's total and its categories.
    """

    name: str
    verdict: str
    believed: bool | None
    controls: list[tuple[Check, dict[str, Check]]]
    human: list[Check]
    tokens: int
    requests: int


def write_judges(path: Path, benchmark: str, checks: Iterable[Check]) -> None:
    """Write judges.csv whole. A number that does not exist is an empty field."""
    rows = [
        (
            *(benchmark, c.judge, c.against, c.right, c.level, cell(c.category), c.editor, c.n, c.missing),
            *((c.auc.value, c.auc.low, c.auc.high) if c.auc else (None, None, None)),
            *(c.pairs.agree, c.pairs.disagree, c.pairs.tied_judge, c.pairs.tied_human, c.pairs.tied_both),
            *(c.pairs.accuracy, c.spearman, c.kendall),
        )
        for c in checks
    ]
    write_whole(path, [pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(index=False)])


def control_warnings(checks: Iterable[Check], minimum: float) -> list[str]:
    """Return a warning for every judge that does not tell each control from a right answer well enough."""
    failed: dict[str, list[str]] = {}
    for c in checks:
        if c.level == "all" and c.auc is not None and c.against != ALL_CONTROLS and c.auc.value < minimum:
            told = f"'{c.right}' from '{c.against}' ({c.auc.value:.2f}, {c.auc.low:.2f} to {c.auc.high:.2f})"
            failed.setdefault(c.judge, []).append(told)
    return [
        f"Do not rely on '{judge}' here. It does not tell {', '.join(told)}: these AUCs are below "
        f"{minimum:g} (report.min_control_auc), and 0.5 is chance."
        for judge, told in failed.items()
    ]


def judge_views(numbers: Numbers, checks: Sequence[Check], making: Making, minimum: float) -> list[JudgeView]:
    """Return what the page shows of each judge."""
    views = []
    for judge in numbers.judges:
        own = [c for c in checks if c.judge == judge]
        totals = [c for c in own if c.level == "all" and c.against != HUMAN]
        verdict, believed = _verdict(judge, totals, minimum)
        views.append(
            JudgeView(
                judge,
                verdict,
                believed,
                [
                    (
                        total,
                        {
                            c.category: c
                            for c in own
                            if (c.level, c.against, c.right) == ("category", total.against, total.right)
                        },
                    )
                    for total in totals
                ],
                [c for c in own if c.against == HUMAN],
                tokens=making.judges[judge].tokens,
                requests=making.judges[judge].requests,
            )
        )
    return views


def _verdict(judge: str, totals: Sequence[Check], minimum: float) -> tuple[str, bool | None]:
    known = [c for c in totals if c.auc is not None and c.against != ALL_CONTROLS]
    if not known:
        return "Not known: there is no control whose right place is known.", None
    values = [(c.auc.value, c.against) for c in known if c.auc is not None]
    failed = [against for value, against in values if value < minimum]
    unknown = [c.against for c in totals if c.auc is None and c.against != ALL_CONTROLS]
    if not failed:
        compared = f" that could be compared (not {', '.join(unknown)})" if unknown else ""
        lowest = min(values)[0]
        return (
            f"{judge} tells every control{compared} from a right answer: the lowest AUC is {lowest:.2f}.",
            True,
        )
    return f"{judge} does not tell {', '.join(failed)} from a right answer. Do not rely on it.", False
