"""Items lost to a device that fails at once, beside simulated devices that work."""

import os
import time
from pathlib import Path
from typing import Any

from snakedit.config.schema import DevicesConfig, RunConfig
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext, Work
from tools.bench.measurement import Measurement

DEVICES, ITEMS = 4, 60
WORKS_SECONDS, FAILS_SECONDS = 0.4, 0.1
FAILING = "simulated:0"


class FailingDevice:
    """A model that takes its time on each device but one, where it fails."""

    def __init__(self, device: str) -> None:
        self._fails = device == FAILING

    def handle(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return an empty result after a while.

        Raises:
            RuntimeError: on the failing device.
        """
        time.sleep(FAILS_SECONDS if self._fails else WORKS_SECONDS)
        if self._fails:
            raise RuntimeError("this simulated device fails every item")
        return {}

    def release_memory(self) -> None:
        """Do nothing: it holds no memory."""


def load_failing_device(settings: dict[str, Any], device: str) -> FailingDevice:
    """Load the model on a device, as a pool calls it."""
    return FailingDevice(device)


def measure_failing_device(folder: Path) -> list[Measurement]:
    """Count the items that fail with one failing device among those that work."""
    os.environ.setdefault("SNAKEDIT_LOCK_DIR", str(folder / "locks"))
    run = RunConfig(devices=DevicesConfig(kind="simulated", count=DEVICES), resident=False)
    job = JobContext("edit_category", "bench", "c", "b", device_limit=DEVICES, total=ITEMS)
    tasks = [Task(str(number), {}) for number in range(ITEMS)]
    outcomes = list(run_tasks(Work("edit", {}, "bench"), load_failing_device, tasks, run, job))
    lost = ITEMS - sum(outcome.error is None for outcome in outcomes)
    how = f"of {ITEMS} items on {DEVICES} simulated devices, one of which fails each in {FAILS_SECONDS:g} s"
    return [Measurement("drained_items", lost, f"failed, {how}")]
