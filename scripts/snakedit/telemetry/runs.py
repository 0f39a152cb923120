"""The runs of a benchmark that its telemetry tells of: when, on which devices, and what they did."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snakedit.telemetry.jobs import WORK, JobTrace, by_run, devices_of, read_job
from snakedit.telemetry.trace import Span

# What a device does so that it can work.
SWITCHING = ("switch", "load", "unload")


@dataclass(frozen=True)
class RunTrace:
    """The jobs of one run, by their first span's start."""

    jobs: list[JobTrace]

    @property
    def start(self) -> float:
        """When the run began: its Snakemake where that is known, else its first span."""
        first = min(job.spans[0].start for job in self.jobs)
        return min([first, *(job.began["run"] for job in self.jobs if "run" in job.began)])

    @property
    def end(self) -> float:
        """When the last device had done its last task."""
        return max(job.end for job in self.jobs)

    @property
    def wall(self) -> float:
        """Seconds from `start` to `end`."""
        return self.end - self.start

    def spans(self) -> list[Span]:
        """Return what the devices did; a place of several devices stands for each of them."""
        return [
            replace(span, device=device)
            for job in self.jobs
            for span in job.spans
            for device in devices_of(span.device)
        ]

    def devices(self) -> list[str]:
        """Return the names of the devices that did anything."""
        return sorted({span.device for span in self.spans()}, key=_natural)

    def done(self) -> set[tuple[str, str, str, str]]:
        """Return what was worked on: rule, label, category, task."""
        return {
            (job.rule, job.label, job.category, span.item)
            for job in self.jobs
            for span in job.spans
            if span.name in WORK and span.item is not None
        }


def read_runs(telemetry: Path, labels: Collection[str]) -> list[RunTrace]:
    """Return the runs that a telemetry folder tells of, the one that began last at the end.

    Args:
        labels: the editors and judges that are asked for; what others did is left out.
    """
    jobs = [read_job(path) for label in sorted(set(labels)) for path in telemetry.glob(f"*/{label}/*.json")]
    return [RunTrace(run) for run in by_run(jobs)]


def runs_that_made(runs: Sequence[RunTrace]) -> list[RunTrace]:
    """Return the run that did everything, or if none did, all of them: the latest whole one is enough."""
    everything = set().union(*(run.done() for run in runs))
    for run in reversed(runs):
        if run.done() == everything:
            return [run]
    return list(runs)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]
