"""Gather one editor's edits of one category from its shards."""

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
    parser.add_argument("--output", type=Path, required=True, help="edits.jsonl, to be written")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.core.registry import find
    from snakedit.stages.gather import gather_edits
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    run = read_run(args.config)
    editor = find(run.editors, args.output.parents[1].name, "--output")
    where = f"gather_edits {args.output.parent.relative_to(args.output.parents[2])}"
    is_control = editor.role == "control"
    gather_edits(args.shards, args.output, run.config.run.max_failures, where, is_control)


if __name__ == "__main__":
    exit_in_one_line(main)
