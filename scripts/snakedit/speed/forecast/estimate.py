"""How long a run will take: its jobs and what its models cost, played through.

The rules read this while the Snakefile is parsed, so it imports neither torch nor pandas.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snakedit.core.durations import rough_duration
from snakedit.core.errors import StageError
from snakedit.runtime.devices.discover import device_kind
from snakedit.sources.index import read_index
from snakedit.speed.forecast.costs import ModelCost, known_costs, model_key
from snakedit.speed.forecast.schedule import JobName, ModelWork, Prediction, pipeline
from snakedit.workflow.resolved import ResolvedJudge, Run

# Controls and servers: their time is not known, and the devices do not wait for it.
NO_COST = ModelCost(0.0, 0.0, {1: 0.01})
# (``edit`` or ``score``, editor or judge) → job → items.
Jobs = Mapping[tuple[str, str], Mapping[JobName, int]]


@dataclass(frozen=True)
class Estimate:
    """A prediction and its basis.

    Attributes:
        prediction: None where a cost is not known, or nothing takes a device.
        unknown: editors and judges that no run has timed yet.
        work: the work of all others.
    """

    prediction: Prediction | None
    unknown: list[str]
    work: list[ModelWork]

    def line(self, devices: int) -> str:
        """Return what a run is expected to take, in one line; empty where nothing takes a device."""
        if self.unknown:
            names = ", ".join(f"'{name}'" for name in dict.fromkeys(self.unknown))
            return f"no estimate: {names} will be timed by this run"
        if self.prediction is None:
            return ""
        edits, scores = (
            sum(sum(m.jobs.values()) for m in self.work if m.stage == stage and m.needs_device)
            for stage in ("edit", "score")
        )
        return (
            f"{edits:,} edits and {scores:,} scores on {devices} device{'s' if devices != 1 else ''}: about "
            f"{rough_duration(self.prediction.wall)}, {self.prediction.device_hours:.2f} device-hours"
        )


def estimate(
    run: Run, jobs: Jobs, costs: Mapping[str, ModelCost], devices: int, cores: int, prepared: int = 0
) -> Estimate:
    """Play a run through.

    Args:
        costs: of its models, by `model_key`.
        devices: that it may use.
        cores: that jobs without a device may use.
        prepared: number of categories that are to be prepared.
    """
    kind = device_kind(run.config.run.devices)
    work, unknown = [], []
    for model in (*run.editors.values(), *run.judges.values()):
        stage, batch = ("score", model.batch_size) if isinstance(model, ResolvedJudge) else ("edit", 1)
        items = jobs.get((stage, model.name), {})
        cost = costs.get(model_key(model, kind)) if model.needs_device else NO_COST
        if items and cost is None:
            unknown.append(model.name)
        elif items and cost is not None:
            work.append(ModelWork(stage, cost, items, batch, model.needs_device))
    if unknown or devices < 1 or not any(model.needs_device for model in work):
        return Estimate(None, unknown, work)
    return Estimate(pipeline(work, devices, cores, prepared, run.config.run.resident), [], work)


def whole_run(run: Run, counts: Mapping[tuple[str, str], int]) -> Jobs:
    """Return the jobs of a run that makes everything; a judge has one for each editor and category.

    Args:
        counts: benchmark and category → items.
    """
    edits = {
        editor: {JobName(benchmark, editor, category): n for (benchmark, category), n in counts.items()}
        for editor in run.editors
    }
    judged = {job: count for jobs in edits.values() for job, count in jobs.items()}
    return {
        **{("edit", editor): jobs for editor, jobs in edits.items()},
        **{("score", judge): judged for judge in run.judges},
    }


def estimate_whole_run(run: Run, measured: Sequence[Path], devices: int) -> str:
    """Return in one line what a run that makes everything would take: the answer of `estimate_run.py`.

    Args:
        measured: results of earlier runs (`results/BENCHMARK`), the best last; empty for the run's own.
        devices: that the run would have.

    Raises:
        StageError: if a model was never timed, or nothing takes a device.
    """
    counts = {}
    for name, benchmark in run.config.benchmarks.items():
        index = read_index(benchmark, Path("results", name, "index.json"))
        for folder, category in index.categories.items():
            counts[name, folder] = limited(category.count, benchmark.limit)
    costs = known_costs(run, measured or [Path("results", name) for name in run.config.benchmarks])
    cores = os.cpu_count() or 1
    forecast = estimate(run, whole_run(run, counts), costs, devices, cores, prepared=len(counts))
    if forecast.unknown:
        raise StageError(
            f"no run has timed {', '.join(forecast.unknown)} yet",
            where="estimate_run",
            hint="run a few items first (benchmarks.NAME.limit), or give --measured results/NAME",
        )
    if forecast.prediction is None:
        raise StageError("nothing in it takes a device", where="estimate_run")
    return forecast.line(devices)


def limited(count: int, limit: int | None) -> int:
    """Return how many of a category's items are taken."""
    return count if limit is None else min(count, limit)
