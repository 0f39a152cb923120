"""The forecast that is told again as a run goes."""

from pathlib import Path

import pytest
from plans_of_forecasts import JOBS, timed

from snakedit.speed.forecast import outlook as module
from snakedit.speed.forecast.costs import COSTS_FILE
from snakedit.speed.forecast.outlook import INTERVAL_SECONDS, Outlook


@pytest.fixture
def now(monkeypatch):
    """Seconds of a clock, to be set."""
    seconds = [0.0]
    monkeypatch.setattr(module.clock, "monotonic", lambda: seconds[0])
    return seconds


def test_a_line_a_minute_says_what_is_done_and_when_the_rest_will_be(now, capsys):
    left = list(JOBS)
    outlook = Outlook(timed(), lambda: left, 2)
    outlook.tell()
    assert capsys.readouterr().err == "", "the run has just been announced"
    now[0] = INTERVAL_SECONDS
    del left[0]
    outlook.tell()
    line = capsys.readouterr().err
    assert line.startswith("snakedit: 1 of 4 jobs are done; the others take about 5")
    assert ", until " in line
    outlook.tell()
    assert capsys.readouterr().err == ""


def test_what_is_not_known_is_not_told(now, capsys):
    unknown = timed()
    Path("results/b", COSTS_FILE).unlink()
    outlook = Outlook(unknown, lambda: JOBS, 2)
    now[0] = INTERVAL_SECONDS
    outlook.tell()
    assert capsys.readouterr().err == "snakedit: 0 of 4 jobs are done\n"


def test_a_finished_run_has_no_outlook(now, capsys):
    left = list(JOBS)
    outlook = Outlook(timed(), lambda: left, 2)
    left.clear()
    now[0] = INTERVAL_SECONDS
    outlook.tell()
    assert capsys.readouterr().err == ""
