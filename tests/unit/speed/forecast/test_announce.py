import errno
import json
import os

import pytest
from plans_of_forecasts import JOBS, plan, timed
from speed_by_hand import two_devices_a_run

from snakedit.speed.forecast import announce as forecast
from snakedit.speed.forecast.announce import announce, remember
from snakedit.speed.forecast.costs import read_costs
from snakedit.telemetry.trace import Trace, TracedJob


def test_a_long_run_is_announced_in_one_line_and_kept(capsys):
    announce(timed(), JOBS, 2)
    assert "40 edits and 40 scores on 2 devices: about 5" in capsys.readouterr().err
    kept = json.loads(forecast.EXPECTED.read_text(encoding="utf-8"))
    assert kept["run"] == "1:1"
    assert kept["work"] == {"b": {"edit c": 80.0, "score c": 10.0}}


def test_a_run_begins_where_its_forecast_finds_no_room(capsys, monkeypatch):
    def full(path, chunks):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(forecast, "write_whole", full)
    announce(timed(), JOBS, 2)
    assert "40 edits and 40 scores" in capsys.readouterr().err


def test_a_short_run_is_not(capsys):
    announce(timed(seconds=0.01), JOBS, 2)
    assert capsys.readouterr().err == ""


def test_only_what_will_be_run_counts(capsys):
    announce(timed(seconds=9.0), JOBS[1:2], 2)
    assert "40 edits and 0 scores" in capsys.readouterr().err
    announce(timed(), JOBS[3:], 2)
    assert capsys.readouterr().err == ""
    assert not forecast.EXPECTED.exists(), "a former run's prediction is not this one's"


def test_shards_count_with_their_own_items(capsys):
    shards = ("000001-000015", "000016-000030", "000031-000045")
    announce(timed(), [("edit_shard", JOBS[1][1] | {"shard": shard}) for shard in shards], 2)
    assert "40 edits and 0 scores" in capsys.readouterr().err
    announce(timed(seconds=9.0), [("edit_shard", JOBS[1][1] | {"shard": shards[2]})], 2)
    assert "10 edits and 0 scores" in capsys.readouterr().err


def test_the_serial_side_of_a_comparison_is_announced_too(capsys):
    serial = ("serial_category", {"benchmark": "b", "category": "c", "editor": "m"})
    announce(timed(), [*JOBS, serial], 2)
    # Five items of 2 s and 1 s, and two workers' starts.
    assert "; then one by one, about 16 s" in capsys.readouterr().err
    announce(timed(seconds=30.0), [serial], 2)
    assert capsys.readouterr().err == "snakedit: one by one, about 3 min\n"


def test_a_run_that_was_granted_no_device_is_not_predicted(capsys):
    without = timed()
    without.device_count = 0
    announce(without, JOBS, 2)
    assert capsys.readouterr().err == ""


def test_a_model_that_was_never_timed_is_said_to_be_timed_now(capsys):
    announce(plan(), JOBS, 2)
    assert capsys.readouterr().err == "snakedit: no estimate: 'm', 'j' will be timed by this run\n"
    other = {"type": "simulated", "params": {"seconds": 3.0}}
    timed()
    announce(plan(editor=other), JOBS, 2)
    assert capsys.readouterr().err == "snakedit: no estimate: 'm' will be timed by this run\n"


def write_trace(folder, run):
    for job in run.jobs:
        label = "m" if job.rule == "edit_category" else "j"
        with Trace(folder / "telemetry", TracedJob(job.rule, label, job.category, run="1:1")) as trace:
            for span in job.spans:
                trace.add(span)


def test_afterwards_predicted_stands_beside_measured(folder):
    announce(timed(), JOBS, 2)
    results = folder / "results" / "b"
    write_trace(results, two_devices_a_run())
    rows = remember(plan().run, "b", results)
    assert [row.what for row in rows] == [
        "run, to the last device's end",
        "edit c, device seconds",
        "score c, device seconds",
    ]
    # Without the run's own start the first span begins it.
    assert rows[0].measured == pytest.approx(7.0)
    assert (rows[1].predicted, rows[1].measured) == (80.0, pytest.approx(8.0))


def test_a_run_that_was_not_predicted_has_no_rows_and_a_damaged_file_none(folder):
    results = folder / "results" / "b"
    write_trace(results, two_devices_a_run())
    assert remember(plan().run, "b", results) == []
    forecast.EXPECTED.parent.mkdir(parents=True)
    forecast.EXPECTED.write_text("[", encoding="utf-8")
    assert remember(plan().run, "b", results) == []
    assert read_costs(results) == {}, "nothing was recorded to measure"
