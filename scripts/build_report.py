"""Build one benchmark's report: its leaderboard, its failures, and a page that opens from disk."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    parser.add_argument("--index", type=Path, required=True, help="the benchmark's index.json")
    parser.add_argument("--output", type=Path, required=True, help="index.html, in a folder of its own")
    parser.add_argument("--results", type=Path, help="results/BENCHMARK (default: the folder above it)")
    parser.add_argument("--threads", type=int, default=1, help="threads that make thumbnails")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.hashing import fingerprint
    from snakedit.core.logs import log_to
    from snakedit.core.registry import find
    from snakedit.recipe import prepare_recipe
    from snakedit.report.build_report import build_report
    from snakedit.report.data.provenance import git_state
    from snakedit.report.data.read import category_files
    from snakedit.sources.index import read_index
    from snakedit.speed.forecast.announce import remember
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    run = read_run(args.config)
    benchmark = find(run.config.benchmarks, args.benchmark, "--benchmark")
    results = args.results or args.output.parent.parent
    index = read_index(benchmark, args.index)
    build_report(
        run,
        args.benchmark,
        [category_files(results, folder, run.editors, run.judges) for folder in index.categories],
        args.output,
        git_state(Path(__file__).parent),
        workers=args.threads,
        predictions=remember(run, args.benchmark, results),
        prepared={
            folder: fingerprint(prepare_recipe(benchmark, category.sha256, index.params))
            for folder, category in index.categories.items()
        },
    )


if __name__ == "__main__":
    exit_in_one_line(main)
