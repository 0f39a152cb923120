"""A clock that stands until a test sets it forward, in this process and in the pools it starts."""

import os
from pathlib import Path

import pytest

from snakedit.runtime.host import clock

VARIABLE = "SNAKEDIT_TEST_CLOCK"


class SetClock:
    """The time in a file, in seconds, so that several processes share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def monotonic(self) -> float:
        return float(self._path.read_text())

    def advance(self, seconds: float) -> None:
        temporary = self._path.with_suffix(".new")
        temporary.write_text(str(self.monotonic() + seconds))
        temporary.replace(self._path)


def set_clock(path: Path, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Replace the clock of this process, and of those that `use_the_tests_clock`."""
    path.write_text("1000.0")
    setting = SetClock(path)
    monkeypatch.setenv(VARIABLE, str(path))
    monkeypatch.setattr(clock, "monotonic", setting.monotonic)
    return setting


def use_the_tests_clock() -> None:
    """Use the clock of the test that started this process, if it has set one."""
    if VARIABLE in os.environ:
        clock.monotonic = SetClock(Path(os.environ[VARIABLE])).monotonic
