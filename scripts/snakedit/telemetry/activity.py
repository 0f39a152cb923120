"""What the devices of a benchmark's latest run did: shares, loads, memory, and a timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from snakedit.telemetry.runs import WORK, JobTrace, RunTrace, natural, read_runs
from snakedit.telemetry.trace import Sample, Span

# Neighbouring spans of one kind are drawn as one where no pixel lies between them.
MAX_STRETCHES = 4000


@dataclass(frozen=True)
class Use:
    """What one device, or all of a run's, did and took.

    Attributes:
        seconds: activity → seconds, by the names of `snakedit.telemetry.trace.Span`.
        items: tasks done.
        loads: models loaded.
        wall: seconds from the first device's taking to the last one's end.
        busy: share of `wall` that was spent on edits or scores, 0–1.
        peak_memory_mb: of a GPU, or None where no GPU told.
        mean_utilisation: of a GPU in percent, or None.
        peak_rss_mb: of the largest worker process, or None.
    """

    device: str
    seconds: dict[str, float]
    items: int
    loads: int
    wall: float
    busy: float
    peak_memory_mb: float | None
    mean_utilisation: float | None
    peak_rss_mb: float | None


@dataclass(frozen=True)
class Stage:
    """What one editor or judge took in the run.

    Attributes:
        rule: ``edit_category`` or ``score_category``.
        label: the editor, or the judge and the editor that it judged.
        tasks: edits made, or batches judged.
        work, load: device seconds.
        wall: seconds from its first job's first device to its last job's end.
    """

    rule: str
    label: str
    jobs: int
    tasks: int
    work: float
    load: float
    wall: float


@dataclass(frozen=True)
class Activity:
    """One run from its devices' point of view.

    Attributes:
        run: the latest one.
        runs: number of runs that the telemetry holds.
    """

    run: RunTrace
    runs: int

    @cached_property
    def spans(self) -> list[Span]:
        """The spans of each device, and of the places of jobs that leased none, by start."""
        return sorted(self.run.spans(leased_only=False), key=lambda span: span.start)

    @cached_property
    def leased(self) -> list[str]:
        """The devices that were leased."""
        return self.run.devices()

    @property
    def wall(self) -> float:
        """Seconds from the first device's taking to the last one's end."""
        return self.run.end - self.spans[0].start

    @property
    def by_stage(self) -> list[Stage]:
        """The time of each editor and judge, in the order of their start."""
        groups: dict[tuple[str, str], list[JobTrace]] = {}
        for job in self.run.jobs:
            groups.setdefault((job.rule, job.label), []).append(job)
        return [_stage(jobs) for jobs in groups.values()]

    def uses(self) -> list[Use]:
        """Return the use of each device, and last, under the name ``all``, of all together.

        A place without a device has a row too, but counts in the last one only if no device was leased.
        """
        samples = self.run.samples()
        places = sorted({span.device for span in self.spans}, key=natural)
        counted = self.leased or places
        return [
            *(_use(place, self.spans, samples, self.wall, [place]) for place in places),
            _use("all", self.spans, samples, self.wall, counted),
        ]


def read_activity(telemetry: Path) -> Activity | None:
    """Read the traces below a benchmark's telemetry folder; None where no device did anything."""
    runs = read_runs(telemetry)
    return Activity(runs[-1], len(runs)) if runs else None


def stretches(spans: Iterable[Span]) -> list[Span]:
    """Return the spans for drawing: from the first start on, short neighbours of one kind joined."""
    rows: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.start):
        rows.setdefault(span.device, []).append(span)
    ends = [span.start + span.seconds for row in rows.values() for span in row]
    begin = min((row[0].start for row in rows.values()), default=0.0)
    wall = max(ends, default=begin) - begin
    gap = 0.0
    joined = [span for row in rows.values() for span in _joined(row, gap)]
    while len(joined) > MAX_STRETCHES:
        gap = max(gap * 2, wall / 2000)
        joined = [span for row in rows.values() for span in _joined(row, gap)]
    return [replace(span, start=span.start - begin) for span in joined]


def _stage(jobs: Sequence[JobTrace]) -> Stage:
    spans = [span for job in jobs for span in job.spans]
    work = [span.seconds for span in spans if span.name in WORK]
    return Stage(
        rule=jobs[0].rule,
        label=jobs[0].label,
        jobs=len(jobs),
        tasks=len(work),
        work=sum(work),
        load=sum(span.seconds for span in spans if span.name == "load"),
        wall=max(job.end for job in jobs) - min(job.start for job in jobs),
    )


def _use(
    name: str, spans: Iterable[Span], samples: Iterable[Sample], wall: float, places: Sequence[str]
) -> Use:
    spans = [span for span in spans if span.device in places]
    samples = [sample for sample in samples if sample.device in places]
    seconds: dict[str, float] = {}
    for span in spans:
        seconds[span.name] = seconds.get(span.name, 0.0) + span.seconds
    readings: dict[str, list[float]] = {}
    for sample in samples:
        readings.setdefault(sample.name, []).append(sample.value)
    utilisation = readings.get("gpu_utilisation_percent")
    busy = sum(seconds.get(name, 0.0) for name in WORK)
    # A model that is spread works on each of its devices, but loads once and does each task once.
    once = [span for span in spans if len(places) == 1 or span.device in (span.parts or (span.device,))[:1]]
    return Use(
        device=name,
        seconds=seconds,
        items=sum(span.name in WORK for span in once),
        loads=sum(span.name == "load" for span in once),
        wall=wall,
        busy=busy / (wall * len(places)) if wall > 0 else 0.0,
        peak_memory_mb=max(readings.get("gpu_memory_mb", []), default=None),
        mean_utilisation=sum(utilisation) / len(utilisation) if utilisation else None,
        peak_rss_mb=max(readings.get("rss_mb", []), default=None),
    )


def _joined(spans: Iterable[Span], gap: float) -> list[Span]:
    """Join what follows itself within a gap; with a wide gap also swallow what is shorter than it."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.start + last.seconds + gap >= span.start
            and (last.name == span.name or span.seconds < gap / 2)
        ):
            end = max(last.start + last.seconds, span.start + span.seconds)
            joined[-1] = replace(last, seconds=end - last.start, item=None)
        else:
            joined.append(span)
    return joined
