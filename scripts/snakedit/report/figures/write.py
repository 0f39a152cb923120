"""The report's pictures as files below plots/, each with what it shows in a sentence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snakedit.core.atomic import write_whole
from snakedit.core.names import safe_name
from snakedit.report.data.leaderboard import Row, standings
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.report.figures import plots
from snakedit.stats.intervals import Array
from snakedit.stats.paired import Comparison
from snakedit.telemetry.activity import Activity

FOLDER = "plots"


@dataclass(frozen=True)
class Figure:
    """One picture.

    Attributes:
        judge: whose scores it shows, or empty.
        kind: ``standings``, ``heat-map``, ``distributions``, ``head-to-head`` or ``timeline``.
        file: its path within the report's folder.
        caption: what it shows, in a sentence.
        svg: the picture itself, for the page.
    """

    judge: str
    kind: str
    file: str
    caption: str
    svg: str


def write_figures(
    folder: Path,
    numbers: Numbers,
    rows: Sequence[Row],
    headline: Mapping[str, str],
    compared: Mapping[tuple[str, str], Sequence[Comparison]],
    activity: Activity | None,
) -> list[Figure]:
    """Write every picture that the results allow, and remove those of former results.

    Args:
        folder: the report's.
        headline: judge → ``macro`` or ``micro``.
        compared: (judge, total) → every two editors once.
    """
    figures = [
        # Two judges may have the same picture, and a page no two gradients of one name.
        Figure(judge, kind, _file(kind, judge), caption, svg.replace("shades-", f"shades-{number}-"))
        for number, (judge, kind, caption, svg) in enumerate(
            _drawn(numbers, rows, headline, compared, activity)
        )
        if svg is not None
    ]
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for figure in figures:
        write_whole(folder / figure.file, [figure.svg])
    kept = {figure.file for figure in figures}
    for old in (folder / FOLDER).glob("*.svg"):
        if f"{FOLDER}/{old.name}" not in kept:
            old.unlink()
    return figures


def _file(kind: str, judge: str) -> str:
    return f"{FOLDER}/{kind}-{safe_name(judge)}.svg" if judge else f"{FOLDER}/{kind}.svg"


def _drawn(
    numbers: Numbers,
    rows: Sequence[Row],
    headline: Mapping[str, str],
    compared: Mapping[tuple[str, str], Sequence[Comparison]],
    activity: Activity | None,
) -> Iterator[tuple[str, str, str, str | None]]:
    for judge in numbers.judges:
        total = headline[judge]
        table = standings(rows, judge, SCORE, total)
        yield (
            judge,
            "standings",
            f"The editors by {judge}: {total} means with their 95 % intervals.",
            plots.standings_plot(table, total),
        )
        yield (
            judge,
            "heat-map",
            f"Means of every metric in every category, by {judge}. Darker is higher.",
            plots.heat_map(rows, judge),
        )
        order = [standing.editor for standing in table]
        yield (
            judge,
            "distributions",
            f"How the items' scores by {judge} spread, as shares of each editor's scored items.",
            plots.distributions({editor: _scores(numbers, judge, editor) for editor in order}),
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
        plots.timeline(activity) if activity is not None else None,
    )


def _scores(numbers: Numbers, judge: str, editor: str) -> Array:
    values = numbers.sample(judge, editor, SCORE).values
    return values[~np.isnan(values)]
