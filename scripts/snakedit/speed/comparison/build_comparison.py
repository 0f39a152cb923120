"""The comparison of one benchmark: read both sides, compare, write."""

import json
from collections.abc import Sequence
from pathlib import Path

from snakedit.config.schema import Config
from snakedit.core.errors import RecordError, StageError
from snakedit.core.logs import LOGGER
from snakedit.speed.baseline.serial import Serial
from snakedit.speed.comparison.compare import compare
from snakedit.speed.comparison.pages import write_comparison
from snakedit.telemetry.runs import JobTrace, RunTrace, read_runs, runs_that_made


def build_comparison(config: Config, benchmark: str, serial_files: Sequence[Path], output: Path) -> None:
    """Write the comparison into ``output``'s folder; say the speed-up in the log.

    Args:
        benchmark: its name in the configuration.
        serial_files: the serial side's `serial.json` of every editor and category, categories in order.
        output: `index.html`, in the benchmark's `speed/`.

    Raises:
        RecordError: if a `serial.json` is not one.
        StageError: if the pipeline's telemetry lacks a part of its work, or there is nothing to compare.
    """
    if not serial_files:
        raise StageError("no editor works on this machine, so there is nothing to compare", where=benchmark)
    serial = [_read_serial(path) for path in serial_files]
    folder = output.parent
    runs = read_runs(folder.parent / "telemetry", [*config.editors, *config.judges])
    serial_jobs = jobs_that_measured(read_runs(folder / "telemetry", list(config.editors)), serial)
    categories = list(dict.fromkeys(side.category for side in serial))
    comparison = compare(benchmark, serial, serial_jobs, runs, categories)
    write_comparison(comparison, runs_that_made(runs), serial_jobs, output)
    total = comparison.rows[-1]
    LOGGER.info(
        "build_comparison %s: one by one %.1f s%s, pipeline %.1f s%s, %.2f times as fast; see %s",
        benchmark,
        total.serial.total,
        " (extrapolated)" if comparison.is_extrapolated else "",
        total.pipeline.total,
        " (simulated devices)" if comparison.simulated else "",
        total.speedup,
        output,
    )


def jobs_that_measured(runs: Sequence[RunTrace], serial: Sequence[Serial]) -> list[JobTrace]:
    """Return the traces of the jobs that made these measurements, without earlier jobs."""
    began = {(side.editor, side.category): side.began for side in serial}
    jobs = [
        job
        for run in runs
        for job in run.jobs
        if (job.label, job.category) in began
        and any(s.item and s.start + s.seconds > began[job.label, job.category] for s in job.spans)
    ]
    return sorted(jobs, key=lambda job: job.start)


def _read_serial(path: Path) -> Serial:
    try:
        return Serial(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RecordError(
            f"is no measurement of the serial side ({error})", where=str(path), hint="remove it and run again"
        ) from None
