"""The pipeline's schedule, played through from the costs of its parts without running anything."""

import heapq
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from snakedit.speed.forecast.costs import ModelCost

# Jobs of one model that are in flight on its pool (rules/common.smk).
IN_FLIGHT = 2


@dataclass(frozen=True)
class Overheads:
    """Seconds that a run takes beside its models; measured on two cores.

    Attributes:
        begin: from Snakemake's start to its first job.
        prepare: of one job that prepares a category.
        job: from the start of a job's process to the start of its pool's workers.
        turn: from the end of a job to the start of the next one's process.
        handover: from the last task of one model to the start of the next one's workers.
        report: of the job that builds the report.
        finish: from the last job's end to Snakemake's.
    """

    begin: float = 1.2
    prepare: float = 0.5
    job: float = 0.7
    turn: float = 0.1
    handover: float = 0.7
    report: float = 2.5
    finish: float = 0.6


class JobName(NamedTuple):
    """One job of a model: an editor's edits of a category, made or judged."""

    benchmark: str
    editor: str
    category: str


@dataclass(frozen=True)
class ModelWork:
    """One editor's or judge's work in a run.

    Attributes:
        stage: ``edit`` or ``score``.
        jobs: job → items.
        batch: items a task.
        needs_device: whether its jobs occupy a device.
    """

    stage: str
    cost: ModelCost
    jobs: Mapping[Any, int]
    batch: int = 1
    needs_device: bool = True

    def tasks(self, items: int) -> list[float]:
        """Return the seconds of each task of a job, in order."""
        whole, rest = divmod(items, self.batch)
        last = [self.cost.batch_seconds(rest)] if rest else []
        return [self.cost.batch_seconds(self.batch)] * whole + last


@dataclass(frozen=True)
class Prediction:
    """The times of a run in seconds, from the start of Snakemake.

    Attributes:
        wall: to its end.
        last_device: to the end of the last device's last task.
        device_hours: devices held, times hours.
        work: (job, ``edit`` or ``score``) → device seconds of work.
    """

    wall: float
    last_device: float
    device_hours: float
    work: dict[tuple[Any, str], float] = field(default_factory=dict)


def pipeline(
    work: Sequence[ModelWork],
    devices: int,
    cores: int,
    prepared: int = 0,
    resident: bool = True,
    overheads: Overheads | None = None,
) -> Prediction:
    """Play the pipeline's schedule: each model once on each device, one queue, no barrier inside a model.

    Args:
        work: in the order in which the models take the devices.
        cores: jobs without a device run side by side on so many.
        prepared: categories that have to be prepared first.
        resident: whether the models stay loaded from one job to the next.
        overheads: the usual ones for None.
    """
    extra = overheads or Overheads()
    now = extra.begin + -(-prepared // max(1, cores)) * extra.prepare
    held = 0.0
    first = True
    for model in work:
        jobs = [model.tasks(items) for items in model.jobs.values()]
        if not model.needs_device:
            now += sum(extra.turn + extra.job + sum(tasks) for tasks in jobs) / max(1, cores)
            continue
        for pool in [jobs] if resident else [[tasks] for tasks in jobs]:
            born = now + (extra.job if first else extra.handover)
            born += 0.0 if resident or first else extra.turn + extra.job
            now, first = _end_of(pool, born, devices, model.cost, extra), False
            held += (now - born) * devices
    seconds = {(name, m.stage): sum(m.tasks(items)) for m in work for name, items in m.jobs.items()}
    return Prediction(now + extra.report + extra.finish, now, held / 3600, seconds)


def _end_of(
    jobs: Sequence[Sequence[float]], born: float, devices: int, cost: ModelCost, overheads: Overheads
) -> float:
    """When a pool's last task ends. The next free device takes the next task."""
    free = [born + cost.start_of(devices, os.cpu_count() or 1) + cost.load] * devices
    for tasks in jobs:
        for seconds in tasks:
            heapq.heapreplace(free, free[0] + seconds)
    # Each later job starts a process; where jobs are short, the devices wait for that.
    later = max(0, len(jobs) - IN_FLIGHT)
    return max(*free, born + later / IN_FLIGHT * (overheads.turn + overheads.job))
