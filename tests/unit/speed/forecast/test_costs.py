import dataclasses

import pytest
from runs_by_hand import run_of
from speed_by_hand import two_devices_a_run

from snakedit.core.records import Edit, Score, write_records
from snakedit.speed.forecast.costs import (
    COSTS_FILE,
    ModelCost,
    known_costs,
    measured_costs,
    model_key,
    read_costs,
    write_costs,
)


@pytest.fixture
def run():
    return run_of(
        {
            "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
            "editors": {"m": {"type": "simulated", "params": {"load_seconds": 3.0, "seconds": 2.0}}},
            "judges": {"j": {"type": "simulated"}},
            "run": {"devices": {"kind": "simulated", "count": 2}},
        }
    )


def test_other_params_or_devices_are_another_cost_and_a_name_is_not(run):
    editor, judge = run.editors["m"], run.judges["j"]
    key = model_key(editor, "cuda")
    assert key != model_key(editor, "cpu")
    assert key == model_key(dataclasses.replace(editor, name="other"), "cuda")
    assert key != model_key(dataclasses.replace(editor, params={}), "cuda")
    assert key != model_key(dataclasses.replace(editor, revision="newer"), "cuda")
    assert model_key(judge, "cuda") != model_key(dataclasses.replace(judge, samples=5), "cuda")


def test_a_run_is_measured_by_its_records_and_telemetry(run, tmp_path):
    edits = [Edit(f"i{n}", "ok", seconds=seconds) for n, seconds in enumerate((1.0, 3.0))]
    write_records(tmp_path / "edits/m/c/edits.jsonl", [*edits, Edit("bad", "failed", seconds=99.0)])
    scores = [Score(f"i{n}", "ok", seconds=0.5, batch_size=4) for n in range(4)]
    write_records(
        tmp_path / "scores/j/m/c/scores.jsonl", [*scores, Score("x", "ok", seconds=1, batch_size=1)]
    )
    costs = measured_costs(run, tmp_path, [two_devices_a_run()])
    editor = costs[model_key(run.editors["m"], "simulated")]
    assert (editor.load, editor.seconds, editor.workers) == (1.0, {1: 2.0}, 2)
    assert costs[model_key(run.judges["j"], "simulated")].seconds == {1: 1.0, 4: 2.0}


def test_a_folder_without_costs_is_measured_and_the_last_folder_wins(run, tmp_path):
    write_records(tmp_path / "old/edits/m/c/edits.jsonl", [Edit("i", "ok", seconds=4.0)])
    key = model_key(run.editors["m"], "simulated")
    assert known_costs(run, [tmp_path / "old"])[key].seconds == {1: 4.0}
    write_costs(tmp_path / "new", {key: ModelCost(1.0, 0.5, {1: 2.0})})
    assert known_costs(run, [tmp_path / "old", tmp_path / "new", tmp_path / "none"])[key].seconds == {1: 2.0}


def test_a_batch_between_known_sizes_is_interpolated_and_beyond_them_grows_with_its_size():
    cost = ModelCost(0.0, 0.0, {2: 2.0, 4: 3.0})
    assert [cost.batch_seconds(size) for size in (1, 2, 3, 4, 8)] == [2.0, 2.0, 2.5, 3.0, 6.0]


def test_workers_that_start_together_share_the_processors():
    cost = ModelCost(0.0, 2.0, {1: 1.0}, workers=4)
    assert [cost.start_of(workers, 2) for workers in (1, 2, 4, 6)] == [1.0, 1.0, 2.0, 3.0]
    assert cost.start_of(6, 64) == 2.0


def test_costs_are_kept_for_the_next_run_and_models_add_up(tmp_path):
    first, second = ModelCost(1.0, 0.5, {1: 2.0}), ModelCost(2.0, 0.5, {1: 1.0, 4: 3.0}, workers=2)
    write_costs(tmp_path, {"a": first})
    write_costs(tmp_path, {"b": second})
    assert read_costs(tmp_path) == {"a": first, "b": second}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": 3}', '{"models": {"a": {}}}'])
def test_a_damaged_file_of_costs_is_none(tmp_path, text):
    (tmp_path / COSTS_FILE).parent.mkdir()
    (tmp_path / COSTS_FILE).write_text(text, encoding="utf-8")
    assert read_costs(tmp_path) == {}
