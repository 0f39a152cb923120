"""Making the whole report of one benchmark: its tables, its pictures and its pages."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from snakedit.config.load import Config
from snakedit.core.atomic import write_whole
from snakedit.core.logs import LOGGER
from snakedit.report.data.failures import Causes, failures
from snakedit.report.data.how_made import Making
from snakedit.report.data.judge_checks import judge_checks
from snakedit.report.data.leaderboard import Scales, comparisons, leaderboard
from snakedit.report.data.notices import demo_notices, simulation_notices, warnings
from snakedit.report.data.numbers import Collector
from snakedit.report.data.predictions import read_predictions
from snakedit.report.data.provenance import Origin, provenance, provenance_text
from snakedit.report.data.read import CategoryFiles, read_categories
from snakedit.report.figures.write import write_figures
from snakedit.report.gallery.gallery_data import GalleryData, pictures_of
from snakedit.report.gallery.thumbnails import Thumbnails
from snakedit.report.pages.judge_views import control_warnings, judge_views, write_judges
from snakedit.report.pages.page import Content, controls_of, write_pages
from snakedit.report.tables import csv_json as tables
from snakedit.report.tables.latex import leaderboard_latex
from snakedit.report.tables.long_form import ScoreTables
from snakedit.report.tables.markdown import leaderboard_markdown
from snakedit.telemetry.activity import read_activity

BUILDING = ".building"
PAGE = "index.html"


@dataclass(frozen=True)
class Judging:
    """What a report must know of a judge's rubric.

    Attributes:
        headline: the total that orders the editors, ``macro`` or ``micro``.
        scales: metric, the item's score among them → ends of its scale; empty where not known.
    """

    headline: str
    scales: Scales


def build_report(
    config: Config,
    benchmark: str,
    categories: Sequence[CategoryFiles],
    output: Path,
    judging: Mapping[str, Judging],
    origin: Origin,
    notices: Sequence[str] = (),
    workers: int = 1,
) -> None:
    """Write the tables, the pictures and the pages into ``output``'s folder.

    Everything is made in a folder beside them and then put in its place, ``output`` last: a report that
    cannot be made leaves the former one as it was.

    Args:
        benchmark: its name in the configuration.
        categories: where the records of each category lie, in the order to show them in.
        output: index.html.
        judging: judge → what its rubric says; one that is missing is ordered by its ``macro`` total.
        origin: what else the results were made from.
        notices: sentences for the banner, beside those that follow from the configuration.
        workers: threads that make thumbnails.

    Raises:
        RecordError: if the records cannot be read or do not belong together.
    """
    headline = {judge: judging[judge].headline if judge in judging else "macro" for judge in config.judges}
    folder = output.parent
    with _built(folder) as new:
        collector = Collector(benchmark, list(config.editors), list(config.judges))
        making, causes = Making.of(list(config.editors), list(config.judges)), Causes()
        thumbnails = Thumbnails(folder, config.report.max_thumbnails, len(categories), workers)
        gallery = GalleryData(new, folder, list(config.editors), list(config.judges))
        with ExitStack() as stack:
            scores = stack.enter_context(ScoreTables(new, benchmark))
            failed = stack.enter_context(open(new / "failures.csv", "w", encoding="utf-8", newline=""))
            failed.write(tables.failures_header())
            for category in read_categories(categories):
                arrays = collector.add(category)
                scores.add(category, arrays)
                making.add(category)
                small = thumbnails.of_category(pictures_of(category, item) for item in category.items)
                gallery.add(category, arrays, small)
                for failure in failures(category, list(config.editors), list(config.judges)):
                    causes.add(failure)
                    failed.write(tables.failure_line(benchmark, failure))
        numbers = collector.numbers()
        checks = judge_checks(config, numbers)
        doubts = control_warnings(checks, config.report.min_control_auc)
        banner = [*notices, *demo_notices(config), *simulation_notices(config), *doubts]
        scales = {judge: facts.scales for judge, facts in judging.items()}
        rows = leaderboard(numbers, scales)
        compared = comparisons(numbers)
        tables.write_leaderboard(new / "leaderboard.csv", benchmark, rows)
        tables.write_leaderboard_json(new / "leaderboard.json", numbers, rows, headline, banner)
        write_judges(new / "judges.csv", benchmark, checks)
        tables.write_comparisons(new / "comparisons.csv", benchmark, compared)
        write_whole(new / "leaderboard.md", [leaderboard_markdown(benchmark, rows, headline, banner)])
        write_whole(new / "leaderboard.tex", [leaderboard_latex(benchmark, rows, headline, banner)])
        origins = provenance(benchmark, origin, making)
        write_whole(new / "provenance.json", [provenance_text(origins)])
        limits = warnings(making, rows, headline)
        activity = read_activity(folder.parent / "telemetry")
        figures = write_figures(new, numbers, rows, headline, compared, activity)
        gallery.close(benchmark, controls_of(config), scales)
        content = Content(
            numbers=numbers,
            rows=rows,
            compared=compared,
            headline=headline,
            causes=causes,
            notices=banner,
            warnings=limits,
            figures=figures,
            activity=activity,
            predictions=read_predictions(folder.parent),
            provenance=origins,
            trust=judge_views(numbers, checks, making, config.report.min_control_auc),
            thumbnails=(thumbnails.made, gallery.pictures),
        )
        write_pages(new, config, content)
    thumbnails.remove_others()
    for line in (*banner, *limits):
        LOGGER.warning("%s", line)
    items = sum(category.n for category in numbers.categories)
    LOGGER.info("build_report %s: %d items, %d failures; see %s", benchmark, items, causes.total, output)


@contextmanager
def _built(folder: Path) -> Iterator[Path]:
    """A folder to build in; in the end its files take the place of the report's of the same name."""
    new = folder / BUILDING
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        for path in sorted(new.iterdir(), key=lambda path: path.name == PAGE):
            old = folder / path.name
            if old.is_dir():
                shutil.rmtree(old)
            path.replace(old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
