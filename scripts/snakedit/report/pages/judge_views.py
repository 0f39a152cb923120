"""Each judge as the page shows it: whether it can be believed, and its tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from snakedit.report.data.how_made import ResultStats
from snakedit.report.data.judge_checks import HUMAN, Check
from snakedit.report.data.leaderboard import LeaderboardRow, MetricTable, metric_table
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.report.data.roles import controls_of, right_answers, shown_by, wrong_answers
from snakedit.report.data.verdicts.differences import least_shown
from snakedit.report.data.verdicts.judges import JudgeVerdict, judge_verdict
from snakedit.report.data.verdicts.leads import lead
from snakedit.stats.paired import PairedComparison
from snakedit.workflow.resolved import Run


@dataclass(frozen=True)
class JudgeView:
    """One judge as the page shows it.

    Attributes:
        name, rubric, reading: as in the configuration.
        verdict: whether it can be believed.
        controls: each comparison's total and its categories.
        human: agreement with people's ratings.
        tables: the item's score first, then each metric of the rubric.
        compared: every two editors by the headline total.
        lead: a sentence on the first place; empty with fewer than two contestants.
        least_shown: which differences between contestants could have been shown; empty where none is known.
        tokens, requests: of all its scores, as its server counted them.
    """

    name: str
    rubric: str
    reading: str
    verdict: JudgeVerdict
    controls: list[tuple[Check, dict[str, Check]]]
    human: list[Check]
    tables: list[MetricTable]
    compared: Sequence[PairedComparison]
    lead: str
    least_shown: str
    tokens: int
    requests: int


def judge_views(
    run: Run,
    numbers: Numbers,
    rows: Sequence[LeaderboardRow],
    compared: Mapping[tuple[str, str], Sequence[PairedComparison]],
    if_missing_lowest: Mapping[tuple[str, str], Sequence[PairedComparison]],
    checks: Sequence[Check],
    stats: ResultStats,
    headline: Mapping[str, str],
) -> list[JudgeView]:
    """Return the views of all judges.

    Args:
        compared: (judge, total) → every two editors once.
        if_missing_lowest: the same, with every missing score as the lowest of its scale.
        headline: judge → ``macro`` or ``micro``.
    """
    views = []
    controls = controls_of(run)
    has_controls = bool(right_answers(run) and wrong_answers(run)) or any(shown_by(run, c) for c in controls)
    for name in numbers.judges:
        own = [check for check in checks if check.judge == name]
        totals = [check for check in own if check.level == "all" and check.against != HUMAN]
        verdict = judge_verdict(name, own, run.config.report.min_control_auc, has_controls)
        metrics = (SCORE, *(metric for metric in numbers.metrics[name] if metric != SCORE))
        parts = list(run.judges[name].to_rubric().parts)
        tables = [metric_table(rows, name, m, headline[name], parts if m == SCORE else ()) for m in metrics]
        pairs = compared.get((name, headline[name]), ())
        views.append(
            JudgeView(
                name=name,
                rubric=run.judges[name].rubric_name,
                reading=run.judges[name].reading,
                verdict=verdict,
                controls=[(total, _by_category(total, own)) for total in totals],
                human=[check for check in own if check.against == HUMAN],
                tables=tables,
                compared=pairs,
                lead=lead(tables[0], pairs, if_missing_lowest.get((name, headline[name]), ()), controls),
                least_shown=least_shown(pairs, controls),
                tokens=stats.judges[name].tokens,
                requests=stats.judges[name].requests,
            )
        )
    return views


def _by_category(total: Check, checks: Iterable[Check]) -> dict[str, Check]:
    wanted = ("category", total.against, total.right)
    return {c.category: c for c in checks if (c.level, c.against, c.right) == wanted}
