"""Measure the pipeline on simulated devices and print one table, then the same figures as JSON."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from tools.bench.benches import BENCHES, run_benches


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, run the benches, print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"comma-separated, of: {', '.join(BENCHES)}")
    parser.add_argument("--output", type=Path, default=Path("results/bench.json"))
    args = parser.parse_args(argv)
    figures = run_benches([name for name in args.only.split(",") if name], args.output)
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"{figure.name:<{width}}  {figure.value:10.3f}  {figure.how}")
    print(json.dumps({figure.name: round(figure.value, 4) for figure in figures}))


if __name__ == "__main__":
    exit_in_one_line(main)
