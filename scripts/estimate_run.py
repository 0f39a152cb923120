"""Say how long a run would take: one by one, as older scripts share it out, and with snakedit.

estimate_run.py --config config/mine.yaml --devices 6 --measured results/mine
estimate_run.py --items 50,50,70,50,50 --declare editor=load:0.5,1:1.8 --declare judge=load:0.5,1:2,4:3
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.speed.forecast.by_hand import Question, answer, parse_cost, parse_items


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, play the run through, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, help="the experiment, YAML or JSON")
    parser.add_argument("--items", default="", help="categories in the place of its own: 50,70 or name=50")
    parser.add_argument(
        "--declare",
        action="append",
        default=[],
        metavar="NAME=load:S,1:S",
        help="what a model takes in seconds: to load, and by batch size; may be given again",
    )
    parser.add_argument(
        "--measured",
        action="append",
        default=[],
        type=Path,
        help="an earlier results/NAME (the experiment's own)",
    )
    parser.add_argument("--batch", type=int, default=4, help="of the judge, without --config (4)")
    parser.add_argument("--devices", type=int, default=6, help="that the run would have (6)")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="(all)")
    args = parser.parse_args(argv)
    if min(args.devices, args.cores, args.batch) < 1:
        parser.error("--devices, --cores and --batch are 1 or more")
    question = Question(
        config=args.config,
        items=parse_items(args.items),
        declared=dict(parse_cost(text) for text in args.declare),
        batch=args.batch,
        devices=args.devices,
        cores=args.cores,
        measured=args.measured,
    )
    print(answer(question), end="")


if __name__ == "__main__":
    exit_in_one_line(main)
