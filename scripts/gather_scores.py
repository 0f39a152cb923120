"""Gather one judge's scores of one editor's edits of a category from its shards."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.core.shards import Shard


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and gather."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--shards", type=Shard.parse, nargs="+", required=True, help="their names, in order")
    parser.add_argument("--output", type=Path, required=True, help="scores.jsonl, to be written")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.stages.gather import gather_scores
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    where = f"gather_scores {args.output.parent.relative_to(args.output.parents[3])}"
    gather_scores(args.shards, args.output, read_run(args.config).config.run.max_failures, where)


if __name__ == "__main__":
    exit_in_one_line(main)
