"""Discovery of devices without torch: GPUs by NVML, CPU workers, and simulated devices."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError

CPU_HINT = "to run on the CPU, set run: {devices: {kind: cpu}}"
# The driver's own files about its GPUs, for a host without nvidia-ml-py.
DRIVER_FOLDER = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Device:
    """One device that a worker uses alone.

    Attributes:
        kind: ``cuda``, ``cpu`` or ``simulated``.
        id: the UUID of a GPU or of a MIG slice, or the number of a slot; leases lock it.
        index: its place among the devices of its kind on this host.
        memory: in bytes, or None if it is not known or does not matter.
        parts: the devices that it consists of, if one model is spread over several.
        free: bytes that no process held when it was looked at, or None if that is not known.
    """

    kind: str
    id: str
    index: int
    memory: int | None = None
    parts: tuple["Device", ...] = ()
    free: int | None = field(default=None, compare=False)

    @property
    def room(self) -> int | None:
        """Bytes that a model may take on it, or None if that is not known."""
        known = [size for size in (self.memory, self.free) if size is not None]
        return min(known) if known else None

    @property
    def name(self) -> str:
        """Its name in records and messages."""
        numbers = [str(part.index) for part in self.parts] or [str(self.index)]
        return f"{self.kind}:{'+'.join(numbers)}"

    @property
    def part_names(self) -> tuple[str, ...]:
        """The names of the devices that it consists of, or its own name."""
        return tuple(part.name for part in self.parts) or (self.name,)


def joined(devices: Sequence[Device]) -> Device:
    """Return one or more devices as the one device that a model is loaded on."""
    first = devices[0]
    if len(devices) == 1:
        return first
    return Device(first.kind, ",".join(device.id for device in devices), first.index, parts=tuple(devices))


@dataclass(frozen=True)
class _Gpu:
    """A physical GPU and its MIG slices, if it has any; `speed` has no unit, and 0 is unknown."""

    index: int
    uuid: str
    slices: tuple[str, ...] = ()
    memory: tuple[int | None, int | None] = (None, None)
    slice_memory: tuple[tuple[int | None, int | None], ...] = ()
    speed: int = 0


def device_kind(devices: DevicesConfig) -> str:
    """Return ``cuda``, ``cpu`` or ``simulated``; ``auto`` means a GPU if one is visible, else the CPU."""
    if devices.kind != "auto":
        return devices.kind
    return "cuda" if visible_gpus() else "cpu"


def count_devices(devices: DevicesConfig) -> int:
    """Return how many devices a run may use; see `resolve_devices`."""
    return len(resolve_devices(devices))


def resolve_devices(devices: DevicesConfig) -> list[Device]:
    """Return the devices that a run may use: the first `count` of its `candidate_devices`.

    Raises:
        DeviceError: if GPUs are requested and none is visible, or `ids` names a device that does not exist.
    """
    return candidate_devices(devices)[: devices.count]


def candidate_devices(devices: DevicesConfig) -> list[Device]:
    """Return the devices among which a run may choose `count`.

    GPUs are restricted to CUDA_VISIBLE_DEVICES and to `ids` (indices or UUIDs). Without `count`, a CPU has
    two worker slots, each with one thread. `memory_gib` overrides the size that NVML reports.

    Raises:
        DeviceError: if GPUs are requested and none is visible, or `ids` names a device that does not exist.
    """
    kind = device_kind(devices)
    if kind == "cuda":
        available = visible_gpus()
        if not available:
            raise DeviceError("no GPU is visible", where="run.devices", hint=CPU_HINT)
    else:
        default = min(2, os.cpu_count() or 1) if kind == "cpu" else 1
        if kind == "simulated":
            # As many as `ids` names.
            default = max([1, *(int(i) + 1 for i in devices.ids or () if str(i).isdecimal())])
        available = [Device(kind, str(i), i) for i in range(devices.count or default)]
    if devices.ids is not None:
        selected = []
        for wanted in devices.ids:
            matches = [d for d in available if _is_named(str(wanted), str(d.index), d.id)]
            if len(matches) != 1:
                names = [str(d.index) for d in available] + [d.id for d in available if kind == "cuda"]
                raise DeviceError(
                    f"there is no {kind} device '{wanted}'",
                    where="run.devices.ids",
                    allowed=", ".join(names),
                )
            selected += matches
        available = _once(selected)
    if devices.memory_gib is not None:
        declared = int(devices.memory_gib * 2**30)
        # Memory that NVML does not count cannot be seen to be free either.
        available = [
            replace(device, memory=declared, free=None if declared > (device.memory or 0) else device.free)
            for device in available
        ]
    return available


def looked_at_again(devices: Sequence[Device]) -> list[Device]:
    """Return devices with the memory that is free now, as NVML reports it."""
    if all(device.free is None for device in devices):
        return list(devices)
    now = {device.id: device.free for gpus in [visible_gpus()] for device in gpus}
    return [
        device if device.free is None else replace(device, free=now.get(device.id, 0)) for device in devices
    ]


def visible_gpus() -> list[Device]:
    """Return the GPUs in CUDA_VISIBLE_DEVICES as inherited, in its order.

    A GPU that is split by MIG is replaced by its slices, which continue the numbering. A number counts GPUs
    as CUDA_DEVICE_ORDER says: by their place on the bus, or by default the fastest first, as CUDA does.
    """
    gpus = _all_gpus()
    devices: dict[str, list[Device]] = {}
    count = 0
    for gpu in gpus:
        uuids = gpu.slices or (gpu.uuid,)
        memories = gpu.slice_memory or (gpu.memory,)
        devices[gpu.uuid] = [
            Device("cuda", uuid, count + i, total, free=free)
            for i, (uuid, (total, free)) in enumerate(zip(uuids, memories, strict=True))
        ]
        count += len(uuids)
    everything = [device for group in devices.values() for device in group]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return everything
    numbers = {gpu.uuid: str(number) for number, gpu in enumerate(_as_cuda_counts(gpus))}
    selected: list[Device] = []
    for name in (part.strip() for part in visible.split(",")):
        matches = [devices[gpu.uuid] for gpu in gpus if _is_named(name, numbers[gpu.uuid], gpu.uuid)]
        matches += [[d] for d in everything if d.id not in devices and _is_named(name, "", d.id)]
        # CUDA itself ignores everything after the first unknown name.
        if len(matches) != 1:
            break
        selected += matches[0]
    return _once(selected)


def _as_cuda_counts(gpus: Sequence[_Gpu]) -> list[_Gpu]:
    """GPUs in the order of their numbers in CUDA. Where a speed is not known, it is that of the bus."""
    if os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" or not all(gpu.speed for gpu in gpus):
        return list(gpus)
    return sorted(gpus, key=lambda gpu: -gpu.speed)


def _is_named(name: str, index: str, uuid: str) -> bool:
    """Whether a name means this device: its index, its UUID, or a prefix of the UUID, as in CUDA."""
    return name in {index, uuid} - {""} or (name.startswith(("GPU-", "MIG-")) and uuid.startswith(name))


def _once(devices: Iterable[Device]) -> list[Device]:
    return list(dict.fromkeys(devices))


def gpus_of_host() -> int:
    """Return how many GPUs this host has, whatever is visible."""
    return len(_all_gpus())


def _all_gpus() -> list[_Gpu]:
    gpus = _gpus_by_nvml()
    return _gpus_by_driver() if gpus is None else gpus


def _gpus_by_nvml() -> list[_Gpu] | None:
    """All GPUs of this host in NVML's order, or None if NVML is not available."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        gpus: list[_Gpu] = []
        for place in range(pynvml.nvmlDeviceGetCount()):
            try:
                handle = pynvml.nvmlDeviceGetHandleByIndex(place)
                uuid = _decoded(pynvml.nvmlDeviceGetUUID(handle))
            except pynvml.NVMLError:
                # The GPU fell off its bus or belongs to another user. CUDA does not count it either.
                continue
            slices = _mig_slices(pynvml, handle)
            gpus.append(
                _Gpu(
                    len(gpus),
                    uuid,
                    tuple(_decoded(pynvml.nvmlDeviceGetUUID(piece)) for piece in slices),
                    _memory(pynvml, handle),
                    tuple(_memory(pynvml, piece) for piece in slices),
                    _speed(pynvml, handle),
                )
            )
        return gpus
    finally:
        pynvml.nvmlShutdown()


