"""Set the serial baseline's measurements against the pipeline's telemetry: a page, Markdown, SVGs, JSON."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    parser.add_argument("--serial", nargs="*", type=Path, default=[], help="every serial.json")
    parser.add_argument("--output", type=Path, required=True, help="index.html in results/BENCHMARK/speed")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.speed.comparison.build_comparison import build_comparison
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    build_comparison(read_run(args.config).config, args.benchmark, args.serial, args.output)


if __name__ == "__main__":
    exit_in_one_line(main)
