"""The telemetry of a benchmark's jobs, read back and put together by run."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from snakedit.runtime.telemetry import Sample, Span, began_of, read_rows, run_of

# What a device does for an item, and what it does so that it can.
WORK = ("edit", "score")
SWITCHING = ("switch", "load", "unload")
DEVICE_KINDS = ("cuda", "cpu", "simulated")
# Jobs that do not know their run, as on a cluster, belong to another one if they are further apart.
RUN_GAP_SECONDS = 600.0


@dataclass(frozen=True)
class JobTrace:
    """One job's telemetry.

    Attributes:
        rule, label, category: which job it was; the label is the editor's or the judge's name.
        run: names the run, empty where it is not known.
        began: when the ``run``, the ``job`` and the ``trace`` did, seconds since 1970, as far as known.
        spans: by start.
        samples: of the devices' workers, the ``driver`` and the ``pool``.
    """

    rule: str
    label: str
    category: str
    run: str
    began: dict[str, float]
    spans: list[Span]
    samples: list[Sample]

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


def devices_of(name: str) -> list[str]:
    """Return the devices that a span's place is made of; none for a job that needed none, or asked a server.

    >>> devices_of("cuda:0+1"), devices_of("cpu")
    (['cuda:0', 'cuda:1'], [])
    """
    kind, _, numbers = name.partition(":")
    is_device = kind in DEVICE_KINDS and numbers
    return [f"{kind}:{number}" for number in numbers.split("+")] if is_device else []


def read_runs(telemetry: Path, labels: Collection[str]) -> list[RunTrace]:
    """Return the runs that a telemetry folder tells of, the one that began last at the end.

    Args:
        labels: the editors and judges that are asked for; what others did is left out.
    """
    jobs = [_read_job(path) for label in sorted(set(labels)) for path in telemetry.glob(f"*/{label}/*.json")]
    runs: list[list[JobTrace]] = []
    named: dict[str, list[JobTrace]] = {}
    for job in sorted((job for job in jobs if job.spans), key=lambda job: job.spans[0].start):
        if job.run:
            if job.run not in named:
                runs.append(named.setdefault(job.run, []))
            named[job.run].append(job)
        elif runs and not runs[-1][0].run and _gap(runs[-1], job) <= RUN_GAP_SECONDS:
            runs[-1].append(job)
        else:
            runs.append([job])
    return [RunTrace(run) for run in runs]


def runs_that_made(runs: Sequence[RunTrace]) -> list[RunTrace]:
    """Return the run that did everything, or if none did, all of them: the latest whole one is enough."""
    everything = set().union(*(run.done() for run in runs))
    for run in reversed(runs):
        if run.done() == everything:
            return [run]
    return list(runs)


def _read_job(path: Path) -> JobTrace:
    spans: list[Span] = []
    samples: list[Sample] = []
    for row in read_rows(path):
        start = datetime.fromisoformat(row["start"]).timestamp()
        if row["kind"] == "span":
            spans.append(Span(row["device"], row["name"], start, float(row["seconds"]), row["item"]))
        else:
            samples.append(Sample(row["device"], row["name"], start, float(row["value"])))
    spans.sort(key=lambda span: span.start)
    # A shard's is called {category}~{shard}.
    category = re.sub(r"~\d+-\d+$", "", path.name.removesuffix(".json").rpartition(".")[0])
    rule, label = path.parts[-3:-1]
    return JobTrace(rule, label, category, run_of(path), began_of(path), spans, samples)


def _gap(run: Iterable[JobTrace], job: JobTrace) -> float:
    return job.spans[0].start - max(other.end for other in run)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]
