"""Before and after in numbers: the serial baseline's sample against the pipeline's telemetry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from snakedit.core.errors import StageError
from snakedit.speed.baseline.serial import Serial
from snakedit.telemetry.runs import SWITCHING, WORK, JobTrace, RunTrace, runs_that_made
from snakedit.telemetry.trace import Span
from snakedit.telemetry.usage import Usage, usage_of
from snakedit.workflow.shard_rules import forced

# The parts of the device time, in the order they are shown.
SHARES = ("edit", "judge", "load", "idle", "Snakemake")
HINT = (
    f"make everything anew: snakemake compare_speed {forced('edit_category', 'score_category')} "
    """--config 'run={"refresh": ["edits", "scores"]}'"""
)
# Share of the edits that the telemetry must hold: a few fail before any device sees them.
MIN_TRACED = 0.95


@dataclass(frozen=True)
class Times:
    """The time of one side for a category, or for all.

    Attributes:
        images: edits made.
        total: seconds of wall time.
        edit, score, switch: seconds of it; on several devices, device seconds ÷ devices.
        loads: models put on a device; None where categories share them.
    """

    images: int
    total: float
    edit: float
    score: float
    switch: float
    loads: int | None

    @property
    def seconds_an_image(self) -> float:
        """Wall time over images."""
        return self.total / self.images


@dataclass(frozen=True)
class Row:
    """Both sides on one category; the name is empty for all of them."""

    category: str
    serial: Times
    pipeline: Times

    @property
    def speedup(self) -> float:
        """How many times as long the serial side takes."""
        return self.serial.total / self.pipeline.total


@dataclass(frozen=True)
class SpeedComparison:
    """The whole comparison.

    Attributes:
        rows: by category, and last all together.
        sampled, items: items that the serial side was measured on, of all.
        swap: ``reload`` or ``offload``.
        serial_processors: what the serial side was measured on; several where its jobs ran on different
            machines.
        serial_start: seconds from the start of a serial job's process to its first item: imports and first
            loads. It is counted once, in the row of all categories, since a serial run would start once.
        devices: how many the pipeline used; the serial side uses one.
        runs: number of the pipeline's runs that are added up.
        simulated: whether any device was.
        serial_shares, pipeline_shares: of each side's device time, by `SHARES`.
        compared, identical: images of the sample that both sides have, and that are the same to the byte.
        largest_difference: between the numbers of both sides' scores.
    """

    benchmark: str
    rows: list[Row]
    sampled: int
    items: int
    swap: str
    serial_processors: list[str]
    serial_start: float
    devices: int
    runs: int
    simulated: bool
    serial_shares: dict[str, float]
    pipeline_shares: dict[str, float]
    serial_usage: Usage
    pipeline_usage: Usage
    compared: int
    identical: int
    largest_difference: float | None

    @property
    def is_extrapolated(self) -> bool:
        """Whether the serial side ran on a part of the items only."""
        return self.sampled < self.items


def compare(
    benchmark: str,
    serial: Sequence[Serial],
    serial_jobs: Sequence[JobTrace],
    runs: Sequence[RunTrace],
    categories: Sequence[str],
) -> SpeedComparison:
    """Return the comparison.

    Args:
        serial: one for each editor and category.
        serial_jobs: telemetry of the serial side, for what it used.
        runs: of the pipeline, the latest last.
        categories: in the order to show them in.

    Raises:
        StageError: if the telemetry holds none of the pipeline's work, or a part of it only.
    """
    chosen = [run for run in runs_that_made(runs) if run.devices()] if runs else []
    if not chosen:
        raise StageError("no telemetry tells what the pipeline's devices did", where=benchmark, hint=HINT)
    _check_whole(benchmark, serial, chosen)
    by_category = {name: [side for side in serial if side.category == name] for name in categories}
    serial_times = {name: _serial_times(group) for name, group in by_category.items()}
    images = {name: times.images for name, times in serial_times.items()}
    pipeline_times = _pipeline_times(chosen, images)
    rows = [Row(name, serial_times[name], pipeline_times[name]) for name in categories]
    start = _start(serial_jobs)
    total = _sum(list(serial_times.values()))
    total = replace(total, total=total.total + start, switch=total.switch + start)
    rows.append(Row("", total, pipeline_times[""]))
    differences = [side.largest_difference for side in serial if side.largest_difference is not None]
    return SpeedComparison(
        benchmark=benchmark,
        rows=rows,
        sampled=sum(side.measured for side in serial),
        items=sum(side.items for side in serial),
        swap=serial[0].swap,
        serial_processors=sorted({name for side in serial for name in side.processors}),
        serial_start=start,
        devices=max(len(run.devices()) for run in chosen),
        runs=len(chosen),
        simulated=any(device.startswith("simulated") for run in chosen for device in run.devices()),
        serial_shares=_serial_shares(rows[-1].serial),
        pipeline_shares=pipeline_shares(chosen),
        serial_usage=usage_of(serial_jobs),
        pipeline_usage=usage_of(job for run in chosen for job in run.jobs),
        compared=sum(side.compared for side in serial),
        identical=sum(side.identical for side in serial),
        largest_difference=max(differences, default=None),
    )


def _check_whole(benchmark: str, serial: Sequence[Serial], runs: Sequence[RunTrace]) -> None:
    """Raise if the telemetry holds a part of the pipeline's work only."""
    done = set().union(*(run.done() for run in runs))
    for side in serial:
        edits = sum(
            (rule, label, category) == ("edit_category", side.editor, side.category)
            for rule, label, category, _ in done
        )
        if edits < MIN_TRACED * side.compared / side.measured * side.items:
            raise StageError(
                f"the telemetry has {edits} of {side.items} edits by '{side.editor}' in '{side.category}'",
                where=benchmark,
                hint=HINT,
            )


