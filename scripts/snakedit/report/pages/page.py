"""The report's pages: index.html with the numbers, gallery.html with the pictures. Both open from disk.

Benchmarks, models and configurations are untrusted text, so the templates escape everything, and the only
addresses on the pages are quoted, relative paths. index.html contains its own style, so that it looks right
without the other files; gallery.html is empty until its scripts have read the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from snakedit.core.atomic import write_whole
from snakedit.core.durations import duration
from snakedit.report.data.failures import Causes
from snakedit.report.data.numbers import Numbers
from snakedit.report.figures.write import ReportFigure
from snakedit.report.pages.axis import axis_of
from snakedit.report.pages.judge_views import JudgeView
from snakedit.report.tables.columns import REPORT_FILES
from snakedit.stages.stale import STATE, state_of
from snakedit.telemetry.activity import Activity

REPORT_ROOM = Path(__file__).resolve().parents[1]
STATIC = REPORT_ROOM / "static"
ASSETS = "assets"
MAX_CAUSES = 20


@dataclass(frozen=True)
class Content:
    """The content of the front page.

    Attributes:
        controls: editors whose right place is known.
        notices: for a banner on every page: why the scores do not mean what they seem to.
        warnings: limits of the conclusions.
        predictions: name, seconds predicted and measured.
        thumbnails: number of pictures with a thumbnail, and of all pictures.
        preview: when a preview was built, which tells it from the next; empty for a whole report.
    """

    numbers: Numbers
    judges: Sequence[JudgeView]
    controls: Sequence[str]
    causes: Causes
    notices: Sequence[str]
    warnings: Sequence[str]
    figures: Sequence[ReportFigure]
    activity: Activity | None
    predictions: Sequence[tuple[str, float, float]]
    provenance: Mapping[str, Any]
    min_control_auc: float
    thumbnails: tuple[int, int]
    preview: str = ""


def write_pages(folder: Path, content: Content) -> None:
    """Write the style, the scripts, gallery.html and index.html into a report's folder."""
    environment = _environment()
    for source in sorted(STATIC.iterdir()):
        write_whole(folder / ASSETS / source.name, [source.read_text(encoding="utf-8")])
    write_whole(folder / STATE, [state_of(content.preview)])
    numbers, activity = content.numbers, content.activity
    values = {
        **vars(content),
        "benchmark": numbers.benchmark,
        "style": Markup((STATIC / "report.css").read_text(encoding="utf-8")),
        "folders": {category.name: category.folder for category in numbers.categories},
        "items": sum(category.n for category in numbers.categories),
        "causes": content.causes.most_frequent(),
        "failures": content.causes.total,
        "max_causes": MAX_CAUSES,
        "uses": activity.uses() if activity is not None else [],
        "files": REPORT_FILES,
    }
    for name in ("gallery.html", "index.html"):
        write_whole(folder / name, environment.get_template(name).generate(values))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(REPORT_ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["axis"] = axis_of
    environment.filters["made_with"] = made_with
    environment.filters["number"] = lambda value: f"{value:.2f}"
    environment.filters["p"] = lambda value: "< 0.001" if value < 0.001 else f"{value:.3f}"
    environment.filters["duration"] = duration
    environment.filters["thousands"] = lambda value: f"{value:,}"
    return environment


def made_with(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names of editors and judges with their results' versions, equal versions together."""
    groups: dict[str, list[str]] = {}
    for part in ("editors", "judges"):
        for name, entry in provenance[part].items():
            versions = "; ".join(f"{what} {' and '.join(used)}" for what, used in entry["made_with"].items())
            groups.setdefault(versions, []).append(name)
    return [(", ".join(names), versions) for versions, names in groups.items() if versions]
