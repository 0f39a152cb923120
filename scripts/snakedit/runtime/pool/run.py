"""Runs a job's tasks: on a resident pool, on workers of its own, on a server, or in its own process.

The next free worker takes the next task, without rounds, barriers or fixed shares. The job's own process
never loads a model that needs a device.
"""

import os
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing, nullcontext, suppress
from datetime import datetime
from itertools import chain
from multiprocessing.connection import wait

from snakedit.config.schema import RunConfig
from snakedit.core.errors import StageError
from snakedit.core.logs import LOGGER
from snakedit.runtime.devices.leases import Holder
from snakedit.runtime.devices.placement import Placement
from snakedit.runtime.devices.replicas import Demand
from snakedit.runtime.host.progress import Progress
from snakedit.runtime.host.signals import Stop
from snakedit.runtime.pool.attempt import Loader, attempt
from snakedit.runtime.pool.tasks import Event, Outcome, Task
from snakedit.runtime.pool.work import JobContext, Work
from snakedit.runtime.pool.workers import Workers
from snakedit.runtime.resident.client import PoolRequest, run_on_pool
from snakedit.runtime.resident.handover import Waiting
from snakedit.runtime.resident.owner import began_at, over, owner, watched
from snakedit.runtime.servers.requests import run_on_server
from snakedit.telemetry.sampling import Sampler
from snakedit.telemetry.trace import Member, Span, Trace, TracedJob


def run_tasks(
    work: Work, loader: Loader, tasks: Iterable[Task | None], run: RunConfig, job: JobContext
) -> Iterator[Outcome]:
    """Yield one outcome per task, as they finish, and log the job's progress.

    Without a task nothing is leased or loaded. Work that needs neither a device nor a server is done in this
    process.

    Args:
        tasks: consumed as workers become free, a few ahead. Their keys must differ. After the first one, None
            stands for a task that is not there yet, where a resident pool is used.

    Raises:
        DeviceError: if a requested device does not exist.
        StageError: if no device could load the model, or this job's run is over.
        KeyboardInterrupt, SystemExit: after SIGINT and SIGTERM, once the workers have ended.
    """
    source = iter(tasks)
    first = next(source, None)
    if first is None:
        return
    weights: dict[str, int] = {}

    def weighed() -> Iterator[Task | None]:
        for task in chain([first], source):
            if task is not None:
                weights[task.key] = task.weight
            yield task

    errors = _Errors()
    with ExitStack() as stack:
        stack.callback(errors.log_counts)
        progress = stack.enter_context(Progress(job.label, job.part, job.total))
        watcher = stack.enter_context(_Watcher(work.stage, job))
        for event in stack.enter_context(closing(_events(work, loader, weighed(), run, job))):
            watcher.see(event)
            if isinstance(event, Outcome):
                errors.add(event)
                items = weights.pop(event.key)
                failed = event.error is not None
                progress.add(event.device, items, event.seconds, failed, _statuses(event))
                yield event
            progress.tick()


def _statuses(outcome: Outcome) -> list[str]:
    """What became of a task's items, where its outcome tells that: each score's status, or a refusal."""
    if outcome.error is not None:
        return ["refused"] if outcome.error.startswith("RefusedError:") else []
    return [str(score.get("status")) for score in (outcome.result or {}).get("scores", [])]


def _events(
    work: Work, loader: Loader, tasks: Iterator[Task | None], run: RunConfig, job: JobContext
) -> Generator[Event]:
    is_resident = run.resident and job.resident_command is not None
    if work.server is None and (not work.needs_device or job.device_limit == 0):
        return _run_in_process(work, loader, filter(None, tasks))
    if not is_resident and work.server is not None:
        return run_on_server(work.server, loader, work.settings, tasks, run.item_timeout)
    if not is_resident:
        return _run_on_own_workers(work, loader, filter(None, tasks), run, job)
    assert job.resident_command is not None
    request = PoolRequest(
        stage=work.stage,
        settings=work.settings,
        key=work.key,
        weights=work.weights,
        need=work.need,
        label=job.label,
        devices=run.devices,
        count=job.device_limit,
        idle_timeout=run.idle_timeout,
        item_timeout=run.item_timeout,
        owner=owner(),
        server=work.server,
    )
    return run_on_pool(request, tasks, job.resident_command)


