"""Train the demo's judge on one CPU thread and write its checkpoint.

    make demo-judge PHOTOS="/usr/share/backgrounds /usr/share/wallpapers"

It takes hours. A training that was stopped resumes from its last state when it is called again.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, train, write the checkpoint and print its examination."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.demo_judge",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", nargs="*", type=Path, default=[], help="folders of free photos")
    parser.add_argument("--work", type=Path, default=Path("build/demo-judge"), help="state and log")
    parser.add_argument("--output", type=Path, default=Path("build/demo-judge/checkpoint"))
    parser.add_argument("--steps", type=int, default=10000, help="updates of 16 edits each")
    parser.add_argument("--pairs", type=int, default=1000, help="held-out pairs of the examination")
    args = parser.parse_args(argv)

    from tools.demo_judge.examination import examine_checkpoint
    from tools.demo_judge.export import export
    from tools.demo_judge.prompts import build_judge_tokenizer
    from tools.demo_judge.train import Schedule, train

    network = train(args.work, args.photos, Schedule(steps=args.steps))
    export(network, build_judge_tokenizer(), args.output)
    print(f"written: {args.output}")
    for name, value in examine_checkpoint(args.output, args.pairs).items():
        print(f"{name}: {value:.3f}")


if __name__ == "__main__":
    exit_in_one_line(main)