def pipeline_shares(runs: Sequence[RunTrace]) -> dict[str, float]:
    """Return the shares of all the pipeline's device time, which add up to 1.

    Time without a span is Snakemake's: starting, planning, and the time between two models.
    """
    available = sum(run.wall * len(run.devices()) for run in runs)
    spans = [span for run in runs for span in run.spans()]
    shares = {
        "edit": _seconds(spans, ("edit",)) / available,
        "judge": _seconds(spans, ("score",)) / available,
        "load": _seconds(spans, SWITCHING) / available,
        "idle": _seconds(spans, ("idle", "lost")) / available,
    }
    return {**shares, "Snakemake": max(0.0, 1.0 - sum(shares.values()))}


def _start(jobs: Sequence[JobTrace]) -> float:
    """The mean time of a serial job before its first item."""
    starts = []
    for job in jobs:
        items = [span.start for span in job.spans if span.item is not None and span.name != "idle"]
        starts += [min(items) - job.start] if items else []
    return mean(starts) if starts else 0.0


def _serial_shares(times: Times) -> dict[str, float]:
    shares = {
        "edit": times.edit / times.total,
        "judge": times.score / times.total,
        "load": times.switch / times.total,
    }
    return {**shares, "idle": max(0.0, 1.0 - sum(shares.values())), "Snakemake": 0.0}


def _serial_times(group: Sequence[Serial]) -> Times:
    """The time of one category: for each editor the mean of its sample, times its items."""

    def extrapolated(*names: str) -> float:
        return sum(side.items / side.measured * sum(side.seconds[name] for name in names) for side in group)

    return Times(
        images=sum(side.items for side in group),
        total=extrapolated("total"),
        edit=extrapolated("edit"),
        score=extrapolated("score"),
        switch=extrapolated("load", "unload"),
        loads=round(sum(side.items / side.measured * side.loads for side in group)),
    )


def _pipeline_times(runs: Sequence[RunTrace], images: Mapping[str, int]) -> dict[str, Times]:
    """The pipeline's times by category, and under the empty name all together.

    Categories run into each other, so a category is charged its own share of the wall time and of what
    the devices did beside work: in proportion to the device seconds of its edits and scores.
    """
    work: dict[str, dict[str, float]] = {name: dict.fromkeys(WORK, 0.0) for name in images}
    wall = switch = 0.0
    loads = 0
    for run in runs:
        devices = len(run.devices())
        wall += run.wall
        switch += _seconds(run.spans(), SWITCHING) / devices
        loads += sum(span.name == "load" and bool(span.parts) for job in run.jobs for span in job.spans)
        for job in run.jobs:
            for span in RunTrace([job]).spans():
                if span.name in WORK and job.category in work:
                    work[job.category][span.name] += span.seconds / devices
    everything = sum(sum(seconds.values()) for seconds in work.values())
    times = {}
    for name, seconds in work.items():
        share = sum(seconds.values()) / everything if everything else 0.0
        times[name] = Times(
            images[name], wall * share, seconds["edit"], seconds["score"], switch * share, None
        )
    total = _sum(list(times.values()))
    times[""] = Times(total.images, wall, total.edit, total.score, switch, loads)
    return times


def _seconds(spans: Sequence[Span], names: Sequence[str]) -> float:
    return sum(span.seconds for span in spans if span.name in names)


def _sum(parts: Sequence[Times]) -> Times:
    return Times(
        images=sum(part.images for part in parts),
        total=sum(part.total for part in parts),
        edit=sum(part.edit for part in parts),
        score=sum(part.score for part in parts),
        switch=sum(part.switch for part in parts),
        loads=sum(part.loads or 0 for part in parts),
    )
