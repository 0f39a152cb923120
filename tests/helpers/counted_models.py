"""Simulated models that say when they are loaded, and waiting for a run to come so far."""

import time
from collections.abc import Callable

from experiments import Experiment

EDITOR = '''\
"""A simulated editor that says when it is loaded."""

from snakedit.editors.simulated_editor import SimulatedEditor


class Counted(SimulatedEditor):
    def __init__(self, model, params, device):
        with open({log!r}, "a", encoding="utf-8") as file:
            file.write(f"editor {{params.seed}} {{device}}\\n")
        super().__init__(model, params, device)
'''

JUDGE = '''\
"""A simulated judge that says when it is loaded."""

from snakedit.judges.simulated_judge import SimulatedJudge


class Counted(SimulatedJudge):
    def __init__(self, model, params, device, settings):
        with open({log!r}, "a", encoding="utf-8") as file:
            file.write(f"judge {{settings.min_scale_mass}} {{device}}\\n")
        super().__init__(model, params, device, settings)
'''


def loads(experiment: Experiment) -> list[str]:
    path = experiment.folder / "loads.log"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until something is so; a test that waits in vain fails with these words."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
