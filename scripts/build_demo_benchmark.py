"""Write the demo's benchmark: photos, instructions, and the right answer to each, as base64 JSON."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.demo.benchmark import write_demo_benchmark


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the JSON file to be written")
    args = parser.parse_args(argv)
    write_demo_benchmark(args.output)
    print(f"{args.output}: written")


if __name__ == "__main__":
    exit_in_one_line(main)