def _run_in_process(work: Work, loader: Loader, tasks: Iterator[Task]) -> Generator[Event]:
    started = time.time()
    handler = loader(work.settings, "cpu")
    yield Span("cpu", "load", started, time.time() - started)
    for task in tasks:
        yield Outcome(task.key, device="cpu", **attempt(handler, task.payload))


def _run_on_own_workers(
    work: Work, loader: Loader, tasks: Iterator[Task], run: RunConfig, job: JobContext
) -> Generator[Event]:
    more = True

    def take() -> tuple[None, Task] | None:
        nonlocal more
        task = next(tasks, None)
        more = task is not None
        return (None, task) if task is not None else None

    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        run_is_over = stack.enter_context(watched())
        holder = Holder(os.getpid(), job.label, owner(), socket=None)
        waiting = Waiting(job.label, holder.owner, LOGGER.info, stop.check)
        demand = Demand(job.device_limit, work.weights, work.need)
        placement = Placement(run.devices, demand, holder, LOGGER.warning)
        copies = placement.copies(waiting)
        stack.callback(placement.lease.release)
        workers = Workers(loader, work.settings, copies, run.item_timeout, placement.exchange)
        stack.callback(workers.close)
        while True:
            ready = wait([*workers.connections, run_is_over], timeout=0.5)
            if run_is_over in ready:
                raise over()
            for _, outcome in workers.step(ready, take):
                yield outcome
            yield from workers.take_spans()
            yield tuple(workers.members())
            if not more and workers.is_idle:
                return
            if not workers.is_alive:
                raise StageError(workers.fault)
            stop.check()


class _Watcher:
    """Writes a job's telemetry, if the job has a folder for it."""

    def __init__(self, stage: str, job: JobContext) -> None:
        self._stage = stage
        self._driver = Member("driver", "", "", os.getpid())
        self._members: tuple[Member, ...] = ()
        self._trace: Trace | None = None
        if job.telemetry_folder is not None:
            allocation = os.environ.get("SLURM_JOB_ID", "")
            header = TracedJob(
                rule=job.rule,
                label=job.label,
                category=job.category,
                shard=job.shard,
                benchmark=job.benchmark,
                # On a cluster each job is a run of its own.
                run="" if allocation else owner(),
                run_began=began_at(owner()),
                allocation=allocation,
            )
            self._trace = Trace(job.telemetry_folder, header)
        self._sampler = Sampler()

    def __enter__(self) -> "_Watcher":
        return self

    def __exit__(self, *exc: object) -> None:
        self._sampler.close()
        if self._trace is not None:
            # An error that ended the job, such as a full disk, must not be reported twice.
            with suppress(OSError) if exc[0] else nullcontext():
                self._trace.close()

    def see(self, event: Event) -> None:
        """Write an event, and once a second a sample of the resources in use."""
        if isinstance(event, tuple):
            self._members = event
        if self._trace is None:
            return
        if isinstance(event, Span):
            self._trace.add(event)
        elif isinstance(event, Outcome) and event.seconds > 0:
            start = datetime.fromisoformat(event.started).timestamp()
            if event.idle > 0:
                idle = Span(event.device, "idle", start - event.idle, event.idle, parts=event.parts)
                self._trace.add(idle)
            whole = {"name": self._stage, "start": start, "seconds": event.seconds, "item": event.key}
            for span in event.spans or [whole]:
                self._trace.add(Span(event.device, parts=event.parts, **span))
        samples = self._sampler.samples([self._driver, *self._members])
        for sample in samples:
            self._trace.add(sample)
        if samples:
            self._trace.flush()


class _Errors:
    """Logs the first error of each type in full, and the number of the others at the end."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome's error, if it has one."""
        if outcome.error is None:
            return
        kind = outcome.error.partition(":")[0]
        self._kinds[kind] += 1
        if self._kinds[kind] == 1:
            LOGGER.error("%s: %s", outcome.key, outcome.trace or outcome.error)

    def log_counts(self) -> None:
        """Log how many errors there were of each type."""
        for kind, count in self._kinds.items():
            if count > 1:
                LOGGER.error("%s: %d times in all", kind, count)
