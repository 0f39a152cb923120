"""The report's pages: index.html with the numbers, gallery.html with the pictures. Both open from disk.

All text comes from strangers (benchmarks, models, configurations), so the templates escape everything and
no address but a quoted, relative path is ever written. index.html holds its own style, so that it shows
right also where it is alone; gallery.html is empty until its scripts have read the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from snakedit.config.load import Config
from snakedit.core.atomic import write_whole
from snakedit.report.data.failures import Causes
from snakedit.report.data.leaderboard import TOTALS, Row, Standing, standings
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.report.figures.write import Figure
from snakedit.report.pages.axis import Axis, axis_of
from snakedit.report.pages.judge_views import JudgeView
from snakedit.report.tables.columns_guide import FILES
from snakedit.stats.paired import Comparison
from snakedit.telemetry.activity import Activity

HERE = Path(__file__).resolve().parents[1]
STATIC = HERE / "static"
ASSETS = "assets"
CONTROLS = ("identity", "shuffled", "blank", "reference")
MAX_CAUSES = 20


@dataclass(frozen=True)
class Table:
    """A judge's table of one metric; the headline total is the first of `totals`."""

    metric: str
    totals: list[str]
    categories: list[str]
    standings: list[Standing]
    axis: Axis | None


@dataclass(frozen=True)
class JudgedView:
    """All that one judge says, as the page shows it.

    Attributes:
        compared: every two editors by the headline total.
        lead: what may be said of the first place, in a sentence; empty where nothing may.
    """

    judge: Any
    tables: list[Table]
    compared: Sequence[Comparison]
    lead: str


@dataclass(frozen=True)
class Content:
    """What stands on the front page.

    Attributes:
        headline: judge → ``macro`` or ``micro``.
        notices: for a banner on every page: why the scores do not mean what they seem to.
        warnings: what limits the conclusions.
        compared: (judge, total) → every two editors.
        predictions: what, seconds predicted and measured.
        trust: whether each judge can be believed.
        thumbnails: pictures that have one, and pictures there are.
    """

    numbers: Numbers
    rows: Sequence[Row]
    compared: Mapping[tuple[str, str], Sequence[Comparison]]
    headline: Mapping[str, str]
    causes: Causes
    notices: Sequence[str]
    warnings: Sequence[str]
    figures: Sequence[Figure]
    activity: Activity | None
    predictions: Sequence[tuple[str, float, float]]
    provenance: Mapping[str, Any]
    trust: Sequence[JudgeView]
    thumbnails: tuple[int, int]


def write_pages(folder: Path, config: Config, content: Content) -> None:
    """Write the style, the scripts, gallery.html and index.html into a report's folder."""
    environment = _environment()
    for source in sorted(STATIC.iterdir()):
        write_whole(folder / ASSETS / source.name, [source.read_text(encoding="utf-8")])
    numbers = content.numbers
    controls = controls_of(config)
    common: dict[str, Any] = {
        "benchmark": numbers.benchmark,
        "notices": content.notices,
        "controls": controls,
        "thumbnails": content.thumbnails,
    }
    gallery = environment.get_template("gallery.html").generate(**common)
    write_whole(folder / "gallery.html", gallery)
    activity = content.activity
    front = environment.get_template("index.html").generate(
        **common,
        style=Markup((STATIC / "report.css").read_text(encoding="utf-8")),
        warnings=content.warnings,
        numbers=numbers,
        folders={category.name: category.folder for category in numbers.categories},
        items=sum(category.n for category in numbers.categories),
        judges=[_judge_view(config, content, judge, controls) for judge in numbers.judges],
        causes=content.causes.most_frequent(),
        failures=content.causes.total,
        max_causes=MAX_CAUSES,
        figures=content.figures,
        activity=activity,
        predictions=content.predictions,
        uses=activity.uses() if activity is not None else [],
        provenance=content.provenance,
        files=FILES,
        trust=content.trust,
        min_control_auc=config.report.min_control_auc,
    )
    write_whole(folder / "index.html", front)


def controls_of(config: Config) -> list[str]:
    """Return the editors whose right place is known."""
    return [editor.name for editor in config.editors.values() if editor.type in CONTROLS]


def tables(numbers: Numbers, rows: Sequence[Row], judge: str, headline: str) -> list[Table]:
    """Return a judge's tables: the item's score first, then each metric of its rubric."""
    made: list[Table] = []
    for metric in (SCORE, *(m for m in numbers.metrics[judge] if m != SCORE)):
        table = standings(rows, judge, metric, headline)
        names = [c.name for c in numbers.categories if any(c.name in s.categories for s in table)]
        totals = sorted(TOTALS, key=lambda total: total != headline)
        axis = axis_of([standing.totals[headline] for standing in table])
        made.append(Table(metric, totals, names, table, axis))
    return made


def lead(table: Table, compared: Sequence[Comparison], controls: Sequence[str]) -> str:
    """Return which editors the first one is better than, and from which it cannot be told apart."""
    ranked = [s.editor for s in table.standings if s.totals[table.totals[0]].summary.mean is not None]
    contestants = [editor for editor in ranked if editor not in controls]
    if len(contestants) < 2:
        return ""
    first, *others = contestants
    won = {_winner_first(c) for c in compared if c.is_significant}
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


def _winner_first(c: Comparison) -> tuple[str, str]:
    return (c.editor, c.against) if c.difference is not None and c.difference > 0 else (c.against, c.editor)


def _judge_view(config: Config, content: Content, judge: str, controls: Sequence[str]) -> JudgedView:
    total = content.headline[judge]
    found = tables(content.numbers, content.rows, judge, total)
    compared = content.compared.get((judge, total), ())
    return JudgedView(config.judges[judge], found, compared, lead(found[0], compared, controls))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["made_with"] = made_with
    environment.filters["number"] = lambda value: f"{value:.2f}"
    environment.filters["p"] = lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}"
    environment.filters["duration"] = duration
    environment.filters["thousands"] = lambda value: f"{value:,}"
    return environment


def made_with(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return who was made with which versions, those that were made with the same together."""
    groups: dict[str, list[str]] = {}
    for part in ("editors", "judges"):
        for name, entry in provenance[part].items():
            used = {what: " and ".join(versions) for what, versions in entry["made_with"].items()}
            told = "; ".join(f"{what} {versions}" for what, versions in used.items())
            groups.setdefault(told, []).append(name)
    return [(", ".join(names), told) for told, names in groups.items() if told]


def duration(seconds: float) -> str:
    """Return a time as a reader wants it.

    >>> duration(0.25), duration(75.0), duration(7380.0)
    ('0.2 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
