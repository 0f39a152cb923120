"""Edit and judge a sample of one category one by one on one device, models swapped for each item."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from snakedit.core.errors import exit_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the experiment, YAML or JSON")
    parser.add_argument("--benchmark", required=True, help="its name in the configuration")
    parser.add_argument("--editor", required=True, help="its name in the configuration")
    parser.add_argument("--judges", nargs="*", default=[], help="who judges each edit")
    parser.add_argument("--items", type=Path, required=True, help="items.jsonl of the category")
    parser.add_argument("--results", type=Path, required=True, help="results/BENCHMARK, to compare with")
    parser.add_argument("--output", type=Path, required=True, help="serial.json, to be written")
    parser.add_argument("--log", type=Path, help="a file for this job's messages")
    parser.add_argument("--devices", type=int, default=1, help="0 where there is none; one is used")
    args = parser.parse_args(argv)
    # Imported only now, so that a question about the command line is answered at once.
    from snakedit.core.logs import log_to
    from snakedit.runtime.pool.work import JobContext
    from snakedit.speed.baseline.serial import serial_category
    from snakedit.workflow.resolved import read_run

    log_to(args.log)
    job = JobContext(
        rule="serial_category",
        label=args.editor,
        category=args.items.parent.name,
        benchmark=args.benchmark,
        device_limit=min(1, args.devices),
        total=0,
        telemetry_folder=args.results / "speed" / "telemetry",
    )
    run = read_run(args.config)
    serial_category(run, args.editor, args.judges, args.items, args.results, args.output, job)


if __name__ == "__main__":
    exit_in_one_line(main)
