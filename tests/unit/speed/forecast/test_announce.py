import errno
import json
import os
from types import SimpleNamespace

import pytest
from speed_by_hand import two_devices_a_run

from snakedit.config.load import from_dict, normalise
from snakedit.report.data.predictions import read_predictions
from snakedit.speed.forecast import announce as forecast
from snakedit.speed.forecast.announce import Expectation, announce, remember
from snakedit.speed.forecast.costs import ModelCost, model_key, read_costs
from snakedit.telemetry.trace import Span, Trace

JOBS = [
    ("prepare_category", {"benchmark": "b", "category": "c"}),
    ("edit_category", {"benchmark": "b", "category": "c", "editor": "m"}),
    ("score_category", {"benchmark": "b", "category": "c", "editor": "m", "judge": "j"}),
    ("build_report", {"benchmark": "b"}),
]


def plan(seconds=2.0, editor=None):
    config = from_dict(
        normalise(
            {
                "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
                "editors": {"m": editor or {"type": "simulated", "params": {"seconds": seconds}}},
                "judges": {"j": {"type": "simulated", "params": {"seconds_by_batch": {"1": 1.0}}}},
                "run": {"devices": {"kind": "simulated", "count": 2}},
            },
            "test",
        )
    )
    index = SimpleNamespace(categories={"c": SimpleNamespace(count=40)})
    return SimpleNamespace(config=config, indexes={"b": index}, device_count=2, device_judges=lambda: ["j"])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAKEDIT_OWNER", "1:1")
    return tmp_path


def test_a_long_run_is_announced_in_one_line_and_kept(capsys):
    announce(plan(), JOBS, 2)
    assert "40 edits and 40 scores on 2 devices: about 5" in capsys.readouterr().err
    kept = json.loads(forecast.EXPECTED.read_text(encoding="utf-8"))
    assert kept["run"] == "1:1"
    assert kept["work"] == {"b": {"edit c": 80.0, "score c": 10.0}}


def test_a_run_begins_where_its_forecast_finds_no_room(capsys, monkeypatch):
    def full(path, chunks):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(forecast, "write_whole", full)
    announce(plan(), JOBS, 2)
    assert "40 edits and 40 scores" in capsys.readouterr().err


def test_a_short_run_is_not(capsys):
    announce(plan(seconds=0.01), JOBS, 2)
    assert capsys.readouterr().err == ""


def test_only_what_will_be_run_counts(capsys):
    announce(plan(seconds=9.0), JOBS[1:2], 2)
    assert "40 edits and 0 scores" in capsys.readouterr().err
    announce(plan(), JOBS[3:], 2)
    assert capsys.readouterr().err == ""
    assert not forecast.EXPECTED.exists(), "a former run's prediction is not this one's"


def test_shards_count_with_their_own_items(capsys):
    shards = ("000001-000015", "000016-000030", "000031-000045")
    announce(plan(), [("edit_shard", JOBS[1][1] | {"shard": shard}) for shard in shards], 2)
    assert "40 edits and 0 scores" in capsys.readouterr().err
    announce(plan(seconds=9.0), [("edit_shard", JOBS[1][1] | {"shard": shards[2]})], 2)
    assert "10 edits and 0 scores" in capsys.readouterr().err


def test_the_serial_side_of_a_comparison_is_announced_too(capsys):
    serial = ("serial_category", {"benchmark": "b", "category": "c", "editor": "m"})
    announce(plan(), [*JOBS, serial], 2)
    # Five items of 2 s and 1 s, and two workers' starts.
    assert "; then one by one, about 16 s" in capsys.readouterr().err
    announce(plan(seconds=30.0), [serial], 2)
    assert capsys.readouterr().err == "snakedit: one by one, about 3 min\n"


def test_a_run_that_was_granted_no_device_is_not_predicted(capsys):
    without = plan()
    without.device_count = 0
    announce(without, JOBS, 2)
    assert capsys.readouterr().err == ""


def test_a_model_that_was_never_timed_is_said_to_be_timed_now(capsys):
    announce(plan(editor={"type": "qwen_image_edit", "model": "a/b"}), JOBS, 2)
    assert capsys.readouterr().err == "snakedit: no estimate: 'm' will be timed by this run\n"


def test_costs_of_an_earlier_run_predict_the_next(folder, capsys):
    made = plan(editor={"type": "qwen_image_edit", "model": "a/b"})
    key = model_key(made.config.editors["m"], "simulated")
    content = {key: vars(ModelCost(10.0, 1.0, {1: 5.0}, True))}
    path = folder / "results" / "b" / "speed" / "costs.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"models": content, "overheads": {}}), encoding="utf-8")
    announce(made, JOBS, 2)
    assert "about 2 min" in capsys.readouterr().err


def write_trace(folder, run):
    for job in run.jobs:
        label = "m" if job.rule == "edit_category" else "j"
        with Trace(folder / "telemetry" / job.rule / label, job.category, "a job", "1:1") as trace:
            for span in job.spans:
                trace.add(Span(span.device, span.name, span.start, span.seconds, span.item))


def test_afterwards_predicted_stands_beside_measured(folder):
    announce(plan(), JOBS, 2)
    results = folder / "results" / "b"
    write_trace(results, two_devices_a_run())
    rows = remember(plan().config, "b", results)
    assert [row.what for row in rows] == [
        "run, to the last device's end",
        "edit c, device seconds",
        "score c, device seconds",
    ]
    # Without the run's own start the first span begins it.
    assert rows[0].measured == pytest.approx(7.0)
    assert (rows[1].predicted, rows[1].measured) == (80.0, pytest.approx(8.0))
    assert read_predictions(results) == [(row.what, row.predicted, row.measured) for row in rows]


def test_a_run_that_was_not_predicted_has_no_rows_and_a_damaged_file_none(folder):
    results = folder / "results" / "b"
    write_trace(results, two_devices_a_run())
    assert remember(plan().config, "b", results) == []
    assert read_predictions(results) == []
    forecast.EXPECTED.parent.mkdir(parents=True)
    forecast.EXPECTED.write_text("[", encoding="utf-8")
    assert remember(plan().config, "b", results) == []
    assert read_costs(results / "speed" / "costs.json").models == {}, "nothing was recorded to measure"


def test_an_expectation_says_how_far_it_was_off():
    assert Expectation("x", 11.0, 10.0).error == pytest.approx(0.1)
