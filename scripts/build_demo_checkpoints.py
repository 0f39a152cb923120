"""Build the demo's tiny checkpoints in the folders given, each named after its model."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.demo.checkpoints import CHECKPOINTS, ensure_checkpoint


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and build what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help=f"named {', '.join(CHECKPOINTS)}")
    args = parser.parse_args(argv)
    for folder in args.folders:
        print(f"{folder}: {'built' if ensure_checkpoint(folder) else 'is there'}")


if __name__ == "__main__":
    exit_in_one_line(main)
