"""The runs of a benchmark, read back from the telemetry of their jobs."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from snakedit.telemetry.trace import Sample, Span, TracedJob, read_trace

# Work on an item.
WORK = ("edit", "score")
# What a device does so that it can work.
SWITCHING = ("switch", "load", "unload")
# Jobs that do not know their run, as on a cluster, belong to another one if they are further apart.
RUN_GAP_SECONDS = 600.0


@dataclass(frozen=True)
class JobTrace(TracedJob):
    """One job's telemetry.

    Attributes:
        spans: by start; at least one.
        samples: of the devices' workers, the ``driver`` and the ``pool``.
    """

    spans: Sequence[Span] = ()
    samples: Sequence[Sample] = ()

    @property
    def start(self) -> float:
        """When its first span started, seconds since 1970."""
        return self.spans[0].start

    @property
    def end(self) -> float:
        """When its last span ended, seconds since 1970."""
        return max(span.start + span.seconds for span in self.spans)


@dataclass(frozen=True)
class RunTrace:
    """The jobs of one run, by their first span's start."""

    jobs: list[JobTrace]

    @property
    def start(self) -> float:
        """When the run began: its Snakemake where that is known, else its first span."""
        began = [job.run_began for job in self.jobs if job.run_began is not None]
        return min([*began, *(job.start for job in self.jobs)])

    @property
    def end(self) -> float:
        """When the last device had done its last task."""
        return max(job.end for job in self.jobs)

    @property
    def wall(self) -> float:
        """Seconds from `start` to `end`."""
        return self.end - self.start

    def spans(self, leased_only: bool = True) -> list[Span]:
        """Return the spans of each device; a model that is spread over several stands for each of them.

        Args:
            leased_only: leave out jobs that needed no device, or asked a server.
        """
        return [
            replace(span, device=self._place(job, part), parts=tuple(self._place(job, p) for p in span.parts))
            for job in self.jobs
            for span in job.spans
            for part in span.parts or (() if leased_only else (span.device,))
        ]

    def samples(self) -> list[Sample]:
        """Return the readings of devices and their workers, under the names that `spans` has."""
        return [
            replace(sample, device=self._place(job, sample.device))
            for job in self.jobs
            for sample in job.samples
            if sample.device not in ("driver", "pool")
        ]

    def devices(self) -> list[str]:
        """Return the names of the leased devices."""
        return sorted({span.device for span in self.spans()}, key=natural)

    def done(self) -> set[tuple[str, str, str, str]]:
        """Return the work done: rule, label, category, task."""
        return {
            (job.rule, job.label, job.category, span.item)
            for job in self.jobs
            for span in job.spans
            if span.name in WORK and span.item is not None
        }

    @cached_property
    def slots(self) -> dict[str, int]:
        """A cluster's allocation → its number among those held at the same time, from 1."""
        ends: dict[str, float] = {}
        for job in self.jobs:
            ends[job.allocation] = max(ends.get(job.allocation, 0.0), job.end)
        slots: dict[str, int] = {}
        held: list[float] = []
        for job in self.jobs:
            if job.allocation and job.allocation not in slots:
                free = (number for number, until in enumerate(held) if until <= job.start)
                slot = next(free, len(held))
                held[slot : slot + 1] = [ends[job.allocation]]
                slots[job.allocation] = slot + 1
        return slots

    def _place(self, job: JobTrace, device: str) -> str:
        """A device's name. Each allocation numbers its devices from 0, so its slot is part of the name."""
        slot = self.slots.get(job.allocation, 1)
        return device if slot == 1 else f"{device}@{slot}"


def read_runs(telemetry: Path, labels: Collection[str] | None = None) -> list[RunTrace]:
    """Return the runs that a telemetry folder holds, by their start.

    Traces of earlier versions, which do not name their job, are left out.

    Args:
        labels: editors and judges, to leave out the jobs of all others; None for all jobs.
    """
    folders = ["*"] if labels is None else sorted(set(labels))
    jobs = []
    for path in (path for label in folders for path in telemetry.glob(f"*/{label}/*.json")):
        job, spans, samples = read_trace(path)
        # In a job without a span nothing was done.
        if job is not None and spans:
            spans.sort(key=lambda span: span.start)
            jobs.append(JobTrace(**vars(job), spans=spans, samples=samples))
    return by_run(jobs)


def by_run(jobs: Iterable[JobTrace]) -> list[RunTrace]:
    """Put the jobs of each run together; the run that began last is the last one."""
    runs: dict[str, list[JobTrace]] = {}
    unnamed, end = "", float("-inf")
    for job in sorted(jobs, key=lambda job: job.start):
        if not job.run:
            if job.start - end > RUN_GAP_SECONDS:
                unnamed = f"began {job.start}"
            end = max(end, job.end)
        runs.setdefault(job.run or unnamed, []).append(job)
    return [RunTrace(run) for run in runs.values()]


def runs_that_made(runs: Sequence[RunTrace]) -> list[RunTrace]:
    """Return the latest run that did all the work, or if none did, all runs."""
    everything = set().union(*(run.done() for run in runs))
    for run in reversed(runs):
        if run.done() == everything:
            return [run]
    return list(runs)


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a sort key by which ``cuda:10`` comes after ``cuda:9``."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]
