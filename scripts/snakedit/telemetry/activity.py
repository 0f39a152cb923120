"""What the devices did, from the telemetry of a benchmark's jobs: shares, loads, memory, and a timeline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from snakedit.telemetry.jobs import WORK, JobTrace, by_run, devices_of, read_job
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
    """One run as its devices saw it.

    Attributes:
        start: seconds since 1970.
        spans: in the order of their start.
        samples: of devices and workers, in no order.
        runs: how many runs the telemetry tells of; this is the latest.
        by_stage: what its editors and judges took, in the order of their start.
    """

    start: float
    spans: list[Span]
    samples: list[Sample]
    runs: int
    by_stage: tuple[Stage, ...] = ()

    @property
    def wall(self) -> float:
        """Seconds from the first device's taking to the last one's end."""
        return max(span.start + span.seconds for span in self.spans) - self.start

    def uses(self) -> list[Use]:
        """Return what each device did, and last, under the name ``all``, what all did together.

        What needs no device works in its job or with a server, and has rows too, but is in the last one only
        where nothing else is.
        """
        each = [
            _use(device, self._of(device), self._samples_of(device), self.wall, 1)
            for device in self._places()
        ]
        counted = self.leased or self._places()
        spans = [span for device in counted for span in self._of(device)]
        samples = [sample for sample in self.samples if sample.device in counted]
        return [*each, _use("all", spans, samples, self.wall, len(counted))]

    @property
    def leased(self) -> list[str]:
        """The devices that were leased."""
        return [place for place in self._places() if devices_of(place)]

    def stretches(self) -> list[Span]:
        """Return the spans for drawing: from the run's start, short neighbours of one kind joined."""
        rows = [[replace(span, device=place) for span in self._of(place)] for place in self._places()]
        gap = 0.0
        joined = [span for row in rows for span in _joined(row, gap)]
        wall = max((span.start + span.seconds for span in self.spans), default=self.start) - self.start
        while len(joined) > MAX_STRETCHES:
            gap = max(gap * 2, wall / 2000)
            joined = [span for row in rows for span in _joined(row, gap)]
        return [replace(span, start=span.start - self.start) for span in joined]

    def _places(self) -> list[str]:
        return sorted({place for name in {span.device for span in self.spans} for place in _places_of(name)})

    def _of(self, place: str) -> list[Span]:
        return [span for span in self.spans if place in _places_of(span.device)]

    def _samples_of(self, device: str) -> list[Sample]:
        return [sample for sample in self.samples if sample.device == device]


@cache
def _places_of(name: str) -> tuple[str, ...]:
    """The devices of a span, of which a model that is spread has several, or what stands for one."""
    return tuple(devices_of(name)) or (name,)


def read_activity(telemetry: Path) -> Activity | None:
    """Read the traces below a benchmark's telemetry folder; None where no device did anything."""
    runs = by_run(read_job(path) for path in telemetry.glob("*/*/*.json"))
    if not runs:
        return None
    spans = sorted((span for job in runs[-1] for span in job.spans), key=lambda span: span.start)
    samples = [s for job in runs[-1] for s in job.samples if s.device not in ("driver", "pool")]
    return Activity(spans[0].start, spans, samples, len(runs), tuple(_stages(runs[-1])))


def _stages(jobs: Iterable[JobTrace]) -> Iterator[Stage]:
    found: dict[tuple[str, str], list[JobTrace]] = {}
    for job in jobs:
        found.setdefault((job.rule, job.label), []).append(job)
    for (rule, label), group in found.items():
        spans = [span for job in group for span in job.spans]
        work = [span.seconds for span in spans if span.name in WORK]
        yield Stage(
            rule=rule,
            label=label,
            jobs=len(group),
            tasks=len(work),
            work=sum(work),
            load=sum(span.seconds for span in spans if span.name == "load"),
            wall=max(job.end for job in group) - min(job.spans[0].start for job in group),
        )


def _use(device: str, spans: Sequence[Span], samples: Iterable[Sample], wall: float, devices: int) -> Use:
    seconds: dict[str, float] = {}
    for span in spans:
        seconds[span.name] = seconds.get(span.name, 0.0) + span.seconds
    readings: dict[str, list[float]] = {}
    for sample in samples:
        readings.setdefault(sample.name, []).append(sample.value)
    utilisation = readings.get("gpu_utilisation_percent")
    busy = sum(seconds.get(name, 0.0) for name in WORK)
    # A model that is spread works on each of its devices, but does each task once.
    each = set(spans)
    return Use(
        device=device,
        seconds=seconds,
        items=sum(span.name in WORK for span in each),
        loads=sum(span.name == "load" for span in each),
        wall=wall,
        busy=busy / (wall * devices) if wall > 0 else 0.0,
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
