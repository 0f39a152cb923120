"""Delete results so that the next run makes them again, finished images too, after asking.

start_afresh.py results/demo results/other/edits/mine
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.workflow.afresh import delete_results


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, ask, and delete."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", help="of results; see above")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    args = parser.parse_args(argv)

    def ask(question: str) -> str:
        if args.yes:
            print(question + "yes")
            return "yes"
        try:
            return input(question)
        except EOFError:
            return ""

    print("deleted" if delete_results(args.folders, ask) else "nothing was deleted")


if __name__ == "__main__":
    exit_in_one_line(main)
