"""Which devices there are, without torch: GPUs by NVML, CPU workers, and simulated devices."""

import os
from dataclasses import dataclass

from snakedit.config import DevicesConfig
from snakedit.errors import DeviceError

CPU_HINT = "to run on the CPU, set run: {devices: {kind: cpu}}"


@dataclass(frozen=True)
class Device:
    """One device that a worker can have to itself.

    Attributes:
        kind: ``cuda``, ``cpu`` or ``simulated``.
        id: a GPU's UUID, or the number of a slot: what a lease is taken on.
        index: its place among the devices of its kind on this host.
    """

    kind: str
    id: str
    index: int

    @property
    def name(self) -> str:
        """How records and messages call it."""
        return f"{self.kind}:{self.index}"


def device_kind(devices: DevicesConfig) -> str:
    """Return ``cuda``, ``cpu`` or ``simulated``; ``auto`` is a GPU where one is visible."""
    if devices.kind != "auto":
        return devices.kind
    return "cuda" if visible_gpus() else "cpu"


def count_devices(devices: DevicesConfig) -> int:
    """Return how many devices a run may use; see `resolve_devices`."""
    return len(resolve_devices(devices))


def resolve_devices(devices: DevicesConfig) -> list[Device]:
    """Return the devices that a run may use.

    GPUs are those within CUDA_VISIBLE_DEVICES and `ids` (by index or UUID). A CPU has two worker slots
    unless `count` says more, since a tiny model wants one thread.

    Raises:
        DeviceError: if GPUs are asked for and there is none, or not the ones named.
    """
    kind = device_kind(devices)
    if kind != "cuda":
        default = min(2, os.cpu_count() or 1) if kind == "cpu" else 1
        slots = [Device(kind, str(i), i) for i in range(devices.count or default)]
        if devices.ids is not None:
            slots = [slot for slot in slots if slot.index in devices.ids]
        return slots
    found = visible_gpus()
    if not found:
        raise DeviceError("no GPU is visible", where="run.devices", hint=CPU_HINT)
    if devices.ids is not None:
        known = {str(gpu.index): gpu for gpu in found} | {gpu.id: gpu for gpu in found}
        for wanted in devices.ids:
            if str(wanted) not in known:
                raise DeviceError(
                    f"there is no GPU {wanted}", where="run.devices.ids", allowed=", ".join(known)
                )
        found = [known[str(wanted)] for wanted in devices.ids]
    return found[: devices.count] if devices.count else found


def visible_gpus() -> list[Device]:
    """Return the GPUs within CUDA_VISIBLE_DEVICES as inherited, in its order; none without NVML."""
    try:
        import pynvml
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        gpus = [Device("cuda", _text(pynvml.nvmlDeviceGetUUID(h)), i) for i, h in enumerate(handles)]
    finally:
        pynvml.nvmlShutdown()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return gpus
    by_name = {str(gpu.index): gpu for gpu in gpus} | {gpu.id: gpu for gpu in gpus}
    chosen = []
    for name in (part.strip() for part in visible.split(",")):
        # CUDA itself stops at the first name it does not know.
        if name not in by_name:
            break
        chosen.append(by_name[name])
    return chosen


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
