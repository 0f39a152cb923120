"""Prepare one category of a benchmark: decode its images once and write its items."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and prepare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    parser.add_argument("--category", required=True, help="the category, by its folder's name")
    parser.add_argument("--index", type=Path, required=True, help="index.json of the benchmark")
    parser.add_argument("--output", type=Path, required=True, help="items.jsonl, to be written")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.core.registry import find
    from snakedit.sources.index import read_index
    from snakedit.stages.prepare_category import prepare_category
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    benchmark = find(read_run(args.config).config.benchmarks, args.benchmark, "--benchmark")
    categories = read_index(benchmark, args.index).categories
    prepare_category(benchmark, find(categories, args.category, "--category"), args.output)


if __name__ == "__main__":
    exit_in_one_line(main)
