"""Leases on devices: one exclusive file lock a device, which the system frees when its process dies."""

import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from snakedit.runtime.devices import Device
from snakedit.runtime.private import lock_folder

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """Who has a device.

    Attributes:
        label: the model, for people.
        owner: the Snakemake run it belongs to.
        socket: of the pool, or None for a job's own workers.
    """

    pid: int
    label: str
    owner: str
    socket: str | None


class Lease:
    """Devices that are this process's own until `release`, or its end."""

    def __init__(self) -> None:
        self.devices: list[Device] = []
        self._locks: list[FileLock] = []

    def take(self, device: Device, folder: Path, holder: Holder) -> bool:
        """Lease one more device if it is free; say whether it was."""
        lock = FileLock(_lock_file(folder, device))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self.devices.append(device)
        self._locks.append(lock)
        _holder_file(folder, device).write_text(json.dumps(asdict(holder)), encoding="utf-8")
        return True

    def release(self) -> None:
        """Give all devices back."""
        for lock in self._locks:
            lock.release()
        self.devices, self._locks = [], []


def acquire(
    devices: Sequence[Device],
    count: int,
    holder: Holder,
    on_wait: Callable[[Device, Holder | None], None],
) -> Lease:
    """Lease up to ``count`` of the devices, and at least one, waiting in the order of asking.

    A device held within the same run is waited for: its pool is about to leave. One held by another run
    is waited for only while nothing else could be had.

    Args:
        devices: which may be leased, best first.
        holder: what others are told of this process.
        on_wait: called again and again with each device that is not free, and who has it.
    """
    folder = lock_folder()
    lease = Lease()
    with _Ticket(folder) as ticket, ExitStack() as on_error:
        on_error.callback(lease.release)
        while True:
            if ticket.is_first():
                for device in devices:
                    if len(lease.devices) < count and device not in lease.devices:
                        lease.take(device, folder, holder)
            held = {device: who(folder, device) for device in devices if device not in lease.devices}
            ours = [d for d, other in held.items() if other is not None and other.owner == holder.owner]
            if len(lease.devices) == min(count, len(devices)) or (lease.devices and not ours):
                on_error.pop_all()
                return lease
            for device, other in held.items():
                on_wait(device, other)
            time.sleep(POLL_SECONDS)


def who(folder: Path, device: Device) -> Holder | None:
    """Return who last leased a device."""
    with suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(_holder_file(folder, device).read_text(encoding="utf-8")))
    return None


def _lock_file(folder: Path, device: Device) -> Path:
    return folder / f"{device.kind}-{device.id}.lock"


def _holder_file(folder: Path, device: Device) -> Path:
    return folder / f"{device.kind}-{device.id}.json"


class _Ticket:
    """A place in the line of those who wait for devices.

    Only the first in line takes any, so that two who need several cannot each hold what the other needs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "line"
        self._folder.mkdir(exist_ok=True)
        self._path = self._folder / f"{time.time_ns():020}-{os.getpid()}"
        self._lock = FileLock(self._path)

    def __enter__(self) -> "_Ticket":
        self._lock.acquire()
        return self

    def __exit__(self, *exc: object) -> None:
        self._lock.release()
        self._path.unlink(missing_ok=True)

    def is_first(self) -> bool:
        """Whether nobody who is still alive came before."""
        for path in sorted(self._folder.iterdir()):
            if path.name >= self._path.name:
                return True
            other = FileLock(path)
            try:
                other.acquire(timeout=0)
            except Timeout:
                return False
            # Its process is gone, else the lock would be held.
            other.release()
            path.unlink(missing_ok=True)
        return True
