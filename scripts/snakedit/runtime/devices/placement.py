"""A pool's devices: chosen, leased, and exchanged where one cannot load the model."""

from collections.abc import Callable
from dataclasses import replace

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError
from snakedit.runtime.devices.absence import why_no_gpu
from snakedit.runtime.devices.discover import CPU_HINT, Device, candidate_devices, device_kind
from snakedit.runtime.devices.leases import Held, Holder, Lease, acquire, one_more
from snakedit.runtime.devices.replicas import GIB, Demand, too_full

# Weights above this size are a model that nobody wants on a CPU by accident.
FULL_SIZE = 4 * GIB


class Placement:
    """The leased devices of one model's pool."""

    def __init__(
        self, devices: DevicesConfig, demand: Demand, holder: Holder, say: Callable[[str], object]
    ) -> None:
        self._devices, self._holder, self._say = devices, holder, say
        limit = min(demand.limit, devices.count or demand.limit)
        self._demand = replace(demand, limit=limit)
        self._candidates: list[Device] = []
        self._failed: set[Device] = set()
        self.lease = Lease()

    def copies(self, on_wait: Callable[[Held], None]) -> list[Device]:
        """Lease devices, and return for each copy of the model the device that it is loaded on.

        Raises:
            DeviceError: if a device that is named does not exist, if no copy fits, or if a full-size model
                would get on the CPU without being asked for there.
        """
        refuse_by_accident_on_cpu(self._devices, self._demand)
        candidates = self._candidates = candidate_devices(self._devices)
        self._demand.check([replace(device, free=None) for device in candidates])
        self.lease, copies = acquire(candidates, self._demand, self._holder, on_wait)
        for line in (too_full(self._demand, candidates, copies), self._demand.advice(copies)):
            if line is not None:
                self._say(f"{self._holder.label}: {line}")
        return copies

    def exchange(self, failed: Device, is_free: bool) -> Device | None:
        """Put back what could not load the model; return what a copy can be tried on instead, or None.

        Args:
            is_free: whether no process is left on it. One that hangs in the driver keeps its lease.
        """
        parts = failed.parts or (failed,)
        self._failed.update(parts)
        if is_free:
            self.lease.give_back(parts)
        out = self._failed.union(self.lease.devices)
        # Those of the beginning: one that has fallen off the bus has no room now.
        left = [device for device in self._candidates if device not in out]
        demand = replace(self._demand, limit=self._demand.limit - len(self.lease.devices))
        try:
            other = one_more(self.lease, left, demand, self._holder)
        except (OSError, DeviceError) as error:
            # The other workers go on.
            self._say(f"no other device is tried for {failed.name}: {error}")
            return None
        if other is not None:
            self._say(f"{failed.name} is put back, and {other.name} is taken for it")
        return other


def refuse_by_accident_on_cpu(devices: DevicesConfig, demand: Demand) -> None:
    """Refuse to load a full-size model on the CPU that `auto` has fallen back to.

    Raises:
        DeviceError: saying why no GPU is used, and what to write to use the CPU.
    """
    weights = demand.weights
    if devices.kind == "auto" and weights > FULL_SIZE and device_kind(devices) == "cpu":
        raise DeviceError(
            f"{why_no_gpu()}, and the model's {weights / GIB:.0f} GiB of weights would run on the CPU",
            where="run.devices.kind: auto",
            hint=CPU_HINT,
        )
