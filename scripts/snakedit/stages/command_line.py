"""The command line that the jobs of editing and judging share."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from snakedit.core.shards import Shard

if TYPE_CHECKING:
    from snakedit.runtime.pool.work import JobContext


def job_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that both stages have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    parser.add_argument("--editor", required=True, help="the editor's name in the configuration")
    parser.add_argument("--items", type=Path, required=True, help="items.jsonl of the category")
    parser.add_argument("--output", type=Path, required=True, help="the JSON Lines file to be written")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    parser.add_argument("--devices", type=int, default=1, help="how many its pool may have")
    parser.add_argument("--shard", type=Shard.parse, help="which of the items, all without it")
    return parser


def job_context(arguments: argparse.Namespace, rule: str, label: str, scripts: Path) -> "JobContext":
    """Return the job that a command line describes.

    Args:
        rule: ``edit_category`` or ``score_category``.
        label: the editor's or the judge's name.
        scripts: the folder of the entry points, where a resident pool is started.
    """
    from snakedit.runtime.pool.work import JobContext

    return JobContext(
        rule=rule,
        label=label,
        category=arguments.items.parent.name,
        benchmark=arguments.benchmark,
        device_limit=arguments.devices,
        total=0,
        telemetry_folder=arguments.items.parents[2] / "telemetry",
        resident_command=[sys.executable, str(scripts / "serve_pool.py")],
        shard=str(arguments.shard or ""),
    )
