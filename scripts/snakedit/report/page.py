"""The report's page: static HTML that opens from disk, a file for the leaderboard and for each category.

All text comes from strangers (benchmarks, models, configurations), so the templates escape everything and
no address but a quoted, relative path is ever written.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from snakedit.config import Config
from snakedit.names import safe_name
from snakedit.records import Edit, Item, Score, write_whole
from snakedit.report.activity import Activity
from snakedit.report.figures import Figure
from snakedit.report.judges import JudgeView
from snakedit.report.predictions import read_predictions
from snakedit.report.read import Category, Results
from snakedit.report.tables import SCORE, TOTALS, Failure, Row, Standing, metrics_of, standings

HERE = Path(__file__).resolve().parent
STYLE = "report.css"
CONTROLS = ("identity", "shuffled", "blank", "reference")
MAX_CAUSES = 20


@dataclass(frozen=True)
class Table:
    """A judge's table of one metric; the headline total is the first of `totals`."""

    metric: str
    totals: list[str]
    categories: list[str]
    standings: list[Standing]


@dataclass(frozen=True)
class Reading:
    """One judge's record of one edit, None where there is none, and its words by metric."""

    judge: str
    score: Score | None
    words: dict[str, list[str]]


@dataclass(frozen=True)
class EditView:
    """One editor's edit of one item; `url` is None where it has no image."""

    editor: str
    edit: Edit | None
    url: str | None
    readings: list[Reading]


@dataclass(frozen=True)
class ItemView:
    """One item as its page shows it; `anchor` stays the same from report to report."""

    anchor: str
    item: Item
    sources: list[str]
    reference: str | None
    edits: list[EditView]


@dataclass(frozen=True)
class Cause:
    """Failures of one stage, editor, judge and status whose errors begin with the same line."""

    count: int
    reason: str
    failure: Failure


def write_pages(
    output: Path,
    config: Config,
    results: Results,
    rows: Sequence[Row],
    failures: Sequence[Failure],
    headline: Mapping[str, str],
    notices: Sequence[str],
    warnings: Sequence[str],
    figures: Sequence[Figure] = (),
    activity: Activity | None = None,
    trust: Sequence[JudgeView] = (),
) -> None:
    """Write the style, a page for each category and, last, ``output``; remove the pages of former categories.

    Args:
        output: index.html, in a folder of its own.
        headline: judge → ``macro`` or ``micro``.
        notices: for a banner on every page: why the scores do not mean what they seem to.
        warnings: for the front page: what limits the conclusions.
        figures: for the front page.
        activity: what the devices did in the latest run, if it is known.
        trust: whether each judge can be believed.
    """
    folder = output.parent
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / STYLE, [(HERE / "static" / STYLE).read_text(encoding="utf-8")])
    environment = _environment()
    pages = {category.name: page_name(category) for category in results.categories}
    common: dict[str, Any] = {
        "benchmark": results.benchmark,
        "notices": notices,
        "pages": [(name, quote(page)) for name, page in pages.items()],
        "controls": [editor.name for editor in config.editors.values() if editor.type in CONTROLS],
        "front": quote(output.name),
    }
    template = environment.get_template("items.html")
    for category in results.categories:
        write_whole(
            folder / pages[category.name],
            template.generate(**common, category=category, items=item_views(category, results, folder)),
        )
    for old in folder.glob("items-*.html"):
        if old.name not in pages.values():
            old.unlink()
    front = environment.get_template("index.html").generate(
        **common,
        warnings=warnings,
        judges=[
            (config.judges[judge], tables(results, rows, judge, headline[judge])) for judge in results.judges
        ],
        editors=[config.editors[editor] for editor in results.editors],
        categories=[(category, quote(pages[category.name])) for category in results.categories],
        failures=failures,
        causes=causes(failures),
        max_causes=MAX_CAUSES,
        figures=figures,
        activity=activity,
        predictions=read_predictions(folder.parent),
        uses=activity.uses() if activity is not None else [],
        trust=trust,
    )
    write_whole(output, front)


def page_name(category: Category) -> str:
    """Return the file name of a category's page."""
    return f"items-{category.files.folder}.html"


def tables(results: Results, rows: Sequence[Row], judge: str, headline: str) -> list[Table]:
    """Return a judge's tables: the item's score first, then each metric of its rubric."""
    made: list[Table] = []
    for metric in (SCORE, *(m for m in metrics_of(results, judge) if m != SCORE)):
        table = standings(rows, judge, metric, headline)
        names = [c.name for c in results.categories if any(c.name in s.categories for s in table)]
        made.append(Table(metric, sorted(TOTALS, key=lambda total: total != headline), names, table))
    return made


def causes(failures: Sequence[Failure]) -> list[Cause]:
    """Return the failures by cause, in whatever category, the most frequent first."""
    groups: dict[tuple[str, str, str, str, str], list[Failure]] = {}
    for failure in failures:
        reason = failure.error.strip().split("\n", 1)[0]
        key = (failure.stage, failure.editor, failure.judge, failure.status, reason)
        groups.setdefault(key, []).append(failure)
    return sorted(
        (Cause(len(group), key[-1], group[0]) for key, group in groups.items()), key=lambda c: -c.count
    )


def item_views(category: Category, results: Results, folder: Path) -> Iterator[ItemView]:
    """Yield what a category's page shows of each item, in their order; ``folder`` is the page's."""
    items = relative_url(category.files.items.parent, folder)
    edits = {editor: relative_url(path.parent, folder) for editor, path in category.files.edits.items()}
    for item in category.items:
        yield ItemView(
            anchor=f"item-{safe_name(item.id)}",
            item=item,
            sources=[f"{items}/{quote(image)}" for image in item.images],
            reference=f"{items}/{quote(item.reference)}" if item.reference else None,
            edits=[_edit_view(category, editor, item, edits[editor], results) for editor in results.editors],
        )


def relative_url(path: Path, folder: Path) -> str:
    """Return the quoted address of ``path`` as a page in ``folder`` links to it."""
    return quote(Path(os.path.relpath(path, folder)).as_posix())


def words(replies: Any) -> list[str]:
    """Return what a judge said as lines of text, whatever form its record has.

    >>> words(["Good: 4", {"expected": 3.25, "mass": 0.998}])
    ['Good: 4', 'expected 3.25 · mass 0.998']
    """
    if isinstance(replies, list):
        return [line for reply in replies for line in words(reply)]
    if isinstance(replies, dict):
        return [" · ".join(f"{name} {_said(value)}" for name, value in replies.items())]
    return [_said(replies)]


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _edit_view(category: Category, editor: str, item: Item, base: str, results: Results) -> EditView:
    edit = category.edits[editor].get(item.id)
    scores = {judge: category.scores[judge, editor].get(item.id) for judge in results.judges}
    return EditView(
        editor=editor,
        edit=edit,
        url=f"{base}/{quote(edit.image)}" if edit and edit.image else None,
        readings=[
            Reading(
                judge, score, {name: words(reply) for name, reply in score.replies.items()} if score else {}
            )
            for judge, score in scores.items()
        ],
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:.2f}"
    return environment
