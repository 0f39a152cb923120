import json
from pathlib import Path

import pytest
from runs_by_hand import run_of

from snakedit.core.errors import StageError
from snakedit.speed.forecast.costs import ModelCost, model_key, write_costs
from snakedit.speed.forecast.estimate import estimate_whole_run


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Eight of ten items of one category, edited by a model and a control."""
    monkeypatch.chdir(tmp_path)
    row = {"subset": "物理", "edit_instruction": "x", "src_img_b64": "eA=="}
    Path("b.json").write_text(json.dumps([{**row, "id": str(n)} for n in range(10)]), encoding="utf-8")
    return run_of(
        {
            "benchmarks": {"b": {"format": "base64_json", "path": "b.json", "limit": 8}},
            "editors": {"e": {"type": "simulated"}, "same": {"type": "identity"}},
            "judges": {"j": {"type": "simulated", "batch_size": 4}},
            "run": {"devices": {"kind": "simulated"}},
        }
    )


def left_behind(run, folder):
    """Costs that an earlier run has left: 8 s to load, 10 s an edit, 20 s a batch of 4."""
    costs = {
        model_key(run.editors["e"], "simulated"): ModelCost(8.0, 0.0, {1: 10.0}),
        model_key(run.judges["j"], "simulated"): ModelCost(8.0, 0.0, {4: 20.0}),
    }
    write_costs(folder, costs)


@pytest.mark.parametrize(
    ("devices", "expected"), [(1, "1 device: about 3 min"), (2, "2 devices: about 1 min 4")]
)
def test_costs_of_the_experiments_own_results_or_of_others_give_the_answer(run, devices, expected):
    """Edits 8 + 80 s and scores 8 + 80 s on one device, half of the work on two."""
    left_behind(run, Path("results", "b"))
    line = estimate_whole_run(run, [], devices)
    assert line.startswith(f"8 edits and 16 scores on {expected}")
    Path("results", "b").rename("elsewhere")
    assert estimate_whole_run(run, [Path("elsewhere")], devices) == line


def test_a_model_that_nobody_has_timed_is_named_with_what_to_do(run):
    with pytest.raises(StageError, match=r"no run has timed e, j yet.*--measured results/NAME"):
        estimate_whole_run(run, [], 2)


def test_a_run_without_devices_has_no_answer(run):
    controls = {"benchmarks": run.source["benchmarks"], "editors": {"same": {"type": "identity"}}}
    judges = {"p": {"type": "openai", "model": "m", "params": {"base_url": "http://127.0.0.1:9/v1"}}}
    with pytest.raises(StageError, match="nothing in it takes a device"):
        estimate_whole_run(run_of({**controls, "judges": judges}), [], 2)
