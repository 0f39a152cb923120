"""Print a report's leaderboard, and where its page is."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import RecordError, exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Print leaderboard.md, which is aligned for a terminal, and the path of index.html."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="a report's folder, such as results/demo/report")
    folder = parser.parse_args(argv).report
    try:
        print((folder / "leaderboard.md").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError("holds no leaderboard.md", where=str(folder), hint="run snakemake first") from None
    print(f"report: {folder / 'index.html'}")


if __name__ == "__main__":
    exit_in_one_line(main)
