import json

import pytest
from PIL import Image
from runs_by_hand import run_of, with_run

from snakedit.core.errors import StageError
from snakedit.core.images import save_png
from snakedit.core.records import Edit, Item, Score, read_records, write_records
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.work import JobContext
from snakedit.speed.baseline import serial as serial_module
from snakedit.speed.baseline.serial import Serial, sample, serial_category
from snakedit.speed.comparison.build_comparison import jobs_that_measured
from snakedit.telemetry.runs import read_runs


@pytest.fixture
def config():
    return run_of(
        {
            "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
            "editors": {
                "m": {"type": "simulated"},
                "lost": {"type": "files", "params": {"folder": "no"}},
            },
            "judges": {"j": {"type": "simulated"}},
            "run": {"devices": {"kind": "simulated", "count": 2}, "baseline_items": 2},
        }
    )


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A category of three items, with what the pipeline made of it: another image, and no scores."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "locks"))
    folder = tmp_path / "results" / "b"
    items = []
    for n in range(3):
        sha256 = save_png(Image.new("RGB", (8, 8), (n, 0, 0)), folder / f"items/c/images/i{n}.png")
        items.append(Item(f"i{n}", "c", [f"images/i{n}.png"], [sha256], "warmer"))
    write_records(folder / "items/c/items.jsonl", items)
    for editor in ("m", "lost"):
        made = [Edit(f"i{n}", "ok", image="x", image_sha256="0" * 64) for n in range(3)]
        write_records(folder / f"edits/{editor}/c/edits.jsonl", made)
        write_records(folder / f"scores/j/{editor}/c/scores.jsonl", [Score("i0", "no_edit")])
    return folder


def measure(config, results, editor="m"):
    output = results / "speed" / "serial" / editor / "c" / "serial.json"
    job = JobContext("serial_category", editor, "c", "b", 1, 0, results / "speed" / "telemetry")
    return serial_category(config, editor, ["j"], results / "items/c/items.jsonl", results, output, job)


def test_a_sample_is_measured_and_another_image_is_not_called_the_same(config, results):
    found = measure(config, results)
    assert (found.items, found.measured, found.loads) == (3, 2, 4)
    assert (found.compared, found.identical, found.largest_difference) == (2, 0, None)
    assert found.seconds["total"] >= sum(found.seconds[name] for name in ("load", "edit", "score", "unload"))
    edits = list(read_records(results / "speed/serial/m/c/edits.jsonl", Edit))
    assert [edit.item for edit in edits] == ["i0", "i1"]
    assert all(edit.seconds is not None for edit in edits)
    written = json.loads((results / "speed/serial/m/c/serial.json").read_text(encoding="utf-8"))
    assert Serial(**written) == found


def test_a_measurement_that_was_stopped_or_is_made_again_measures_every_item(config, results, monkeypatch):
    def interrupted(*arguments):
        yield next(run_tasks(*arguments))
        raise KeyboardInterrupt

    folder = results / "speed" / "serial" / "m" / "c"
    with monkeypatch.context() as patch:
        patch.setattr(serial_module, "run_tasks", interrupted)
        with pytest.raises(KeyboardInterrupt):
            measure(config, results)
    assert not (folder / "serial.json").exists()
    for _ in range(2):
        serial = measure(config, results)
        assert (serial.items, serial.measured, serial.loads) == (3, 2, 4)
        # Only its own job's trace is the measurement's.
        runs = read_runs(results / "speed" / "telemetry", ["m"])
        (job,) = jobs_that_measured(runs, [serial])
        assert {span.item for span in job.spans if span.item is not None} == {"i0", "i1"}
        assert min(span.start for span in job.spans if span.item) == pytest.approx(serial.began, abs=0.1)


def test_more_failures_than_allowed_are_an_error(config, results):
    config = with_run(config, max_failures=0, baseline_items=None)
    (results / "items/c/images/i1.png").write_bytes(b"no picture")
    with pytest.raises(StageError, match=r"1 of 3 items failed"):
        measure(config, results)
    assert measure(with_run(config, max_failures=1), results).measured == 2


def test_an_editor_that_can_do_nothing_is_an_error(config, results):
    with pytest.raises(StageError, match="none of its items can be edited"):
        measure(config, results, "lost")


@pytest.mark.parametrize(
    ("count", "chosen"), [(1, [0]), (3, [0, 3, 6]), (10, list(range(10))), (None, list(range(10)))]
)
def test_a_sample_is_spread_over_the_category(count, chosen):
    assert sample(list(range(10)), count) == chosen
