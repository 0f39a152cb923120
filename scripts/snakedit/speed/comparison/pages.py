"""The comparison as files: a page that opens from disk, Markdown, SVGs and JSON."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from snakedit.core.atomic import write_whole
from snakedit.report.pages.page import STATIC
from snakedit.report.tables.markdown import aligned, escape_markdown
from snakedit.speed.comparison import charts
from snakedit.speed.comparison.compare import SpeedComparison, Times
from snakedit.telemetry.runs import JobTrace, RunTrace
from snakedit.telemetry.usage import Usage

HERE = Path(__file__).resolve().parent
STYLE = "report.css"
# The report hides its link to this folder's page. This style sheet, which the report loads, shows it, so that
# the link appears when a comparison exists, without building the report again.
LINK = "link.css"
SHOWN = (
    "/* Loaded by the report: it shows the link to this folder's page. */\n.compared { display: block; }\n"
)
TOTAL = "all categories"
HEAD = ("category", "side", "total, s", "edit, s", "score, s", "switch, s", "loads", "s an image", "speed-up")
NONE = "–"


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture: its file beside the page, what it shows in a sentence, and the SVG itself."""

    file: str
    caption: str
    svg: str


def write_comparison(
    comparison: SpeedComparison, runs: Sequence[RunTrace], serial_jobs: Sequence[JobTrace], output: Path
) -> None:
    """Write everything into ``output``'s folder, each file whole, and ``output``, the page, last.

    Args:
        runs: of the pipeline, as they were compared.
        serial_jobs: the serial side's telemetry.
    """
    folder = output.parent
    pictures = _pictures(comparison, runs, serial_jobs)
    for picture in pictures:
        write_whole(folder / picture.file, [picture.svg])
    content = {
        **dataclasses.asdict(comparison),
        "extrapolated": comparison.is_extrapolated,
        "speedup": comparison.rows[-1].speedup,
    }
    write_whole(folder / "speed.json", [json.dumps(content, indent=1, ensure_ascii=False) + "\n"])
    write_whole(folder / "speed.md", [markdown(comparison)])
    write_whole(folder / STYLE, [(STATIC / STYLE).read_text(encoding="utf-8")])
    write_whole(folder / LINK, [SHOWN])
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("speed.html").render(
        comparison=comparison,
        notes=notes(comparison),
        head=HEAD,
        lines=lines(comparison),
        usage=usage_lines(comparison),
        shares=share_lines(comparison),
        pictures=pictures,
    )
    write_whole(output, [page])


def markdown(comparison: SpeedComparison) -> str:
    """Return the tables as Markdown that is also aligned as plain text."""
    parts = [
        f"# Speed, before and after: {escape_markdown(comparison.benchmark)}",
        *(f"> {escape_markdown(note)}" for note in notes(comparison)),
        aligned([HEAD, *([escape_markdown(text) for text in line] for line in lines(comparison))]),
        aligned(usage_lines(comparison)),
        aligned(share_lines(comparison)),
    ]
    return "\n\n".join(parts) + "\n"


def notes(comparison: SpeedComparison) -> list[str]:
    """Return what a reader must know before the numbers."""
    found = []
    if comparison.simulated:
        found.append(
            "Simulated devices: each sleeps as long as its model is declared to take; processes, files, "
            "queues and Snakemake are the real ones."
        )
    if comparison.is_extrapolated:
        found.append(
            f"Extrapolated: one by one was measured on {comparison.sampled} of {comparison.items} edits, "
            "evenly spread over each category, and multiplied. run.baseline_items: null measures all."
        )
    how = {"reload": "read from disk", "offload": "moved out of CPU memory"}[comparison.swap]
    found.append(
        f"One by one: one device, every model {how} for each item. The start of its process, imports and "
        f"first loads ({comparison.serial_start:.1f} s), counts once, in the row of all categories."
    )
    if len(comparison.serial_processors) > 1:
        found.append(
            "One by one was measured on different processors, so its times are none of a single machine: "
            + ", ".join(comparison.serial_processors)
            + "."
        )
    found.append(
        f"Pipeline: {comparison.devices} devices, from the start of Snakemake to the last device's end"
        + (f", {comparison.runs} runs added up" if comparison.runs > 1 else "")
        + ". Its edit, score and switch times are device seconds ÷ devices, so that they are parts of the "
        "total; what the categories share is charged to each by its work."
    )
    difference = comparison.largest_difference
    found.append(
        f"Of {comparison.compared} images that both sides made, {comparison.identical} are the same to the "
        "byte; "
        + ("no scores to compare." if difference is None else f"scores differ by at most {difference:.2g}.")
    )
    return found


def lines(comparison: SpeedComparison) -> list[list[str]]:
    """Return the main table: two lines a category, and two for all of them."""
    table = []
    for row in comparison.rows:
        name = row.category or TOTAL
        table.append([name, "one by one", *_times(row.serial), "1.00 ×"])
        table.append([name, "pipeline", *_times(row.pipeline), f"{row.speedup:.2f} ×"])
    return table


def usage_lines(comparison: SpeedComparison) -> list[list[str]]:
    """Return what both sides used, its head first."""
    head = ["used", "one by one", "pipeline"]
    named = {
        "peak GPU memory, MB": "peak_gpu_memory_mb",
        "mean GPU memory, MB": "mean_gpu_memory_mb",
        "peak CPU memory, MB": "peak_memory_mb",
        "mean CPU memory, MB": "mean_memory_mb",
        "GPU utilisation, %": "gpu_percent",
        "CPU utilisation, % of a core": "cpu_percent",
    }
    sides: tuple[Usage, Usage] = (comparison.serial_usage, comparison.pipeline_usage)
    return [head, *([name, *(_number(getattr(s, key), 0) for s in sides)] for name, key in named.items())]


def share_lines(comparison: SpeedComparison) -> list[list[str]]:
    """Return where the devices' time goes, its head first."""
    sides = (comparison.serial_shares, comparison.pipeline_shares)
    rows = [[name, *(f"{100 * side[name]:.1f} %" for side in sides)] for name in comparison.pipeline_shares]
    return [["what limits", "one by one", "pipeline"], *rows]


def _times(times: Times) -> list[str]:
    seconds = [_number(value, 1) for value in (times.total, times.edit, times.score, times.switch)]
    return [*seconds, NONE if times.loads is None else str(times.loads), f"{times.seconds_an_image:.2f}"]


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"


def _pictures(
    comparison: SpeedComparison, runs: Sequence[RunTrace], serial_jobs: Sequence[JobTrace]
) -> list[Picture]:
    drawn = [
        (
            "timeline-serial.svg",
            "What the one device did, item by item.",
            charts.serial_timeline(serial_jobs),
        ),
        ("timeline-pipeline.svg", "What each device of the pipeline did.", charts.pipeline_timeline(runs)),
        ("shares.svg", "Where the devices' time goes.", charts.shares_plot(comparison)),
    ]
    return [Picture(file, caption, svg) for file, caption, svg in drawn if svg is not None]
