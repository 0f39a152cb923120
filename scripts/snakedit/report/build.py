"""Making the whole report of one benchmark: its tables, and its page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from snakedit.config import Config
from snakedit.errors import ConfigError, did_you_mean
from snakedit.logs import LOGGER
from snakedit.records import write_whole
from snakedit.report import tables
from snakedit.report.activity import read_activity
from snakedit.report.checks import judge_checks
from snakedit.report.figures import write_figures
from snakedit.report.judges import control_warnings, judge_views, write_judges
from snakedit.report.markdown import leaderboard_markdown
from snakedit.report.notices import demo_notices, simulation_notices, warnings
from snakedit.report.page import write_pages
from snakedit.report.read import CategoryFiles, read_results


def build_report(
    config: Config,
    benchmark: str,
    categories: Sequence[CategoryFiles],
    output: Path,
    headline: Mapping[str, str],
    notices: Sequence[str] = (),
) -> None:
    """Write the tables, the pictures and the pages into ``output``'s folder.

    Every file is there whole or not at all, and ``output`` is written last.

    Args:
        benchmark: its name in the configuration.
        categories: where the records of each category lie, in the order to show them in.
        output: index.html.
        headline: judge → the total that orders the editors, ``macro`` (the default) or ``micro``.
        notices: sentences for the banner, beside those that follow from the configuration.

    Raises:
        ConfigError: if ``headline`` names an unknown judge or total.
        RecordError: if the records cannot be read or do not belong together.
    """
    totals = _headline(config, headline)
    results = read_results(benchmark, config.editors, config.judges, categories)
    checks = judge_checks(config, results)
    doubts = control_warnings(checks, config.report.min_control_auc)
    banner = [*notices, *demo_notices(config), *simulation_notices(config), *doubts]
    rows = tables.leaderboard(results)
    failures = tables.failures(results)
    folder = output.parent
    tables.write_leaderboard(folder / "leaderboard.csv", benchmark, rows)
    tables.write_failures(folder / "failures.csv", benchmark, failures)
    write_judges(folder / "judges.csv", benchmark, checks)
    write_whole(folder / "leaderboard.md", [leaderboard_markdown(benchmark, rows, totals, banner)])
    limits = warnings(results, rows, totals)
    activity = read_activity(folder.parent / "telemetry")
    figures = write_figures(folder, results, rows, totals, {}, activity)
    trust = judge_views(results, checks)
    write_pages(output, config, results, rows, failures, totals, banner, limits, figures, activity, trust)
    for line in (*banner, *limits):
        LOGGER.warning("%s", line)
    items = sum(len(category.items) for category in results.categories)
    LOGGER.info("build_report %s: %d items, %d failures; see %s", benchmark, items, len(failures), output)


def _headline(config: Config, given: Mapping[str, str]) -> dict[str, str]:
    for judge, total in given.items():
        if judge not in config.judges:
            raise ConfigError(
                f"no judge is called '{judge}'{did_you_mean(judge, config.judges)}",
                where="headline",
                allowed=", ".join(config.judges),
            )
        if total not in tables.TOTALS:
            raise ConfigError(
                f"'{total}' is no total", where=f"headline.{judge}", allowed=", ".join(tables.TOTALS)
            )
    return {judge: given.get(judge, "macro") for judge in config.judges}
