"""A stand-in for pynvml: the GPUs of a host that has none."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


@dataclass
class FakeGpu:
    uuid: str
    slices: list[str] = field(default_factory=list)
    places: int = 7
    total: int | None = 80 * 2**30
    used: int = 0
    cores: int = 16896
    lost: bool = False


class FakeNvml:
    """The part of pynvml that is asked, for a host with these GPUs."""

    class NVMLError(Exception):
        pass

    NVML_CLOCK_SM = 1

    def __init__(self, gpus: list[FakeGpu], broken: bool = False) -> None:
        self.gpus, self.broken = gpus, broken
        self.is_open = False

    def nvmlInit(self) -> None:  # noqa: N802
        if self.broken:
            raise self.NVMLError("driver not loaded")
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:  # noqa: N802
        if self.gpus[index].lost:
            raise self.NVMLError("GPU is lost")
        return self.gpus[index]

    def nvmlDeviceGetUUID(self, handle: Any) -> bytes:  # noqa: N802
        return (handle if isinstance(handle, str) else handle.uuid).encode()

    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> SimpleNamespace:  # noqa: N802
        total = 10 * 2**30 if isinstance(handle, str) else handle.total
        if total is None:
            raise self.NVMLError("Not Supported")
        used = 0 if isinstance(handle, str) else handle.used
        return SimpleNamespace(total=total, free=total - used, used=used)

    def nvmlDeviceGetMaxClockInfo(self, handle: FakeGpu, kind: int) -> int:  # noqa: N802
        return 1980

    def nvmlDeviceGetNumGpuCores(self, handle: FakeGpu) -> int:  # noqa: N802
        return handle.cores

    def nvmlDeviceGetMigMode(self, handle: FakeGpu) -> tuple[int, int]:  # noqa: N802
        if not handle.slices:
            raise self.NVMLError("Not Supported")
        return 1, 1

    def nvmlDeviceGetMaxMigDeviceCount(self, handle: FakeGpu) -> int:  # noqa: N802
        return handle.places

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: FakeGpu, number: int) -> str:  # noqa: N802
        if number >= len(handle.slices):
            raise self.NVMLError("Not Found")
        return handle.slices[number]
