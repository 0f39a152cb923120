"""A run played through without running it: who does what when, from the costs of its parts.

Three ways of running the same work: one by one, as older scripts share it out, and as the pipeline does.
"""

import heapq
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from snakedit.judges.simulated_judge import seconds_of_batch
from snakedit.speed.forecast.costs import ModelCost, Overheads

# Jobs of one model that are in flight on its pool (rules/common.smk).
IN_FLIGHT = 2


@dataclass(frozen=True)
class ModelWork:
    """One editor's or judge's work in a run.

    Attributes:
        kind: ``edit`` or ``score``.
        categories: category → items; a judge has one such job for each editor.
        jobs: how often each category comes: 1 for an editor, the number of editors for a judge.
        batch: items a task.
        needs_device: whether it takes one.
    """

    label: str
    kind: str
    cost: ModelCost
    categories: Mapping[str, int]
    jobs: int = 1
    batch: int = 1
    needs_device: bool = True

    def tasks(self, items: int) -> list[float]:
        """Return the seconds of each task of a category, in order."""
        whole, rest = divmod(items, self.batch)
        return [self.batch_seconds(self.batch)] * whole + ([self.batch_seconds(rest)] if rest else [])

    def batch_seconds(self, size: int) -> float:
        """Return the seconds of a batch; beyond the largest known one they grow with its size."""
        largest = max(self.cost.seconds)
        seconds = seconds_of_batch({str(s): value for s, value in self.cost.seconds.items()}, size)
        return seconds * max(1.0, size / largest)


@dataclass(frozen=True)
class Prediction:
    """A run that was played through; seconds, from the start of Snakemake.

    Attributes:
        wall: to its end.
        last_device: to the end of the last device's last task.
        gpu_hours: devices held, times hours.
        work: (category, ``edit`` or ``score``) → device seconds of work.
    """

    devices: int
    wall: float
    last_device: float
    gpu_hours: float
    work: dict[tuple[str, str], float] = field(default_factory=dict)


def pipeline(
    work: Sequence[ModelWork],
    devices: int,
    cores: int,
    overheads: Overheads,
    prepared: int = 0,
    resident: bool = True,
) -> Prediction:
    """Play the pipeline's schedule: each model once on each device, one queue, no barrier inside a model.

    Args:
        work: in the order in which the models take the devices.
        cores: jobs without a device run side by side on so many.
        prepared: categories that have to be prepared first.
        resident: whether the models stay loaded from one category to the next.
    """
    now = overheads.begin + -(-prepared // max(1, cores)) * overheads.prepare
    held = 0.0
    first = True
    for model in work:
        if not model.needs_device:
            alone = overheads.turn + overheads.job
            each = [alone + sum(model.tasks(count)) for count in model.categories.values()] * model.jobs
            now += sum(each) / max(1, cores)
            continue
        groups = [list(model.categories.values()) * model.jobs]
        if not resident:
            groups = [[count] for count in groups[0]]
        for jobs in groups:
            born = now + (overheads.job + overheads.join if first else overheads.handover)
            born += 0.0 if resident or first else overheads.turn + overheads.job
            end = _play([model.tasks(count) for count in jobs], born, devices, model.cost, overheads)
            held += (end - born) * devices
            now, first = end, False
    return Prediction(
        devices, now + overheads.report + overheads.finish, now, held / 3600, _device_seconds(work)
    )


def one_by_one(work: Sequence[ModelWork]) -> Prediction:
    """Return the serial design: for each item each model is loaded, used and unloaded on one device."""
    wall = sum(
        count * model.jobs * (model.batch_seconds(1) + (model.cost.load if model.needs_device else 0.0))
        for model in work
        for count in model.categories.values()
    )
    return Prediction(1, wall, wall, wall / 3600, _device_seconds(work, batch=1))


def fixed_shares(work: Sequence[ModelWork], devices: int, whole: bool = False) -> Prediction:
    """Return the two-stage design of older scripts, computed as they computed it.

    Each category loads the editor on all devices, shares its items out, waits for all, then loads the judge
    on one device and judges in batches.

    Args:
        whole: count whole rounds and whole batches, as they run; their own computation has fractions.
    """
    wall = 0.0
    for model in work:
        places = devices if model.kind == "edit" else 1
        for count in model.categories.values():
            tasks = count / model.batch
            rounds = -(-count // (model.batch * places)) if whole else tasks / places
            wall += model.jobs * (model.cost.load + rounds * model.batch_seconds(model.batch))
    return Prediction(devices, wall, wall, wall * devices / 3600, _device_seconds(work))


def _play(
    jobs: Sequence[Sequence[float]], born: float, devices: int, cost: ModelCost, overheads: Overheads
) -> float:
    """Return when the last task of a pool's jobs ends.

    The next free device takes the next task of the job that came first; a job that has ended makes room for
    the next one, which is there a moment later.
    """
    ready = born + cost.start_of(devices, os.cpu_count() or 1) + cost.load
    free = [ready] * devices
    left = [list(reversed(tasks)) for tasks in jobs]
    ends = [ready] * len(jobs)
    since = [born] * min(IN_FLIGHT, len(jobs))
    flying = list(range(len(since)))
    while flying:
        now = heapq.heappop(free)
        ended = [
            job for job in flying if not left[job] and (ends[job] <= now or not any(left[j] for j in flying))
        ]
        for job in sorted(ended, key=lambda job: ends[job])[:1]:
            flying.remove(job)
            if len(since) < len(jobs):
                flying.append(len(since))
                since.append(ends[job] + overheads.turn + overheads.job)
        todo = [job for job in flying if left[job]]
        if ended or not todo:
            heapq.heappush(free, now)
            continue
        job = next((job for job in todo if since[job] <= now), min(todo, key=lambda job: since[job]))
        ends[job] = max(ends[job], max(now, since[job]) + left[job][-1])
        heapq.heappush(free, max(now, since[job]) + left[job].pop())
    return max(ends, default=ready)


def _device_seconds(work: Sequence[ModelWork], batch: int | None = None) -> dict[tuple[str, str], float]:
    seconds: dict[tuple[str, str], float] = {}
    for model in work:
        for category, count in model.categories.items():
            tasks = [model.batch_seconds(1)] * count if batch == 1 else model.tasks(count)
            key = (category, model.kind)
            seconds[key] = seconds.get(key, 0.0) + model.jobs * sum(tasks)
    return seconds
