"""Worker processes, one per device: starting, feeding, watching, replacing and parking them.

A job's own pool and a resident pool share this module.
"""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from snakedit.core.logs import LOGGER
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.host import clock
from snakedit.runtime.pool.attempt import Loader, now
from snakedit.runtime.pool.second_tries import SecondTries, SecondTry
from snakedit.runtime.pool.tasks import Outcome, Task
from snakedit.runtime.pool.worker import STOP_SECONDS, Worker, kill_process, wait_for_processes
from snakedit.runtime.pool.worker_process import work
from snakedit.telemetry.trace import Member, Span

# Long enough for the slowest disk.
LOAD_SECONDS = 3600.0


Take = Callable[[], tuple[Any, Task] | None]


class Workers:
    """The workers of one model, for use in the main thread: `wait` on `connections`, then `step`.

    Attributes:
        fault: why no device is left, by the latest that could not load the model.
    """

    def __init__(
        self,
        loader: Loader,
        settings: dict[str, Any],
        devices: Sequence[Device],
        item_timeout: float,
        exchange: Callable[[Device, bool], Device | None],
        say: Callable[[str], object] = LOGGER.warning,
    ) -> None:
        """Start a worker on each device.

        Args:
            item_timeout: seconds per task after which a worker counts as hung.
            exchange: puts back a device that could not load, and returns another or None; see `Placement`.
            say: called with a message when a worker is replaced, or a device is parked or left out.
        """
        self._loader, self._settings, self._timeout = loader, settings, item_timeout
        self._exchange, self._say = exchange, say
        self._context = multiprocessing.get_context("spawn")
        self._untried: deque[tuple[Any, Task]] = deque()
        self._second_tries = SecondTries()
        # Device → when it is tried again, by the monotonic clock.
        self._parked: dict[Device, float] = {}
        self._spans: list[Span] = []
        self._has_told_of_retry = False
        self.fault = ""
        self._workers = [self._start(device) for device in devices]

    @property
    def connections(self) -> list[Connection]:
        """The connections to wait on."""
        return [worker.connection for worker in self._workers]

    @property
    def is_alive(self) -> bool:
        """Whether any device is left."""
        return bool(self._workers or self._parked)

    @property
    def is_idle(self) -> bool:
        """Whether no task is under way or waits for another attempt."""
        waits = self._untried or not self._second_tries.is_empty
        return not waits and all(worker.task is None for worker in self._workers)

    def step(self, ready: Collection[Any], take: Take) -> list[tuple[Any, Outcome]]:
        """Read messages, replace dead and hung workers, feed free ones; return (job, outcome) pairs.

        A failed task is tried on another device first. A device whose tasks succeed elsewhere is parked.

        Args:
            ready: those of `connections` that can be read.
            take: returns the next (job, task), or None.
        """
        outcomes: list[tuple[Any, Outcome]] = []
        for worker in list(self._workers):
            if worker not in self._workers:  # Parked in this step.
                continue
            waited = clock.monotonic() - worker.since
            if worker.connection in ready:
                self._read(worker, outcomes)
            elif worker.task is not None and waited > self._timeout:
                self._lose(worker, f"TimeoutError: took over {self._timeout:g} s (item_timeout)", outcomes)
            elif not worker.ready and waited > LOAD_SECONDS:
                self._lose(worker, f"TimeoutError: loaded for over {LOAD_SECONDS:g} s", outcomes)
        self._end_parking()
        outcomes += self._second_tries.left_over(self._devices)
        is_empty = False
        for worker in self._workers:
            if not worker.ready or worker.task is not None:
                continue
            entry = self._second_tries.take(worker.device, self._devices)
            taken = (entry.job, entry.task) if entry else None
            if taken is None and self._second_tries.may_begin(worker.device, self._devices):
                if self._untried:
                    taken = self._untried.popleft()
                elif not is_empty:
                    taken = take()
                    is_empty = taken is None
            if taken is not None:
                self._give(worker, taken, entry)
        return outcomes

    def forget(self, job: Any) -> None:
        """Drop the tasks of a job that no worker has; those that workers have are not tried again."""
        self._untried = deque(waiting for waiting in self._untried if waiting[0] is not job)
        self._second_tries.forget(job)
        for worker in self._workers:
            worker.forgotten |= worker.task is not None and worker.job is job

    def working_on(self) -> list[Task]:
        """The tasks that workers are working on."""
        return [worker.task for worker in self._workers if worker.task is not None]

    def members(self) -> list[Member]:
        """The worker processes, for the telemetry."""
        return [member for worker in self._workers for member in worker.members()]

    def take_spans(self) -> list[Span]:
        """Return the devices' activities apart from finished tasks, since the last call."""
        spans, self._spans = self._spans, []
        return spans

    def close(self) -> None:
        """End all workers; those that are busy are killed."""
        for worker in self._workers:
            if worker.task is not None or not worker.ready:
                worker.process.kill()
            worker.connection.close()
        wait_for_processes(worker.process for worker in self._workers)
        for worker in self._workers:
            worker.process.kill()
        wait_for_processes(worker.process for worker in self._workers)
        self._workers = []

    def _read(self, worker: Worker, outcomes: list[tuple[Any, Outcome]]) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(STOP_SECONDS)
            code = worker.process.exitcode
            self._lose(worker, f"WorkerError: its worker process died (exit code {code})", outcomes)
            return
        device = worker.device.name
        if "load_error" in message:
            self._say(f"{device}: {message['trace']}")
            self._lose(worker, message["load_error"], outcomes, exchangeable=message["exchangeable"])
        elif "lost" in message:
            self._lose(worker, message["lost"], outcomes)
        elif "ready" in message:
            worker.ready = True
            start, seconds = message["ready"]["started"], message["ready"]["seconds"]
            parts = worker.device.part_names
            self._spans += [
                Span(device, "switch", worker.born, max(0.0, start - worker.born), parts=parts),
                Span(device, "load", start, seconds, parts=parts),
            ]
        else:
            assert worker.task is not None
            outcome = Outcome(worker.task.key, device=device, parts=worker.device.part_names, **message)
            self._tell_of_retry(outcome)
            self._finish(worker, outcome, outcomes)

    def _tell_of_retry(self, outcome: Outcome) -> None:
        if outcome.retried is not None and not self._has_told_of_retry:
            self._has_told_of_retry = True
            self._say(
                f"{outcome.device}: out of memory at {outcome.key}, which was tried again {outcome.retried};"
                " its worker goes back to what it was (said once)"
            )

    def _lose(
        self, worker: Worker, cause: str, outcomes: list[tuple[Any, Outcome]], exchangeable: bool = True
    ) -> None:
        """End a worker. If it had loaded, replace it, else exchange its device. Its task is tried again."""
        place = self._workers.index(worker)
        device, task = worker.device, worker.task
        ended = kill_process(worker.process)
        worker.connection.close()
        if worker.ready and ended:
            self._say(f"{device.name}: {cause}; a new worker is started")
            self._workers[place] = self._start(device)
        else:
            self.fault = f"no device could load the model: {cause}"
            why = "could not load the model" if ended else "has a worker that cannot be ended"
            self._say(f"{device.name} {why} and is left out: {cause}")
            del self._workers[place]
            other = self._exchange(device, ended) if exchangeable else None
            if other is not None:
                self._workers.append(self._start(other))
        if task is None:
            return
        seconds = clock.monotonic() - worker.since
        self._spans.append(
            Span(device.name, "lost", time.time() - seconds, seconds, task.key, device.part_names)
        )
        self._finish(worker, Outcome(task.key, None, cause, device.name, 0.0, now()), outcomes, died=True)

    def _finish(
        self, worker: Worker, outcome: Outcome, outcomes: list[tuple[Any, Outcome]], died: bool = False
    ) -> None:
        """Take a worker's task off it, with this outcome or for a second try."""
        job, task, entry, forgotten = worker.job, worker.task, worker.entry, worker.forgotten
        worker.job = worker.task = worker.entry = None
        worker.forgotten = False
        assert task is not None
        if outcome.error is None and outcome.fault is None:
            to_park = self._second_tries.succeeded(worker.device, entry)
            attempts = outcome.attempts + (entry.attempts if entry is not None else 0)
            outcomes.append((job, replace(outcome, attempts=attempts)))
            for device in to_park:
                self._park(device, entry)
        elif forgotten:
            if entry is not None:
                self._second_tries.drop(entry)
        else:
            final = self._second_tries.failed(
                worker.device, job, outcome, task, entry, self._devices, died=died
            )
            if final is not None:
                outcomes.append((job, final))

    def _give(self, worker: Worker, taken: tuple[Any, Task], entry: SecondTry | None) -> None:
        try:
            worker.connection.send(taken[1].payload)
        except OSError:
            # It died idle. Its connection tells in the next step, and the task stays untried.
            if entry is not None:
                self._second_tries.put_back(entry)
            else:
                self._untried.appendleft(taken)
            return
        worker.job, worker.task = taken
        worker.entry = entry
        worker.since = clock.monotonic()

    @property
    def _devices(self) -> list[Device]:
        return [worker.device for worker in self._workers]

    def _park(self, device: Device, entry: SecondTry | None) -> None:
        """End the worker of a device whose tasks succeed elsewhere, and start one again later."""
        worker = next((worker for worker in self._workers if worker.device == device), None)
        if worker is None or len(self._workers) == 1:
            return
        self._workers.remove(worker)
        if worker.task is not None and not worker.forgotten:
            # Nothing is known of it, so that this was no try.
            if worker.entry is not None:
                self._second_tries.put_back(worker.entry)
            else:
                self._untried.appendleft((worker.job, worker.task))
        elif worker.entry is not None:
            self._second_tries.drop(worker.entry)
        seconds = self._second_tries.parking_seconds(device)
        cause = entry.outcome.error or entry.outcome.fault if entry is not None else ""
        ended = kill_process(worker.process)
        worker.connection.close()
        if ended:
            self._parked[device] = clock.monotonic() + seconds
        self._say(
            f"{device.name} fails what other devices can do and is "
            + (f"parked for {seconds:g} s" if ended else "left out, since its worker cannot be ended")
            + f"; no item is lost. The last error: {cause}"
        )

    def _end_parking(self) -> None:
        """Start workers on the devices whose time is over, or on all if there is no other."""
        for device, until in list(self._parked.items()):
            if clock.monotonic() >= until or not self._workers:
                del self._parked[device]
                self._say(f"{device.name} is tried again after its parking")
                self._workers.append(self._start(device))

    def _start(self, device: Device) -> Worker:
        born = time.time()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(self._loader, self._settings, device, theirs, os.getpid()), daemon=True
        )
        process.start()
        theirs.close()
        return Worker(device, process, ours, born, clock.monotonic())
