import json

import pytest

from snakedit.config.load import load
from snakedit.core.errors import ConfigError
from snakedit.speed.forecast.by_hand import Question, answer, parse_cost, parse_items
from snakedit.speed.forecast.costs import FILE, Costs, ModelCost, model_key, write_costs

OLD = dict(parse_cost(text) for text in ("editor=load:0.5,1:1.8", "judge=load:0.5,1:2,4:3"))


def question(**changes):
    fields = {
        "config": None,
        "items": {},
        "declared": {},
        "batch": 4,
        "devices": 6,
        "cores": 2,
        "measured": [],
    }
    return Question(**{**fields, **changes})


def test_the_old_projections_and_ours_stand_side_by_side():
    lines = answer(question(items=parse_items("50,50,70,50,50"), declared=OLD)).splitlines()
    assert "1,296.0" in lines[2]
    assert "288.5" in lines[3]
    assert "4.5 ×" in lines[3]
    ours = float(lines[5].split("|")[3])
    assert 118 < ours < 140


def test_a_configuration_brings_its_own_items_and_simulated_costs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = {"subset": "物理", "edit_instruction": "x", "src_img_b64": "eA=="}
    (tmp_path / "b.json").write_text(json.dumps([{**row, "id": str(n)} for n in range(10)]), encoding="utf-8")
    config = {
        "benchmarks": {"b": {"format": "base64_json", "path": "b.json", "limit": 8}},
        "editors": {"e": {"type": "simulated", "params": {"load_seconds": 1.0, "seconds": 2.0}}},
        "judges": {"j": {"type": "simulated", "params": {"seconds_by_batch": {"1": 1.0, "4": 2.0}}}},
        "run": {"devices": {"kind": "simulated", "count": 2}},
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    told = answer(question(config=tmp_path / "c.yaml", devices=2))
    assert "b/物理" in told
    cells = [cell.strip() for cell in told.splitlines()[-1].split("|")]
    assert cells[2:5] == ["8", "16.0", "4.0"]


def test_a_model_that_nobody_has_timed_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(
        json.dumps(
            {
                "benchmarks": {"b": {"format": "base64_json", "path": "b.json"}},
                "editors": {"qwen": {"type": "qwen_image_edit", "model": "a/b"}},
                "judges": {"j": {"type": "simulated"}},
            }
        ),
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"what qwen take.*--declare NAME=load"):
        answer(question(config=tmp_path / "c.yaml", items={"a": 5}))


def test_what_an_earlier_run_of_the_configuration_cost_need_not_be_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {
        "benchmarks": {"b": {"format": "base64_json", "path": "b.json"}},
        "editors": {"mine": {"type": "qwen_image_edit", "model": "a/b"}},
        "judges": {"j": {"type": "simulated"}},
        "run": {"devices": {"kind": "cpu"}},
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config), encoding="utf-8")
    editor = load(tmp_path / "c.yaml").editors["mine"]
    costs = Costs({model_key(editor, "cpu"): ModelCost(1.0, 0.0, {1: 2.0}, measured=True)})
    write_costs(tmp_path / "results" / "b" / "speed" / FILE, costs)
    told = answer(question(config=tmp_path / "c.yaml", items={"a": 5}))
    assert [cell.strip() for cell in told.splitlines()[-1].split("|")][2:4] == ["5", "10.0"]


@pytest.mark.parametrize("text", ["50x", "0", "a=", "-3", "a=1.5"])
def test_what_is_no_number_of_items_is_refused(text):
    with pytest.raises(ConfigError, match="--items"):
        parse_items(text)


@pytest.mark.parametrize("text", ["vl", "vl=", "vl=load:3", "vl=0:3", "vl=1:x", "vl=1:-1", "vl=load:-1,1:2"])
def test_what_is_no_cost_is_refused(text):
    with pytest.raises(ConfigError, match="--declare"):
        parse_cost(text)


def test_a_declared_name_must_be_in_the_configuration():
    with pytest.raises(ConfigError, match="'editer' is not known"):
        answer(question(items={"a": 5}, declared={"editer": OLD["editor"]}))


def test_without_a_configuration_items_are_needed():
    with pytest.raises(ConfigError, match="neither is given"):
        answer(question())
