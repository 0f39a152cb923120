"""What a job's processes and GPUs use, read once a second by psutil and NVML."""

import contextlib
import time
from collections.abc import Sequence
from typing import Any

import psutil

from snakedit.telemetry.trace import Member, Sample

SAMPLE_SECONDS = 1.0


class Sampler:
    """Reads memory and load of the members of a job; a process that has gone is passed over."""

    def __init__(self) -> None:
        self._processes: dict[int, psutil.Process] = {}
        self._nvml = _open_nvml()
        self._last = 0.0

    def samples(self, members: Sequence[Member]) -> list[Sample]:
        """Return a reading of each member, or nothing if the last ones are younger than a second."""
        if time.monotonic() - self._last < SAMPLE_SECONDS:
            return []
        self._last = time.monotonic()
        # A process that is no member any more may have left its number to another.
        pids = {member.pid for member in members}
        self._processes = {pid: process for pid, process in self._processes.items() if pid in pids}
        told: set[int] = set()
        samples = []
        for member in members:
            # A worker on several devices is a member for each, but one process.
            samples += self._read(member, with_process=member.pid not in told)
            told.add(member.pid)
        return samples

    def close(self) -> None:
        """Let go of NVML."""
        if self._nvml is not None:
            self._nvml.nvmlShutdown()

    def _read(self, member: Member, with_process: bool) -> list[Sample]:
        now = time.time()
        figures = self._process_figures(member.pid) if with_process else {}
        if member.kind == "cuda" and self._nvml is not None:
            figures |= _gpu_figures(self._nvml, member.id)
        return [Sample(member.device, name, now, value) for name, value in figures.items()]

    def _process_figures(self, pid: int) -> dict[str, float]:
        figures: dict[str, float] = {}
        with contextlib.suppress(psutil.NoSuchProcess):
            process = self._processes.get(pid)
            if process is None:
                process = self._processes[pid] = psutil.Process(pid)
                # The first call only sets the beginning of what the next one measures.
                process.cpu_percent()
            else:
                figures["cpu_percent"] = process.cpu_percent()
            figures["rss_mb"] = process.memory_info().rss / 1e6
        return figures


def _open_nvml() -> Any:
    try:
        import pynvml

        pynvml.nvmlInit()
    except ImportError:
        return None
    except pynvml.NVMLError:
        return None
    return pynvml


def _gpu_figures(pynvml: Any, uuid: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    # A MIG slice has a memory but no utilisation of its own; a lost GPU has neither.
    with contextlib.suppress(pynvml.NVMLError):
        handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
        figures["gpu_memory_mb"] = pynvml.nvmlDeviceGetMemoryInfo(handle).used / 1e6
        figures["gpu_utilisation_percent"] = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    return figures
