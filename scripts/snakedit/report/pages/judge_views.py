"""Each judge as the page shows it: whether it can be believed, its tables, and warnings about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from snakedit.report.data.how_made import ResultStats
from snakedit.report.data.judge_checks import ALL_CONTROLS, HUMAN, Check
from snakedit.report.data.leaderboard import LeaderboardRow, MetricTable, metric_table
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.report.data.roles import controls_of
from snakedit.stats.paired import PairedComparison
from snakedit.workflow.resolved import Run


@dataclass(frozen=True)
class JudgeView:
    """One judge as the page shows it.

    Attributes:
        name, rubric, reading: as in the configuration.
        verdict: whether it can be believed, in a sentence.
        believed: whether it separates every control from a right answer; None where that is not known.
        controls: each comparison's total and its categories.
        human: agreement with people's ratings.
        tables: the item's score first, then each metric of the rubric.
        compared: every two editors by the headline total.
        lead: a sentence on the first place; empty with fewer than two contestants.
        tokens, requests: of all its scores, as its server counted them.
    """

    name: str
    rubric: str
    reading: str
    verdict: str
    believed: bool | None
    controls: list[tuple[Check, dict[str, Check]]]
    human: list[Check]
    tables: list[MetricTable]
    compared: Sequence[PairedComparison]
    lead: str
    tokens: int
    requests: int


def judge_views(
    run: Run,
    numbers: Numbers,
    rows: Sequence[LeaderboardRow],
    compared: Mapping[tuple[str, str], Sequence[PairedComparison]],
    checks: Sequence[Check],
    stats: ResultStats,
    headline: Mapping[str, str],
) -> list[JudgeView]:
    """Return the views of all judges.

    Args:
        compared: (judge, total) → every two editors once.
        headline: judge → ``macro`` or ``micro``.
    """
    views = []
    for name in numbers.judges:
        own = [check for check in checks if check.judge == name]
        totals = [check for check in own if check.level == "all" and check.against != HUMAN]
        verdict, believed = _verdict(name, totals, run.config.report.min_control_auc)
        metrics = (SCORE, *(metric for metric in numbers.metrics[name] if metric != SCORE))
        tables = [metric_table(rows, name, metric, headline[name]) for metric in metrics]
        pairs = compared.get((name, headline[name]), ())
        views.append(
            JudgeView(
                name=name,
                rubric=run.judges[name].rubric_name,
                reading=run.judges[name].reading,
                verdict=verdict,
                believed=believed,
                controls=[(total, _by_category(total, own)) for total in totals],
                human=[check for check in own if check.against == HUMAN],
                tables=tables,
                compared=pairs,
                lead=lead(tables[0], pairs, controls_of(run)),
                tokens=stats.judges[name].tokens,
                requests=stats.judges[name].requests,
            )
        )
    return views


def control_warnings(checks: Iterable[Check], minimum: float) -> list[str]:
    """Return a warning for every judge that does not separate each control from a right answer."""
    failed: dict[str, list[str]] = {}
    for c in checks:
        if c.level == "all" and c.auc is not None and c.against != ALL_CONTROLS and c.auc.value < minimum:
            pair = f"'{c.right}' from '{c.against}' ({c.auc.value:.2f}, {c.auc.low:.2f} to {c.auc.high:.2f})"
            failed.setdefault(c.judge, []).append(pair)
    return [
        f"Do not rely on '{judge}' here. It does not tell {', '.join(pairs)}: these AUCs are below "
        f"{minimum:g} (report.min_control_auc), and 0.5 is chance."
        for judge, pairs in failed.items()
    ]


def lead(table: MetricTable, compared: Sequence[PairedComparison], controls: Sequence[str]) -> str:
    """Return which contestants the first one is significantly better than, and which not."""
    ranked = [s.editor for s in table.standings if s.totals[table.totals[0]].summary.mean is not None]
    contestants = [editor for editor in ranked if editor not in controls]
    if len(contestants) < 2:
        return ""
    first, *others = contestants
    won = {_winner_first(pair) for pair in compared if pair.is_significant}
    behind = [editor for editor in others if (editor, first) in won]
    if behind:
        return (
            f"{first} has the highest mean, but on the items that both have it is behind "
            f"{', '.join(behind)} by more than chance would explain."
        )
    close = [editor for editor in others if (first, editor) not in won]
    if not close:
        return f"{first} is ahead of every other editor by more than chance would explain."
    if len(close) == len(others):
        return f"{first} has the highest mean, but chance could explain its lead over every other editor."
    return f"{first} has the highest mean. Chance could explain its lead over {', '.join(close)}."


def _winner_first(pair: PairedComparison) -> tuple[str, str]:
    won = pair.difference is not None and pair.difference > 0
    return (pair.editor, pair.against) if won else (pair.against, pair.editor)


def _by_category(total: Check, checks: Iterable[Check]) -> dict[str, Check]:
    wanted = ("category", total.against, total.right)
    return {c.category: c for c in checks if (c.level, c.against, c.right) == wanted}


def _verdict(judge: str, totals: Sequence[Check], minimum: float) -> tuple[str, bool | None]:
    values = [(c.auc.value, c.against) for c in totals if c.auc is not None and c.against != ALL_CONTROLS]
    if not values:
        return "Not known: there is no control whose right place is known.", None
    failed = [against for value, against in values if value < minimum]
    unknown = [c.against for c in totals if c.auc is None and c.against != ALL_CONTROLS]
    if failed:
        return f"{judge} does not tell {', '.join(failed)} from a right answer. Do not rely on it.", False
    compared = f" that could be compared (not {', '.join(unknown)})" if unknown else ""
    return (
        f"{judge} tells every control{compared} from a right answer: the lowest AUC is {min(values)[0]:.2f}.",
        True,
    )
