"""Running a job's tasks: on the resident pool of its model, on workers of its own, or in its own process.

The next free worker takes the next task: no rounds, no barrier, no fixed share. A driver never loads a
model that needs a device.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from snakedit.config import RunConfig
from snakedit.errors import StageError
from snakedit.logs import LOGGER
from snakedit.runtime import resident
from snakedit.runtime.attempt import Handler, Loader, attempt
from snakedit.runtime.devices import resolve_devices
from snakedit.runtime.leases import Holder, acquire
from snakedit.runtime.private import start_time
from snakedit.runtime.progress import Progress
from snakedit.runtime.workers import Outcome, Task, Workers

__all__ = ["Handler", "JobContext", "Loader", "Outcome", "Task", "Work", "run_tasks"]


@dataclass(frozen=True)
class Work:
    """What a pool must load.

    Attributes:
        stage: ``edit`` or ``score``.
        settings: given to the loader in each worker; all JSON.
        key: fingerprint of all that the loaded thing depends on.
    """

    stage: str
    settings: dict[str, Any]
    key: str


@dataclass(frozen=True)
class JobContext:
    """Which job this is, and what it may use.

    Attributes:
        label: the editor's or the judge's name.
        device_limit: how many devices its pool may have.
        total: how many items there are to do.
        resident_command: starts a resident pool (scripts/serve_pool.py), or None for workers of its own.
    """

    rule: str
    label: str
    category: str
    benchmark: str
    device_limit: int
    total: int
    telemetry_folder: Path | None = None
    resident_command: list[str] | None = None


def run_tasks(
    work: Work, loader: Loader, tasks: Iterable[Task], run: RunConfig, job: JobContext
) -> Iterator[Outcome]:
    """Yield one outcome a task, as they finish, and say how far the job is.

    Without a task nothing is leased or loaded.

    Raises:
        DeviceError: if the devices asked for are not there.
        StageError: if no device could load the model.
    """
    source = iter(tasks)
    first = next(source, None)
    if first is None:
        return
    tasks = chain([first], source)
    if not work.settings["needs_device"]:
        outcomes = _run_here(work, loader, tasks)
    elif run.resident and job.resident_command is not None:
        request = resident.PoolRequest(
            stage=work.stage,
            settings=work.settings,
            key=work.key,
            label=job.label,
            devices=run.devices,
            count=job.device_limit,
            idle_timeout=run.idle_timeout,
            item_timeout=run.item_timeout,
            owner=owner(),
        )
        outcomes = resident.run_tasks(request, tasks, job.resident_command)
    else:
        outcomes = _run_on_own_workers(work, loader, tasks, run, job)
    kinds: Counter[str] = Counter()
    with Progress(job.label, job.category, job.total) as progress:
        for outcome in outcomes:
            if outcome.error is not None:
                _log_once(kinds, outcome)
            weight = len(outcome.result.get("scores", [1])) if outcome.result else 1
            progress.add(outcome.device, weight, failed=outcome.error is not None)
            yield outcome
    for kind, count in kinds.items():
        if count > 1:
            LOGGER.error("%s: %d times in all", kind, count)


def owner() -> str:
    """Return the run that this job belongs to, as ``pid:start time``: its Snakemake, or this process."""
    return os.environ.get("SNAKEDIT_OWNER") or f"{os.getpid()}:{start_time(os.getpid())}"


def _run_here(work: Work, loader: Loader, tasks: Iterable[Task]) -> Iterator[Outcome]:
    handler = loader(work.settings, "cpu")
    for task in tasks:
        yield Outcome(task.key, device="cpu", **attempt(handler, task.payload))


def _run_on_own_workers(
    work: Work, loader: Loader, tasks: Iterable[Task], run: RunConfig, job: JobContext
) -> Iterator[Outcome]:
    holder = Holder(os.getpid(), job.label, owner(), socket=None)
    waiting = resident.Waiting(job.label, holder.owner, LOGGER.info)
    lease = acquire(resolve_devices(run.devices), job.device_limit, holder, waiting)
    workers = Workers(loader, work.settings, lease.devices, run.item_timeout)
    source = iter(tasks)
    more = True

    def take() -> tuple[None, Task] | None:
        nonlocal more
        task = next(source, None)
        more = task is not None
        return (None, task) if task is not None else None

    try:
        while True:
            ready = wait(workers.connections, timeout=0.5)
            for _, outcome in workers.step(ready, take):
                yield outcome
            if not workers.is_alive:
                raise StageError(f"no device could load the model: {workers.load_error}")
            if not more and workers.is_idle:
                return
    finally:
        workers.close()
        lease.release()


def _log_once(kinds: Counter[str], outcome: Outcome) -> None:
    """The first error of a kind is told whole, later ones are counted at the end."""
    kind = str(outcome.error).partition(":")[0]
    kinds[kind] += 1
    if kinds[kind] == 1:
        LOGGER.error("%s: %s", outcome.key, outcome.trace or outcome.error)
