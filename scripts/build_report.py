"""Build one benchmark's report: its leaderboard, its failures, and a page that opens from disk."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit import config
from snakedit.errors import exit_in_one_line
from snakedit.report.build import build_report
from snakedit.report.read import category_files


def main(argv: Sequence[str] | None = None) -> None:
    """Read the records below ``--results`` and write the report around ``--output``."""
    arguments = parser().parse_args(argv)
    experiment = config.load(arguments.config)
    build_report(
        experiment,
        arguments.benchmark,
        [
            category_files(arguments.results, folder, experiment.editors, experiment.judges)
            for folder in arguments.categories
        ],
        arguments.output,
        dict(arguments.headline),
        arguments.notice,
    )


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--config", type=Path, required=True, help="the experiment")
    made.add_argument("--benchmark", required=True, help="its name in the experiment")
    made.add_argument("--results", type=Path, required=True, help="results/BENCHMARK")
    made.add_argument("--output", type=Path, required=True, help="index.html, in a folder of its own")
    made.add_argument("--categories", nargs="+", required=True, help="the categories' folder names")
    made.add_argument(
        "--headline",
        type=_judge_and_total,
        action="append",
        default=[],
        metavar="JUDGE=TOTAL",
        help="the total that orders a judge's table: macro (default) or micro",
    )
    made.add_argument("--notice", action="append", default=[], help="a sentence for the banner")
    return made


def _judge_and_total(text: str) -> tuple[str, str]:
    judge, _, total = text.partition("=")
    return judge, total


if __name__ == "__main__":
    exit_in_one_line(main)
