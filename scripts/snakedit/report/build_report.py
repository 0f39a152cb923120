"""Building the whole report of one benchmark: its tables, its plots and its pages."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from snakedit.core.atomic import write_whole
from snakedit.core.logs import LOGGER
from snakedit.report.data.failures import Causes, failures
from snakedit.report.data.gaps import Gaps, absent_controls
from snakedit.report.data.how_made import ResultStats
from snakedit.report.data.judge_checks import judge_checks
from snakedit.report.data.leaderboard import comparisons, leaderboard
from snakedit.report.data.notices import demo_notices, simulation_notices, warnings
from snakedit.report.data.numbers import SCORE, Collector, Numbers
from snakedit.report.data.partial import PartialResults, partial_notices
from snakedit.report.data.parts import with_parts_of_scores
from snakedit.report.data.present import PresentResults
from snakedit.report.data.provenance import provenance, provenance_text
from snakedit.report.data.read import Category, CategoryFiles, read_categories
from snakedit.report.data.roles import controls_of, unedited_sources
from snakedit.report.data.unchanged import UnchangedEdits
from snakedit.report.data.verdicts.differences import not_above_the_source, unchanged_edits
from snakedit.report.data.verdicts.judges import control_warnings, rating_warnings
from snakedit.report.figures.write import write_figures
from snakedit.report.gallery.gallery_data import GalleryData, pictures_of
from snakedit.report.gallery.thumbnails import Thumbnails
from snakedit.report.pages.judge_views import judge_views
from snakedit.report.pages.page import Content, write_pages
from snakedit.report.tables.columns import COMPARISONS, FAILURES, JUDGES, LEADERBOARD, PROVENANCE
from snakedit.report.tables.latex import leaderboard_latex
from snakedit.report.tables.leaderboard_json import leaderboard_json
from snakedit.report.tables.long_form import ScoreTables
from snakedit.report.tables.markdown import leaderboard_markdown
from snakedit.stats.paired import PairedComparison
from snakedit.telemetry.activity import read_activity
from snakedit.workflow.resolved import Run

BUILDING = ".building"
PAGE = "index.html"


def build_report(
    run: Run,
    benchmark: str,
    categories: Sequence[CategoryFiles],
    output: Path,
    git: Mapping[str, Any],
    notices: Sequence[str] = (),
    workers: int = 1,
    predictions: Sequence[tuple[str, float, float]] = (),
    partial: PartialResults | None = None,
    prepared: Mapping[str, str] | None = None,
) -> None:
    """Write the tables, the plots and the pages into ``output``'s folder.

    Everything is written to a folder beside them and then moved, ``output`` last: if the report cannot be
    built, the previous one stays unchanged.

    Args:
        benchmark: its name in the configuration.
        categories: paths of each category's records, in the order to show them in.
        output: index.html.
        git: the state of the checkout, as `git_state` returns it.
        notices: sentences for the banner, beside those that follow from the configuration.
        workers: threads that make thumbnails.
        predictions: name, seconds predicted and measured of each part of the run.
        partial: reads `categories` for a preview of a run that has not finished; None for a whole report.
        prepared: category's folder → the fingerprint of its items' recipe, to know stale ones by.

    Raises:
        RecordError: if the records cannot be read or do not belong together.
    """
    rubrics = {name: judge.to_rubric() for name, judge in run.judges.items()}
    headline = {name: rubric.headline for name, rubric in rubrics.items()}
    scales = {name: rubric.scales() for name, rubric in rubrics.items()}
    parts = {name: list(rubric.parts) for name, rubric in rubrics.items()}
    minimum = run.config.report.min_control_auc
    folder = output.parent
    with _new_folder(folder) as new:
        stats, causes, unchanged = ResultStats(run.editors, run.judges), Causes(), UnchangedEdits()
        gaps = Gaps(list(run.editors), list(run.judges))
        thumbnails = Thumbnails(folder, run.config.report.max_thumbnails, len(categories), workers)
        gallery = GalleryData(new, folder, list(run.editors), list(run.judges))
        present = PresentResults(run, prepared)
        read = present.read if partial is None else partial.read
        whole = (with_parts_of_scores(category, rubrics) for category in read_categories(categories, read))
        numbers = _reduce(
            new,
            run,
            benchmark,
            whole,
            stats,
            unchanged,
            causes,
            gaps,
            thumbnails,
            gallery,
            counts_missing=partial is None,
        )
        stamp = "" if partial is None else datetime.now(UTC).isoformat(timespec="milliseconds")
        controls = controls_of(run)
        gallery.close(benchmark, controls, scales)
        rows, pairs = leaderboard(numbers, scales), comparisons(numbers, scales, controls)
        if_lowest = comparisons(numbers, scales, controls, missing_is_lowest=True)
        checks = judge_checks(run, numbers)
        doubts = [*rating_warnings(checks), *control_warnings(checks, minimum)]
        notices = [*notices, *partial_notices(partial, stamp), *present.sentences()]
        banner = [*notices, *gaps.sentences(), *demo_notices(run.config), *simulation_notices(run), *doubts]
        shown = {judge: pairs[judge, total] for judge, total in headline.items()}
        limits = [
            *unchanged_edits(unchanged, controls),
            *not_above_the_source(shown, unedited_sources(run), controls),
            *warnings(stats, rows, headline),
        ]
        origin = provenance(benchmark, run, git, stats)
        activity = read_activity(folder.parent / "telemetry")
        files = {
            LEADERBOARD.name: LEADERBOARD.table(benchmark, rows),
            COMPARISONS.name: COMPARISONS.table(benchmark, _comparison_rows(pairs)),
            JUDGES.name: JUDGES.table(benchmark, checks),
            "leaderboard.json": [leaderboard_json(benchmark, rows, headline, banner, parts)],
            "leaderboard.md": [leaderboard_markdown(benchmark, rows, headline, banner, parts)],
            "leaderboard.tex": [leaderboard_latex(benchmark, rows, headline, banner, parts)],
            PROVENANCE.name: [provenance_text(origin)],
        }
        for name, text in files.items():
            write_whole(new / name, text)
        content = Content(
            numbers=numbers,
            judges=judge_views(run, numbers, rows, pairs, if_lowest, checks, stats, headline),
            controls=controls,
            causes=causes,
            notices=banner,
            warnings=limits,
            figures=write_figures(new, folder, numbers, rows, headline, pairs, activity),
            activity=activity,
            predictions=predictions,
            provenance=origin,
            min_control_auc=minimum,
            thumbnails=(thumbnails.made, gallery.pictures),
            preview=stamp,
        )
        write_pages(new, content)
        thumbnails.remove_others()
    for line in (*banner, *limits):
        LOGGER.warning("%s", line)
    items = sum(category.n for category in numbers.categories)
    LOGGER.info("build_report %s: %d items, %d failures; see %s", benchmark, items, causes.total, output)


def _reduce(
    folder: Path,
    run: Run,
    benchmark: str,
    categories: Iterable[Category],
    stats: ResultStats,
    unchanged: UnchangedEdits,
    causes: Causes,
    gaps: Gaps,
    thumbnails: Thumbnails,
    gallery: GalleryData,
    counts_missing: bool,
) -> Numbers:
    """Read each category once, write what needs its records, and return the numbers of all."""
    editors, judges = list(run.editors), list(run.judges)
    collector = Collector(benchmark, editors, judges)
    with ExitStack() as stack:
        scores = stack.enter_context(ScoreTables(folder, benchmark))
        failed = stack.enter_context(open(folder / FAILURES.name, "w", encoding="utf-8", newline=""))
        failed.writelines(FAILURES.table(benchmark))
        for category in categories:
            absent = absent_controls(category, controls_of(run))
            arrays = collector.add(category, absent)
            scores.add(category, arrays)
            stats.add(category)
            unchanged.add(category)
            small = thumbnails.of_category(pictures_of(category, item) for item in category.items)
            gallery.add(category, arrays, small)
            gaps.add(category, absent)
            for failure in failures(category, [e for e in editors if e not in absent], judges):
                if failure.status != "missing" or counts_missing:
                    causes.add(failure)
                    failed.writelines(FAILURES.lines(benchmark, [failure]))
    return collector.numbers()


def _comparison_rows(
    pairs: Mapping[tuple[str, str], Sequence[PairedComparison]],
) -> Iterator[SimpleNamespace]:
    for (judge, level), group in pairs.items():
        for pair in group:
            needed = pair.items_needed
            yield SimpleNamespace(judge=judge, metric=SCORE, level=level, items_needed=needed, **vars(pair))


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder to build in; at the end its files replace the report's files of the same name.

    A second build of the same report waits for the first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some network filesystems lock no folders; there, of two builds at a time one may fail.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        new = folder / BUILDING
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            yield new
            for path in sorted(new.iterdir(), key=lambda path: path.name == PAGE):
                old = folder / path.name
                if old.is_dir():
                    shutil.rmtree(old)
                path.replace(old)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    finally:
        os.close(descriptor)
