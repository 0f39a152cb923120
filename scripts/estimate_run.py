"""Say in one line how long a run that makes everything would take, from what earlier runs cost.

estimate_run.py --config config/mine.yaml --devices 6 --measured results/mine
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, play the run through, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--devices", type=int, required=True, help="devices that the run would have")
    parser.add_argument(
        "--measured",
        action="append",
        default=[],
        type=Path,
        help="results/NAME of an earlier run, may be given again (default: the experiment's own)",
    )
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.speed.forecast.estimate import estimate_whole_run
    from snakedit.workflow.resolved import read_run

    if args.devices < 1:
        parser.error("--devices is 1 or more")
    print(estimate_whole_run(read_run(args.config), args.measured, args.devices))


if __name__ == "__main__":
    exit_in_one_line(main)