def _memory(pynvml: Any, handle: Any) -> tuple[int | None, int | None]:
    """The memory of a GPU or a slice and what is free of it, in bytes."""
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    except pynvml.NVMLError:
        # A GPU that shares the host's memory reports none of its own.
        return None, None
    return int(memory.total), int(memory.free)


def _speed(pynvml: Any, handle: Any) -> int:
    try:
        clock = pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM)
        return int(pynvml.nvmlDeviceGetNumGpuCores(handle)) * int(clock)
    except (pynvml.NVMLError, AttributeError):
        # Drivers before 470 do not count cores, nor does an older nvidia-ml-py.
        return 0


def _mig_slices(pynvml: Any, handle: Any) -> list[Any]:
    try:
        mode, _ = pynvml.nvmlDeviceGetMigMode(handle)
    except pynvml.NVMLError:
        # GPUs without MIG raise an error here.
        return []
    slices = []
    if mode:
        for number in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
            try:
                slices.append(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, number))
            except pynvml.NVMLError:
                # NVML counts the places for slices; this one is empty.
                continue
    return slices


def _gpus_by_driver() -> list[_Gpu]:
    """All GPUs in the driver's own files, in PCI order; by number if a file has no UUID."""
    gpus = []
    for index, path in enumerate(sorted(DRIVER_FOLDER.glob("*/information"))):
        pairs = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
        uuid = {key.strip(): value.strip() for key, _, value in pairs}.get("GPU UUID", "")
        gpus.append(_Gpu(index, uuid if uuid and "?" not in uuid else str(index)))
    return gpus


def _decoded(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
