"""Judge one editor's edits of one category: what has no score yet, on all the devices this job may have."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line
from snakedit.core.logs import log_to
from snakedit.core.registry import find
from snakedit.core.shards import Shard
from snakedit.runtime.pool.work import JobContext
from snakedit.stages.score_category import score_category
from snakedit.workflow.resolved import read_run


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    parser.add_argument("--judge", required=True, help="its name in the configuration")
    parser.add_argument("--editor", required=True, help="whose edits they are")
    parser.add_argument("--items", type=Path, required=True, help="items.jsonl of the category")
    parser.add_argument("--edits", type=Path, required=True, help="edits.jsonl of the editor")
    parser.add_argument("--output", type=Path, required=True, help="scores.jsonl, to be written")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    parser.add_argument("--devices", type=int, default=1, help="how many its pool may have")
    parser.add_argument("--shard", type=Shard.parse, help="which of the items, all without it")
    args = parser.parse_args(argv)
    log_to(args.log)
    category = args.items.parent.name
    job = JobContext(
        rule="score_category",
        label=args.judge,
        category=f"{category}~{args.shard}" if args.shard else category,
        benchmark=args.benchmark,
        device_limit=args.devices,
        total=0,
        telemetry_folder=args.items.parents[2] / "telemetry",
        resident_command=[sys.executable, str(Path(__file__).with_name("serve_pool.py"))],
    )
    run = read_run(args.config)
    judge = find(run.judges, args.judge, "--judge")
    score_category(judge, args.editor, run.config.run, args.items, args.edits, args.output, job, args.shard)


if __name__ == "__main__":
    exit_in_one_line(main)
