"""The memory and processors that jobs used, from the samples of their telemetry."""

from collections.abc import Iterable
from dataclasses import dataclass

from snakedit.telemetry.runs import JobTrace


@dataclass(frozen=True)
class Usage:
    """Peaks and means of one side; None where there are no readings.

    Attributes:
        peak_gpu_memory_mb: of the fullest GPU; the mean is over GPUs and time.
        peak_memory_mb: of all processes together, resident; memory they share counts for each.
        gpu_percent: mean utilisation over GPUs and time.
        cpu_percent: mean of all processes together; 100 is one core.
    """

    peak_gpu_memory_mb: float | None
    mean_gpu_memory_mb: float | None
    peak_memory_mb: float | None
    mean_memory_mb: float | None
    gpu_percent: float | None
    cpu_percent: float | None


def usage_of(jobs: Iterable[JobTrace]) -> Usage:
    """Return the use of these jobs' processes and devices."""
    readings: dict[str, list[float]] = {}
    # Two jobs on one pool read the same workers, but each its own driver.
    seconds: dict[str, dict[int, dict[tuple[str, str], float]]] = {"rss_mb": {}, "cpu_percent": {}}
    for place, job in enumerate(jobs):
        for sample in job.samples:
            readings.setdefault(sample.name, []).append(sample.value)
            if sample.name in seconds:
                owner = str(place) if sample.device == "driver" else job.allocation
                seconds[sample.name].setdefault(int(sample.time), {})[owner, sample.device] = sample.value
    memory = [sum(values.values()) for values in seconds["rss_mb"].values()]
    processor = [sum(values.values()) for values in seconds["cpu_percent"].values()]
    return Usage(
        peak_gpu_memory_mb=max(readings.get("gpu_memory_mb", []), default=None),
        mean_gpu_memory_mb=_mean(readings.get("gpu_memory_mb", [])),
        peak_memory_mb=max(memory, default=None),
        mean_memory_mb=_mean(memory),
        gpu_percent=_mean(readings.get("gpu_utilisation_percent", [])),
        cpu_percent=_mean(processor),
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
