"""Waiting for pictures that a shared filesystem shows late."""

from threading import Timer

import pytest

from snakedit.runtime.host import latency
from snakedit.runtime.host.latency import LATENCY_VARIABLE, wait_for_pictures


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(latency, "POLL_SECONDS", 0.01)


def test_a_late_picture_is_waited_for_and_told(tmp_path, monkeypatch, messages):
    monkeypatch.setenv(LATENCY_VARIABLE, "60")
    late = tmp_path / "images" / "late.png"
    (tmp_path / "here.png").touch()
    late.parent.mkdir()
    Timer(0.1, late.touch).start()
    wait_for_pictures([tmp_path / "here.png", late], "edit_category e/c")
    assert late.exists()
    assert messages == [f"edit_category e/c: waits up to 60 s for 1 pictures, as {late}"]


def test_the_wait_ends(tmp_path, monkeypatch):
    """All pictures together are waited for as long as Snakemake waits, by a clock that the test sets."""
    monkeypatch.setenv(LATENCY_VARIABLE, "7")
    times = iter([0.0, 3.0, 6.9, 7.0])
    monkeypatch.setattr(latency.clock, "monotonic", lambda: next(times))
    wait_for_pictures([tmp_path / f"{n}" / "x.png" for n in range(3)], "x")
    assert next(times, None) is None


@pytest.mark.parametrize("seconds", [None, "0"])
def test_without_a_time_nothing_is_waited_for(tmp_path, monkeypatch, messages, seconds):
    monkeypatch.delenv(LATENCY_VARIABLE, raising=False)
    if seconds is not None:
        monkeypatch.setenv(LATENCY_VARIABLE, seconds)
    wait_for_pictures([tmp_path / "none.png"], "x")
    assert messages == []
