import pytest
from speed_by_hand import job, two_devices_a_run

from snakedit.config.load import from_dict, normalise
from snakedit.core.records import Edit, Score, write_records
from snakedit.speed.forecast.costs import (
    Costs,
    ModelCost,
    Overheads,
    declared,
    measured,
    model_key,
    read_costs,
    write_costs,
)
from snakedit.telemetry.runs import RunTrace


@pytest.fixture
def config():
    return from_dict(
        normalise(
            {
                "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
                "editors": {"m": {"type": "simulated", "params": {"load_seconds": 3.0, "seconds": 2.0}}},
                "judges": {"j": {"type": "simulated", "params": {"seconds_by_batch": {"1": 1.0, "4": 2.0}}}},
                "run": {"devices": {"kind": "simulated", "count": 2}},
            },
            "test",
        )
    )


def test_a_simulated_model_costs_what_it_is_declared_to(config):
    costs = declared(config)
    assert costs[model_key(config.editors["m"], "simulated")].seconds == {1: 2.0}
    assert costs[model_key(config.editors["m"], "simulated")].load == 3.0
    seconds = costs[model_key(config.judges["j"], "simulated")].seconds
    assert (seconds[1], seconds[4], max(seconds)) == (1.0, 2.0, 4), "as far as its batches go"


def test_other_params_or_devices_are_another_cost_and_a_name_is_not(config):
    editor = config.editors["m"]
    key = model_key(editor, "cuda")
    assert key != model_key(editor, "cpu")
    assert key == model_key(type(editor)("other", "simulated", None, None, editor.params), "cuda")
    assert key != model_key(type(editor)("m", "simulated", None, None, {}), "cuda")


def test_a_run_is_measured_by_its_records_and_telemetry(config, tmp_path):
    edits = [Edit(f"i{n}", "ok", seconds=seconds) for n, seconds in enumerate((1.0, 3.0))]
    write_records(tmp_path / "edits/m/c/edits.jsonl", [*edits, Edit("bad", "failed", seconds=99.0)])
    scores = [Score(f"i{n}", "ok", seconds=0.5, batch_size=4) for n in range(4)]
    write_records(
        tmp_path / "scores/j/m/c/scores.jsonl", [*scores, Score("x", "ok", seconds=1, batch_size=1)]
    )
    run = two_devices_a_run()
    costs = measured(config, tmp_path, [run])
    editor = costs.models[model_key(config.editors["m"], "simulated")]
    assert (editor.load, editor.seconds) == (1.0, {1: 2.0})
    assert costs.models[model_key(config.judges["j"], "simulated")].seconds == {1: 1.0, 4: 2.0}


def test_overheads_are_told_by_the_processes_starts(config, tmp_path):
    switch = [("simulated:0", "switch", 4.0, 0.5, None), ("simulated:0", "load", 4.5, 1.0, None)]
    first = job(
        "edit_category",
        "c",
        [*switch, ("simulated:0", "edit", 5.5, 2, "i0")],
        began={"run": 0, "job": 3.0, "trace": 3.5},
    )
    switch = [("simulated:0", "switch", 8.3, 0.5, None), ("simulated:0", "load", 8.8, 1.0, None)]
    second = job(
        "score_category",
        "c",
        [*switch, ("simulated:0", "score", 9.8, 2, "i0")],
        began={"run": 0, "job": 7.0, "trace": 7.7},
    )
    found = measured(config, tmp_path, [RunTrace([first, second])]).overheads
    assert found.begin == pytest.approx(3.0 - Overheads().prepare)
    assert found.job == pytest.approx(0.6)
    assert found.join == pytest.approx(0.5)
    assert found.handover == pytest.approx(0.8)


def test_costs_are_kept_for_the_next_run_and_models_add_up(tmp_path):
    one, other = ModelCost(1.0, 0.5, {1: 2.0}, True), ModelCost(2.0, 0.5, {1: 1.0, 4: 3.0}, True)
    write_costs(tmp_path / "costs.json", Costs({"a": one}))
    write_costs(tmp_path / "costs.json", Costs({"b": other}, Overheads(begin=9.0)))
    assert read_costs(tmp_path / "costs.json") == Costs({"a": one, "b": other}, Overheads(begin=9.0))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": 3}', '{"models": {"a": {}}, "overheads": {}}'])
def test_a_damaged_file_of_costs_is_none(tmp_path, text):
    (tmp_path / "costs.json").write_text(text, encoding="utf-8")
    assert read_costs(tmp_path / "costs.json") == Costs()


@pytest.mark.parametrize("damaged", ["", "s\th:m:s\nNA\tNA\n", "h:m:s\n0:00:09\n"])
def test_a_time_that_a_power_cut_took_is_passed_over(config, tmp_path, damaged):
    folder = tmp_path / "benchmarks" / "prepare_category"
    folder.mkdir(parents=True)
    (folder / "a.tsv").write_text("s\th:m:s\n2.0\t0:00:02\n")
    (folder / "b.tsv").write_text(damaged)
    assert measured(config, tmp_path, []).overheads.prepare == 2.0
