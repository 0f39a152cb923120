"""Build a report of what is on disk, while a run goes on or after it broke, beside the whole one.

preview_report.py --config config/mine.yaml [--every 60]
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, build the preview of each benchmark, and print where it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", help="its name in the configuration (default: all)")
    parser.add_argument("--results", type=Path, default=Path("results"), help="the folder of all results")
    parser.add_argument("--threads", type=int, default=1, help="threads that make thumbnails")
    parser.add_argument("--every", type=float, help="seconds between builds, until nothing is missing")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.registry import find
    from snakedit.report.build_report import build_report
    from snakedit.report.data.partial import PartialResults
    from snakedit.report.data.provenance import git_state
    from snakedit.sources.index import last_index
    from snakedit.workflow.resolved import read_run

    run = read_run(args.config)
    names = list(run.config.benchmarks) if args.benchmark is None else [args.benchmark]
    while True:
        missing = []
        for name in names:
            benchmark = find(run.config.benchmarks, name, "--benchmark")
            index = last_index(benchmark, args.results / name / "index.json")
            partial = PartialResults(run, name, index, args.results / name)
            page = args.results / name / "preview" / "index.html"
            git = git_state(Path(__file__).parent)
            build_report(run, name, partial.categories, page, git, workers=args.threads, partial=partial)
            missing += partial.missing()
            print(f"preview: {page}; missing: {'; '.join(partial.missing()) or 'nothing'}", flush=True)
        if args.every is None or not missing:
            return
        time.sleep(args.every)


if __name__ == "__main__":
    exit_in_one_line(main)
