"""The telemetry of jobs, read back and put together by run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from snakedit.telemetry.trace import Sample, Span, allocation_of, began_of, read_rows, run_of

# What a device does for an item.
WORK = ("edit", "score")
DEVICE_KINDS = ("cuda", "cpu", "simulated")
# Jobs that do not know their run, as on a cluster, belong to another one if they are further apart.
RUN_GAP_SECONDS = 600.0
Event = TypeVar("Event", Span, Sample)


@dataclass(frozen=True)
class JobTrace:
    """One job's telemetry.

    Attributes:
        rule, label, category: which job it was; the label is the editor's or the judge's name.
        run: names the run, empty where it is not known.
        began: when the ``run``, the ``job`` and the ``trace`` did, seconds since 1970, as far as known.
        spans: by start.
        samples: of the devices' workers, the ``driver`` and the ``pool``.
        allocation: of a cluster, in which its devices were; empty elsewhere.
    """

    rule: str
    label: str
    category: str
    run: str
    began: dict[str, float]
    spans: list[Span]
    samples: list[Sample]
    allocation: str = ""

    @property
    def end(self) -> float:
        """When its last span ended, seconds since 1970."""
        return max(span.start + span.seconds for span in self.spans)


def devices_of(name: str) -> list[str]:
    """Return the devices that a span's place is made of; none for a job that needed none, or asked a server.

    >>> devices_of("cuda:0+1"), devices_of("cpu")
    (['cuda:0', 'cuda:1'], [])
    """
    kind, _, numbers = name.partition(":")
    is_device = kind in DEVICE_KINDS and numbers
    return [f"{kind}:{number}" for number in numbers.split("+")] if is_device else []


def read_job(path: Path) -> JobTrace:
    """Return what a job's telemetry tells, also that of a job that was killed.

    Args:
        path: ``{rule}/{label}/{category}.{time}.json``; a shard's category is ``{category}~{shard}``.
    """
    spans: list[Span] = []
    samples: list[Sample] = []
    for row in read_rows(path):
        start = datetime.fromisoformat(row["start"]).timestamp()
        if row["kind"] == "span":
            spans.append(Span(row["device"], row["name"], start, float(row["seconds"]), row["item"]))
        else:
            samples.append(Sample(row["device"], row["name"], start, float(row["value"])))
    spans.sort(key=lambda span: span.start)
    category = re.sub(r"~\d+-\d+$", "", path.name.removesuffix(".json").rpartition(".")[0])
    rule, label = path.parts[-3:-1]
    return JobTrace(rule, label, category, run_of(path), began_of(path), spans, samples, allocation_of(path))


def by_run(jobs: Iterable[JobTrace]) -> list[list[JobTrace]]:
    """Put the jobs of one run together, by their first span's start; the run that began last comes last.

    Jobs without a span, in which nothing was done, are left out. Each allocation of a cluster numbers its
    devices from 0, so those of one that overlaps another are named apart: ``cuda:0@2``.
    """
    runs: list[list[JobTrace]] = []
    named: dict[str, list[JobTrace]] = {}
    # Of the latest run without a name; of each job asked once, since it looks at all spans.
    end = 0.0
    for job in sorted((job for job in jobs if job.spans), key=lambda job: job.spans[0].start):
        if job.run:
            if job.run not in named:
                runs.append(named.setdefault(job.run, []))
            named[job.run].append(job)
        elif runs and not runs[-1][0].run and job.spans[0].start - end <= RUN_GAP_SECONDS:
            runs[-1].append(job)
            end = max(end, job.end)
        else:
            runs.append([job])
            end = job.end
    return [_told_apart(run) for run in runs]


def _told_apart(run: list[JobTrace]) -> list[JobTrace]:
    ends: dict[str, float] = {}
    for job in run:
        if job.allocation:
            ends[job.allocation] = max(ends.get(job.allocation, 0.0), job.end)
    # For each allocation of those that were held at a time, until when; in the order of their begin.
    held: list[float] = []
    places: dict[str, int] = {}
    for job in run:
        if job.allocation and job.allocation not in places:
            begin = job.spans[0].start
            place = next((n for n, until in enumerate(held) if until <= begin), len(held))
            held[place : place + 1] = [ends[job.allocation]]
            places[job.allocation] = place
    return [_renamed(job, places.get(job.allocation, 0) + 1) for job in run]


def _renamed(job: JobTrace, place: int) -> JobTrace:
    if place == 1:
        return job

    def named(event: Event) -> Event:
        return replace(event, device=re.sub(r"\d+", rf"\g<0>@{place}", event.device))

    return replace(job, spans=[named(span) for span in job.spans], samples=[named(s) for s in job.samples])
