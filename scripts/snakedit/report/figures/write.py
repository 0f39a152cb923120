"""The report's plots as files below plots/, each with a caption."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snakedit.core.atomic import write_whole
from snakedit.core.names import safe_name
from snakedit.report.data.leaderboard import LeaderboardRow, metric_table
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.report.figures import plots
from snakedit.stats.intervals import Array
from snakedit.stats.paired import PairedComparison
from snakedit.telemetry.activity import Activity

PLOTS_FOLDER = "plots"


@dataclass(frozen=True)
class ReportFigure:
    """A plot with its file.

    Attributes:
        judge: the judge whose scores it shows, or empty.
        kind: ``standings``, ``heat-map``, ``distributions``, ``head-to-head`` or ``timeline``.
        file: its path within the report's folder.
        caption: one sentence.
        svg: the plot itself, for the page.
    """

    judge: str
    kind: str
    file: str
    caption: str
    svg: str


def write_figures(
    folder: Path,
    numbers: Numbers,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    compared: Mapping[tuple[str, str], Sequence[PairedComparison]],
    activity: Activity | None,
) -> list[ReportFigure]:
    """Write every plot that the results allow, and remove those of earlier results.

    Args:
        folder: the report's.
        headline: judge → ``macro`` or ``micro``.
        compared: (judge, total) → every two editors once.
    """
    figures = [
        # Two judges may have equal plots, and a page must not have two gradients of one name.
        ReportFigure(judge, kind, _file(kind, judge), caption, svg.replace("shades-", f"shades-{number}-"))
        for number, (judge, kind, caption, svg) in enumerate(
            _plots(numbers, rows, headline, compared, activity)
        )
        if svg is not None
    ]
    (folder / PLOTS_FOLDER).mkdir(parents=True, exist_ok=True)
    for figure in figures:
        write_whole(folder / figure.file, [figure.svg])
    kept = {figure.file for figure in figures}
    for old in (folder / PLOTS_FOLDER).glob("*.svg"):
        if f"{PLOTS_FOLDER}/{old.name}" not in kept:
            old.unlink()
    return figures


def _file(kind: str, judge: str) -> str:
    return f"{PLOTS_FOLDER}/{kind}-{safe_name(judge)}.svg" if judge else f"{PLOTS_FOLDER}/{kind}.svg"


def _plots(
    numbers: Numbers,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    compared: Mapping[tuple[str, str], Sequence[PairedComparison]],
    activity: Activity | None,
) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield judge, kind, caption and SVG."""
    for judge in numbers.judges:
        total = headline[judge]
        standings = metric_table(rows, judge, SCORE, total).standings
        order = [standing.editor for standing in standings]
        yield (
            judge,
            "standings",
            f"The editors by {judge}: {total} means with their 95 % intervals.",
            plots.standings_plot(standings, total),
        )
        yield (
            judge,
            "heat-map",
            f"Means of every metric in every category, by {judge}. Darker is higher.",
            plots.heat_map(rows, judge),
        )
        yield (
            judge,
            "distributions",
            f"How the items' scores by {judge} spread, as shares of each editor's scored items.",
            plots.distributions({editor: _known_scores(numbers, judge, editor) for editor in order}),
        )
        yield (
            judge,
            "head-to-head",
            f"Mean differences by {judge} on the items that both editors have: the row's editor minus the "
            "column's. A star marks those that chance alone would hardly make (Holm, 5 %).",
            plots.head_to_head(compared.get((judge, total), ()), order),
        )
    yield (
        "",
        "timeline",
        "What each device did in the latest run.",
        plots.timeline(activity.spans) if activity is not None else None,
    )


def _known_scores(numbers: Numbers, judge: str, editor: str) -> Array:
    values = numbers.sample(judge, editor, SCORE).values
    return values[~np.isnan(values)]
