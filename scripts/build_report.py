"""Build one benchmark's report: its leaderboard, its failures, and a page that opens from disk."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.config import BenchmarkConfig, load, registered
from snakedit.errors import exit_in_one_line
from snakedit.logs import log_to
from snakedit.report.build import build_report
from snakedit.report.read import category_files


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--index", type=Path, help="index.json of the benchmark, which names its categories")
    which.add_argument("--categories", nargs="+", help="folder names of the categories, in order")
    parser.add_argument("--output", type=Path, required=True, help="index.html, in a folder of its own")
    parser.add_argument("--results", type=Path, help="results/BENCHMARK (default: the folder above it)")
    parser.add_argument("--headline", action="append", default=[], metavar="JUDGE=macro|micro")
    parser.add_argument("--notice", action="append", default=[], help="a sentence for the banner")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    args = parser.parse_args(argv)
    log_to(args.log)
    config = load(args.config)
    benchmark = registered(config.benchmarks, args.benchmark, "--benchmark")
    results = args.results or args.output.parent.parent
    build_report(
        config,
        args.benchmark,
        [
            category_files(results, folder, config.editors, config.judges)
            for folder in args.categories or indexed_categories(benchmark, args.index)
        ],
        args.output,
        {judge: total for judge, _, total in (given.partition("=") for given in args.headline)},
        args.notice,
    )


def indexed_categories(benchmark: BenchmarkConfig, index: Path) -> list[str]:
    """Return the folder names of a benchmark's categories."""
    # With --categories the report needs nothing of what reads the sources.
    from snakedit.sources.index import read_index

    return list(read_index(benchmark, index).categories)


if __name__ == "__main__":
    exit_in_one_line(main)
