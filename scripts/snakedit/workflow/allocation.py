"""Devices, cores and slots of an editing or judging job."""

from dataclasses import dataclass
from typing import Literal

# The Snakemake that runs jobs here, the one that sends jobs to nodes, and the one that runs a sent job.
Place = Literal["local", "submit", "node"]


@dataclass(frozen=True)
class Situation:
    """Where and how a run's jobs are executed.

    Attributes:
        place: which Snakemake reads the rules (`Place`).
        device_count: devices that the run may use; 0 where no model needs one.
        on_cpu: whether models run on the CPU, so that jobs claim cores instead of GPUs.
        finds_devices: whether the configuration leaves the kind of device to the machine.
        resident: whether jobs share a pool of workers that outlives them.
        granted: the limit given as ``--resources gpu=``, or None.
    """

    place: Place
    device_count: int
    on_cpu: bool
    finds_devices: bool
    resident: bool
    granted: int | None


@dataclass(frozen=True)
class Allocation:
    """What one job declares.

    Attributes:
        gpu: GPUs that it takes of those granted.
        pool_gpu: devices that its pool may use, more than `gpu` where jobs share a pool.
        threads: cores; none where the job only waits for a server on this host.
        device_jobs: 1 if it uses devices of this host.
        served_jobs: 1 if it asks a server.
        own_device_jobs: 1 if it uses devices of this host that are a judge's own.
    """

    gpu: int
    pool_gpu: int
    threads: int
    device_jobs: int
    served_jobs: int
    own_device_jobs: int = 0


def allocation(
    needs_device: bool, asks_server: bool, situation: Situation, is_own: bool = False
) -> Allocation:
    """Return what a job of an editor or judge declares.

    Args:
        needs_device: whether its jobs occupy a device.
        asks_server: whether its jobs ask a server.
        situation: where and how they are executed.
        is_own: whether the devices are a judge's own.
    """
    pool = situation.device_count if needs_device else 0
    is_alone = situation.place != "local" or not situation.resident
    # Two jobs are in flight on a shared pool, so that each declares half of it.
    share = pool if is_alone else max(1, pool // 2)
    if pool == 0:
        gpu = 0
    elif situation.place == "submit" and situation.finds_devices:
        # The devices of the nodes cannot be seen from here.
        gpu = situation.granted or 0
    else:
        gpu = 0 if situation.on_cpu else share
    device_jobs = int(pool > 0 and situation.place != "submit")
    return Allocation(
        gpu=gpu,
        pool_gpu=pool,
        threads=_threads(asks_server, share if situation.on_cpu else 0, situation),
        device_jobs=0 if is_own else device_jobs,
        own_device_jobs=device_jobs if is_own else 0,
        served_jobs=int(asks_server),
    )


def _threads(asks_server: bool, cpu_workers: int, situation: Situation) -> int:
    if asks_server and situation.place == "local" and situation.resident:
        return 0
    # On a CPU each device of the pool is a worker process.
    return max(1, cpu_workers)
