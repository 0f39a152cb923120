"""Leases on devices: one exclusive file lock per device, which the kernel frees when its process dies."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from snakedit.core.errors import DeviceError
from snakedit.runtime.devices.discover import Device, looked_at_again
from snakedit.runtime.devices.replicas import Demand
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.host.shared_folder import SharedFolder, SharedLock

POLL_SECONDS = 0.1
# The driver may need this long to count memory as free whose process has ended.
SETTLE_SECONDS = 3.0
QUEUE = "queue"
MAX_LABEL = 80
_MAX_PID = 2**31 - 1


@dataclass(frozen=True)
class Holder:
    """The process that has leased a device.

    Attributes:
        label: the model's name, for messages.
        owner: the Snakemake run that it belongs to.
        socket: its socket if it is a resident pool, else None.
    """

    pid: int
    label: str
    owner: str
    socket: str | None


Held = Mapping[Device, Holder | None]


class Lease:
    """Devices that this process leases until `release` or until it ends."""

    def __init__(self) -> None:
        self.devices: list[Device] = []
        self._locks: list[SharedLock] = []

    def take(self, device: Device, folder: SharedFolder, holder: Holder) -> bool:
        """Lease one more device if it is free; return whether it was."""
        lock = folder.lock(_file_name(device))
        if lock is None:
            return False
        self.devices.append(device)
        self._locks.append(lock)
        lock.write(json.dumps(asdict(holder)).encode())
        return True

    def give_back(self, devices: Sequence[Device]) -> None:
        """Give some of the devices back."""
        for device in devices:
            place = self.devices.index(device)
            self._locks.pop(place).release()
            del self.devices[place]

    def release(self) -> None:
        """Give all devices back."""
        self.give_back(list(self.devices))


def acquire(
    devices: Sequence[Device], demand: Demand, holder: Holder, on_wait: Callable[[Held], None]
) -> tuple[Lease, list[Device]]:
    """Lease devices for as many copies of a model as fit, and at least one, first come, first served.

    It waits for a device that the same run holds, since that pool is about to leave. It waits for a device
    of another run only while it has none for a copy.

    Args:
        devices: the candidates, best first.
        demand: the model, and how many devices it may have.
        holder: how this process presents itself to others.
        on_wait: called repeatedly during the wait, with the holders of the devices; an exception from it
            ends the wait.

    Returns:
        The lease, and for each copy the device that it is loaded on; see `Demand.copies`.

    Raises:
        DeviceError: if the folder of the locks cannot be used, or if other processes have so much of the
            devices' memory that no copy fits.
    """
    lease = Lease()
    most = len(demand.copies(_empty(devices)))
    left: list[Device] = []
    began: float | None = None
    try:
        # Only the first in the queue takes any device, so that two processes that need several each cannot
        # hold what the other needs.
        with lock_folder() as folder, folder.queue(QUEUE) as place:
            while True:
                copies: list[Device] = []
                taken = [device for device in devices if device not in lease.devices]
                if place.is_first():
                    began = began or time.monotonic()
                    taken = [device for device in taken if _is_taken(device, folder)]
                    left = looked_at_again([device for device in devices if device not in taken])
                    copies = demand.copies(left)
                    if not _take_only(lease, copies, folder, holder):
                        continue
                held = {device: who(folder, device) for device in taken}
                ours = [d for d, other in held.items() if other is not None and other.owner == holder.owner]
                helps = ours and len(demand.copies([*left, *_empty(ours)])) > len(copies)
                settled = began is not None and time.monotonic() - began > SETTLE_SECONDS
                if len(copies) == most or (copies and not helps and (taken or settled)):
                    return lease, copies
                if settled and not taken:
                    demand.check(left)
                on_wait(held)
                time.sleep(POLL_SECONDS)
    except OSError as error:
        lease.release()
        raise DeviceError(
            f"the folder of the device locks cannot be used ({error})",
            hint="set SNAKEDIT_LOCK_DIR to a folder that everyone who shares the devices can write to",
        ) from None
    except BaseException:
        lease.release()
        raise


def one_more(lease: Lease, devices: Sequence[Device], demand: Demand, holder: Holder) -> Device | None:
    """Lease devices for one more copy, without a wait; return what it is loaded on, or None if none is free.

    Args:
        devices: the candidates that the lease does not have.
        demand: the model; its limit is how many devices the lease may still take.
    """
    left = looked_at_again(devices)
    with lock_folder() as folder:
        while copies := demand.copies(left):
            parts = copies[0].parts or (copies[0],)
            missing = [device for device in parts if not lease.take(device, folder, holder)]
            if not missing:
                return copies[0]
            lease.give_back([device for device in parts if device not in missing])
            left = [device for device in left if device not in missing]
    return None


def _empty(devices: Sequence[Device]) -> list[Device]:
    """Devices as they are once their holders have left."""
    return [replace(device, free=None) for device in devices]


def _is_taken(device: Device, folder: SharedFolder) -> bool:
    """Whether another process leases a device. Only the first in line may ask, since it takes the lock."""
    lock = folder.lock(_file_name(device))
    if lock is None:
        return True
    lock.release()
    return False


def _take_only(lease: Lease, copies: Sequence[Device], folder: SharedFolder, holder: Holder) -> bool:
    """Make a lease that of these copies; return whether all their devices were free."""
    wanted = [device for copy in copies for device in copy.parts or (copy,)]
    lease.give_back([device for device in lease.devices if device not in wanted])
    return all(device in lease.devices or lease.take(device, folder, holder) for device in wanted)


def who(folder: SharedFolder, device: Device) -> Holder | None:
    """Return the last holder of a device, if its process is still alive.

    Every user who shares the folder can write what is read here, so it is only shown and compared.
    """
    try:
        holder = _holder(json.loads(folder.read(_file_name(device))))
    except (OSError, ValueError, RecursionError):
        return None
    # Signal 0 tests for existence. PermissionError means that another user's process exists.
    with suppress(PermissionError):
        try:
            os.kill(holder.pid, 0)
        except ProcessLookupError:
            return None
    return holder


def _holder(raw: object) -> Holder:
    if not isinstance(raw, dict):
        raise ValueError("not an object")
    pid, socket = raw.get("pid"), raw.get("socket")
    texts = [raw.get(key) for key in ("label", "owner")]
    label, owner = (text if isinstance(text, str) else "" for text in texts)
    if isinstance(pid, bool) or not isinstance(pid, int) or not 0 < pid <= _MAX_PID:
        raise ValueError("not a process")
    shown = "".join(c if c.isprintable() else "�" for c in label[:MAX_LABEL])
    return Holder(pid, shown, owner, socket if isinstance(socket, str) else None)


def waiting_line(label: str, held: Held) -> str:
    """Return the message that names the devices that a model waits for, and their holders."""
    devices: dict[str, list[str]] = {}
    for device, holder in held.items():
        process = "another process" if holder is None else f"{holder.label} (pid {holder.pid})"
        devices.setdefault(process, []).append(device.name)
    holders = "; ".join(f"{process} holds {', '.join(names)}" for process, names in devices.items())
    return f"{label} waits for devices: {holders}"


def _file_name(device: Device) -> str:
    # The ids of old MIG slices contain slashes.
    return f"{device.kind}-{device.id.replace('/', '_')}.lock"
