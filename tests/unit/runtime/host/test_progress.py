"""How far a job is: what the line says, and how often."""

import logging

import pytest

from snakedit.runtime.host import progress
from snakedit.runtime.host.progress import Progress


class Clock:
    """A clock that the test sets."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr("snakedit.runtime.host.clock.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_the_line_says_done_failed_rate_time_left_and_each_device(clock):
    counted = Progress("qwen", "light", 100)
    counted.add("cuda:1", 3, 2.0, failed=False)
    counted.add("cuda:0", 5, 2.0, failed=False)
    counted.add("cuda:0", 2, 2.0, failed=True)
    line = "qwen/light: 10/100 done, 2 failed, 0.50 images/s, 180 s left (cuda:0 7 cuda:1 3)"
    assert counted.line(20.0) == line


def test_the_line_tells_refused_unread_and_failed_apart(clock):
    counted = Progress("judge", "light", 100)
    counted.add("endpoint:0", 4, 2.0, failed=False, statuses=["ok", "refused", "unparsed", "failed"])
    counted.add("endpoint:0", 1, 2.0, failed=True, statuses=["refused"])
    counted.add("endpoint:0", 1, 2.0, failed=True)
    assert "6/100 done, 2 refused, 1 unread, 2 failed, " in counted.line(20.0)


@pytest.mark.parametrize(
    ("done", "seconds", "expected"),
    [
        (0, 10.0, "0/4 done, 0 failed, 0.00 images/s, no estimate yet"),
        (4, 2.0, "4/4 done, 0 failed, 2.00 images/s, 0 s left (cpu:0 4)"),
        (2, 0.0, "2/4 done, 0 failed, 0.00 images/s, no estimate yet (cpu:0 2)"),
    ],
)
def test_the_line_promises_nothing_that_it_cannot_know(clock, done, seconds, expected):
    counted = Progress("e", "c", 4)
    if done:
        counted.add("cpu:0", done, 0.0, failed=False)
    assert counted.line(seconds) == f"e/c: {expected}"


def test_there_is_a_line_a_minute(clock, messages):
    counted = Progress("e", "c", 1000)
    for _ in range(480):
        clock.now += 0.125
        counted.add("cpu:0", 1, 0.125, failed=False)
        counted.tick()
    assert len(messages) == 1
    assert messages[-1].startswith("e/c: 480/1000 done")


def test_a_line_comes_though_nothing_is_done_for_long(clock, messages):
    counted = Progress("e", "c", 10)
    clock.now += progress.INTERVAL_SECONDS
    counted.tick()
    assert messages == ["e/c: 0/10 done, 0 failed, 0.00 images/s, no estimate yet"]


def test_waiting_and_loading_are_not_in_the_time_that_is_left(clock, messages):
    with Progress("e", "c", 10) as counted:
        clock.now += 500.0
        counted.tick()
        counted.add("cpu:0", 5, 5.0, failed=False)
    assert messages[1:] == ["e/c: 5/10 done, 0 failed, 1.00 images/s, 5 s left (cpu:0 5)"]


@pytest.mark.parametrize(("minutes", "level"), [(0, logging.DEBUG), (2, logging.INFO)])
def test_the_last_line_of_a_short_job_stands_in_its_log_only(clock, caplog, minutes, level):
    with caplog.at_level(logging.DEBUG, "snakedit"), Progress("e", "c", 10) as counted:
        clock.now += 60.0 * minutes
        counted.tick()
        counted.add("cpu:0", 10, 5.0, failed=False)
    assert caplog.records[-1].levelno == level


def test_a_job_that_did_nothing_says_nothing(clock, messages):
    with Progress("e", "c", 10):
        clock.now += 5.0
    assert messages == []
