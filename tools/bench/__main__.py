"""Measure the pipeline on simulated devices and print one table, then the same figures as JSON."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from tools.bench.benches import BENCHES, run_benches


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, run the benches, print their measurements."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", default="", help=f"comma-separated, of: {', '.join(BENCHES)}")
    parser.add_argument("--output", type=Path, default=Path("results/bench.json"))
    args = parser.parse_args(argv)
    measurements = run_benches([name for name in args.only.split(",") if name], args.output)
    width = max((len(measurement.name) for measurement in measurements), default=0)
    for name, value, explanation in measurements:
        print(f"{name:<{width}}  {value:10.3f}  {explanation}")
    print(json.dumps({name: round(value, 4) for name, value, _ in measurements}))


if __name__ == "__main__":
    exit_in_one_line(main)
