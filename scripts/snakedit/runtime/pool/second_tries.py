"""Second tries: a failed task goes to another device, and a device that fails what others can do is parked.

A device that fails at once would otherwise take most of the queue, since it is always the first to be free.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from snakedit.runtime.devices.discover import Device
from snakedit.runtime.pool.tasks import Outcome, Task

# How often a task may end its worker, whose model then has to be loaded again.
MAX_DEATHS = 2
# Tasks of a device that succeeded elsewhere, beyond its own successes since, before it is parked.
MAX_STRIKES = 2
# Failures of a device that wait for another device's word, before it is given no further new task.
MAX_UNEXPLAINED = 2
# Tasks that failed on every device before any task succeeded, after which two devices are enough to say so.
MAX_HOPELESS = 3
PARK_SECONDS = 60.0
MAX_PARK_SECONDS = 3600.0


@dataclass
class _Standing:
    """What is known of a device.

    Attributes:
        is_proven: whether it has succeeded since it last failed what others could do.
        strikes: tasks that failed on it and succeeded elsewhere, beyond its own successes since.
        parkings: how often it was parked.
    """

    is_proven: bool = False
    strikes: int = 0
    parkings: int = 0


# Compared by identity: two jobs may have tasks of the same key.
@dataclass(eq=False)
class SecondTry:
    """A task that has failed and has no outcome yet.

    Attributes:
        job: whose task it is.
        outcome: of its latest try, or of an earlier one that had a result in part.
        tried: the devices that it has failed on.
        suspects: those of them that have not succeeded in anything since.
        attempts: how often it was tried.
        deaths: how many of these ended the worker.
        died: whether `outcome` is of one of these.
    """

    job: Any
    task: Task
    outcome: Outcome
    tried: list[Device] = field(default_factory=list)
    suspects: set[Device] = field(default_factory=set)
    attempts: int = 0
    deaths: int = 0
    died: bool = False

    def final(self) -> Outcome:
        """Return the outcome of a task that is not tried again."""
        error = self.outcome.error
        if self.died and self.deaths > 1:
            error = f"{error}, {self.deaths} times"
        return replace(self.outcome, error=error, attempts=self.attempts)


class SecondTries:
    """The failed tasks of a pool, and the standing of its devices.

    In all methods `devices` are those that have a worker, whether it is free, busy or still loading.
    """

    def __init__(self) -> None:
        self._standings: dict[Device, _Standing] = {}
        # In the order of their failures; those at work are not in `_waiting`.
        self._open: list[SecondTry] = []
        self._hopeless = 0
        self._has_success = False
        self._waiting: list[SecondTry] = []

    @property
    def is_empty(self) -> bool:
        """Whether no task waits for its second try."""
        return not self._waiting

    def may_begin(self, device: Device, devices: Collection[Device]) -> bool:
        """Whether a device may take a task that nobody has tried, or waits for a word on its failures."""
        unexplained = sum(device in entry.suspects for entry in self._open)
        return unexplained < MAX_UNEXPLAINED or not _others([device], devices)

    def take(self, device: Device, devices: Collection[Device]) -> SecondTry | None:
        """Return the next failed task that this device should try."""
        for entry in self._waiting:
            if device in self._candidates(entry, devices):
                self._waiting.remove(entry)
                return entry
        return None

    def put_back(self, entry: SecondTry) -> None:
        """Let a task wait again that a device has taken and not tried."""
        self._waiting.insert(0, entry)

    def succeeded(self, device: Device, entry: SecondTry | None) -> list[Device]:
        """Note a success, of a second try where `entry` is given; return the devices to be parked for it."""
        for other in self._open:
            other.suspects.discard(device)
        self._has_success = True
        own = self._standing(device)
        own.is_proven, own.strikes = True, max(0, own.strikes - 1)
        if entry is None:
            return []
        self._open.remove(entry)
        to_park = []
        for failing in _others([device], entry.tried):
            standing = self._standing(failing)
            standing.is_proven = False
            standing.strikes += 1
            if standing.strikes >= (MAX_STRIKES if standing.parkings == 0 else 1):
                to_park.append(failing)
        return to_park

    def failed(
        self,
        device: Device,
        job: Any,
        outcome: Outcome,
        task: Task,
        entry: SecondTry | None,
        devices: Collection[Device],
        died: bool = False,
    ) -> Outcome | None:
        """Note a failure; return the task's outcome if it is not tried again.

        It is tried again on one other device. Where the failing devices have done nothing yet that would
        show that they work, a further one is asked.

        Args:
            outcome: of this try. A result in part is kept if the next try has none.
            entry: what `take` returned, if this was no first try.
            died: whether the try ended its worker, in which case a new worker on the same device may try.
        """
        if entry is None:
            entry = SecondTry(job, task, outcome)
            self._open.append(entry)
        elif outcome.result is not None or entry.outcome.result is None:
            entry.outcome = outcome
        entry.died = died and entry.outcome is outcome
        entry.attempts += outcome.attempts
        entry.deaths += died
        nothing_works = not self._has_success and self._hopeless >= MAX_HOPELESS
        knows = nothing_works or any(
            self._is_trusted(tried, besides=entry) for tried in [*entry.tried, device]
        )
        is_second = bool(entry.tried)
        if device not in entry.tried:
            entry.tried.append(device)
        entry.suspects.add(device)
        is_over = (is_second and knows) or entry.deaths >= MAX_DEATHS
        if is_over or not self._candidates(entry, devices):
            return self._close(entry, devices)
        self._waiting.append(entry)
        return None

    def left_over(self, devices: Collection[Device]) -> list[tuple[Any, Outcome]]:
        """Return (job, outcome) of the tasks that no device is left for, which are not tried again."""
        entries = [entry for entry in self._waiting if not self._candidates(entry, devices)]
        self._waiting = [entry for entry in self._waiting if entry not in entries]
        return [(entry.job, self._close(entry, devices)) for entry in entries]

    def drop(self, entry: SecondTry) -> None:
        """Forget a second try whose job is gone."""
        self._open.remove(entry)

    def forget(self, job: Any) -> None:
        """Forget the waiting tasks of a job."""
        for entry in [entry for entry in self._waiting if entry.job is job]:
            self._waiting.remove(entry)
            self.drop(entry)

    def parking_seconds(self, device: Device) -> float:
        """Return how long a device is parked now: twice as long each time."""
        standing = self._standing(device)
        seconds = min(MAX_PARK_SECONDS, PARK_SECONDS * 2.0**standing.parkings)
        standing.parkings += 1
        standing.strikes, standing.is_proven = 0, False
        for entry in self._open:
            entry.suspects.discard(device)
        return seconds

    def _standing(self, device: Device) -> _Standing:
        return self._standings.setdefault(device, _Standing())

    def _is_trusted(self, device: Device, besides: SecondTry | None = None) -> bool:
        """Whether a device works as far as is known."""
        suspected = any(device in entry.suspects for entry in self._open if entry is not besides)
        return self._standing(device).is_proven and not suspected

    def _candidates(self, entry: SecondTry, devices: Collection[Device]) -> Sequence[Device]:
        """The devices that should try a task: of the others those that work, else unsuspected ones."""
        others = _others(entry.tried, devices)
        if not others:
            may_die_again = entry.deaths == entry.attempts
            return list(devices) if may_die_again else []
        trusted = [device for device in others if self._is_trusted(device)]
        unsuspected = [d for d in others if not any(d in other.suspects for other in self._open)]
        return trusted or unsuspected or others

    def _close(self, entry: SecondTry, devices: Collection[Device]) -> Outcome:
        """End a task that failed wherever it was tried."""
        self._open.remove(entry)
        if len(entry.tried) > 1 and not _others(entry.tried, devices):
            self._hopeless += 1
        return entry.final()


def _others(tried: Collection[Device], devices: Collection[Device]) -> list[Device]:
    """The devices that are none of those tried. All workers on the CPU are one device."""
    on_cpu = any(device.kind == "cpu" for device in tried)
    return [device for device in devices if device not in tried and not (on_cpu and device.kind == "cpu")]
