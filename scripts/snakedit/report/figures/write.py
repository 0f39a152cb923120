"""The report's plots as files, each with a caption. A plot that has not changed is not drawn again."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from snakedit.core.atomic import write_whole
from snakedit.core.hashing import file_sha256
from snakedit.core.names import safe_name
from snakedit.report.data.leaderboard import LeaderboardRow, metric_table
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.stats.paired import PairedComparison
from snakedit.stats.samples import Array
from snakedit.telemetry.activity import Activity

PLOTS_FOLDER = "plots"
# Imported for a plot that has changed only: Altair takes a while.
PLOTS = "snakedit.report.figures.plots"


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
    earlier: Path,
    numbers: Numbers,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    compared: Mapping[tuple[str, str], Sequence[PairedComparison]],
    activity: Activity | None,
) -> list[ReportFigure]:
    """Write every plot that the results allow.

    Args:
        folder: the new report's.
        earlier: the folder of an earlier report, whose plots are used again where they show the same.
        headline: judge → ``macro`` or ``micro``.
        compared: (judge, total) → every two editors once.
    """
    (folder / PLOTS_FOLDER).mkdir(parents=True, exist_ok=True)
    figures = []
    for number, plot in enumerate(_plots(numbers, rows, headline, compared, activity)):
        file = f"{PLOTS_FOLDER}/{plot.kind}{'-' + safe_name(plot.judge) if plot.judge else ''}.svg"
        end = f"<!-- {plot.fingerprint(number)} -->\n"
        svg = _read(earlier / file)
        if not svg.endswith(end):
            drawn = plot.draw()
            if drawn is None:
                continue
            # Two judges may have equal plots, and a page must not have two gradients of one name.
            svg = drawn.replace("shades-", f"shades-{number}-").rstrip() + end
        write_whole(folder / file, [svg])
        figures.append(ReportFigure(plot.judge, plot.kind, file, plot.caption, svg))
    return figures


@dataclass(frozen=True)
class _Plot:
    """A plot that may be drawn: a function of `PLOTS`, and what it shows."""

    judge: str
    kind: str
    caption: str
    function: str
    shown: tuple[Any, ...]

    def draw(self) -> str | None:
        draw: Callable[..., str | None] = getattr(import_module(PLOTS), self.function)
        return draw(*self.shown)

    def fingerprint(self, number: int) -> str:
        """A hash of all that the SVG depends on."""
        content = json.dumps([number, self.function, self.shown, _drawn_by()], default=_plain)
        return hashlib.sha256(content.encode()).hexdigest()


@cache
def _drawn_by() -> list[str]:
    here = Path(__file__).parent
    files = [file_sha256(here / name) for name in ("plots.py", "svg.py")]
    return [version("altair"), version("vl-convert-python"), *files]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _read(path: Path) -> str:
    """The content of a file; empty where it is missing or damaged."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _plots(
    numbers: Numbers,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    compared: Mapping[tuple[str, str], Sequence[PairedComparison]],
    activity: Activity | None,
) -> Iterator[_Plot]:
    for judge in numbers.judges:
        total = headline[judge]
        standings = metric_table(rows, judge, SCORE, total).standings
        order = [standing.editor for standing in standings]
        yield _Plot(
            judge,
            "standings",
            f"The editors by {judge}: {total} means with their 95 % intervals.",
            "standings_plot",
            (standings, total),
        )
        yield _Plot(
            judge,
            "heat-map",
            f"Means of every metric in every category, by {judge}. Darker is higher.",
            "heat_map",
            ([row for row in rows if row.judge == judge], judge),
        )
        yield _Plot(
            judge,
            "distributions",
            f"How the items' scores by {judge} spread, as shares of each editor's scored items.",
            "distributions",
            ({editor: _known_scores(numbers, judge, editor) for editor in order},),
        )
        pairs = compared.get((judge, total), ())
        # To find out in `head_to_head` that a single editor has none would import Altair at every report.
        if any(pair.difference is not None for pair in pairs):
            yield _Plot(
                judge,
                "head-to-head",
                f"Mean differences by {judge} on the items that both editors have: the row's editor minus "
                "the column's. A star marks those that chance alone would hardly make (Holm, 5 %).",
                "head_to_head",
                (pairs, order),
            )
    if activity is not None:
        yield _Plot("", "timeline", "What each device did in the latest run.", "timeline", (activity.spans,))


def _known_scores(numbers: Numbers, judge: str, editor: str) -> Array:
    values = numbers.sample(judge, editor, SCORE).values
    return values[~np.isnan(values)]
