"""The plan of a run: what a configuration asks for, and one line for each mistake in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from places import REPOSITORY, SCRIPTS
from plans_by_hand import CONFIG, changed, plan

from snakedit.core.errors import SnakeditError
from snakedit.workflow.plan import make_plan


def test_categories_shards_and_places_follow_from_source_and_configuration():
    small = plan()
    assert small.categories("small") == ["物理", "light"]
    assert small.all_categories() == {"物理", "light"}
    assert small.shards("small", "物理") == ["000001-000003", "000004-000006"]
    assert small.shards("small", "light") == []
    assert [small.editor_place(name) for name in ("sim", "identity", "shuffled")] == [0, 1, 2]
    assert small.judge_place("judge") == 0
    assert small.shown_editors("shuffled") == ["sim"]
    assert small.shown_editors("sim") == []


def test_a_limit_takes_fewer_rows_and_so_fewer_shards():
    limited = plan(changed(lambda config: config["benchmarks"]["small"].update(limit=3)))
    assert limited.shards("small", "物理") == []


def test_only_a_benchmark_with_shards_matches_the_pattern_of_sharded_paths():
    import re

    pattern = re.compile(plan().sharded_benchmark())
    assert pattern.match("small/edits/sim/物理/edits.jsonl")
    assert not pattern.match("small/edits/sim/light/edits.jsonl")


@pytest.mark.parametrize(
    ("granted", "count", "expected"), [(None, 3, 3), (2, 3, 2), (5, 3, 3), (5, None, 5), (0, 3, 0)]
)
def test_the_devices_are_those_granted_within_the_configurations_count(
    granted: int | None, count: int | None, expected: int
):
    config = changed(lambda config: config["run"]["devices"].update(count=count))
    assert plan(config, granted).device_count == expected


def test_a_run_that_needs_no_device_counts_none():
    controls = changed(lambda config: config.update(editors={"identity": {"type": "identity"}}))
    served = {"type": "openai", "model": "m", "params": {"base_url": "http://127.0.0.1:1/v1"}}
    controls["judges"] = {"judge": served}
    assert plan(controls).device_count == 0
    assert plan(controls).serial_editors() == ["identity"]
    assert plan(controls).device_judges() == []


def test_recipes_hold_what_changes_a_result_and_nothing_else():
    def recipes(config: dict[str, Any]) -> tuple[str, str, str]:
        made = plan(config)
        return made.editor_recipe("sim"), made.judge_recipe("judge"), made.prepare_recipe("small", "light")

    before = recipes(CONFIG)
    same = changed(lambda config: config["judges"]["judge"].update(batch_size=2))
    same["run"]["devices"]["count"] = 1
    assert recipes(same) == before
    edit, score, prepare = recipes(changed(lambda config: config["run"].update(seed=7)))
    assert (edit != before[0], score, prepare) == (True, before[1], before[2])
    edit, score, prepare = recipes(changed(lambda config: config["benchmarks"]["small"].update(limit=1)))
    assert (edit, score, prepare != before[2]) == (before[0], before[1], True)


def test_nested_texts_of_the_command_line_are_read_by_the_type_of_their_family():
    given: dict[str, Any] = {"run": {"seed": "7"}, "editors": {"sim": {"params": {"seconds": "0.5"}}}}
    config = changed(lambda config: config["run"].update(seed="7"))
    config["editors"]["sim"]["params"]["seconds"] = "0.5"
    read = plan(config, given=given)
    assert read.config.run.seed == 7
    assert read.run.editors["sim"].params["seconds"] == 0.5
    given["editors"]["sim"]["params"]["seconds"] = config["editors"]["sim"]["params"]["seconds"] = "soon"
    with pytest.raises(SnakeditError, match=r"editors\.sim\.params\.seconds': 'soon' has the wrong type"):
        plan(config, given=given)


def test_a_second_plan_writes_nothing():
    plan()
    before = {path: path.stat().st_mtime_ns for path in Path("results").rglob("*")}
    plan()
    assert {path: path.stat().st_mtime_ns for path in Path("results").rglob("*")} == before


def _set(*keys: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(config: dict[str, Any]) -> None:
        place = config
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def _shown_by_each_other(config: dict[str, Any]) -> None:
    for name, of in (("one", "other"), ("other", "one")):
        config["editors"][name] = {"type": "shuffled", "params": {"of": of}}


CHECKPOINT = {"type": "qwen_image_edit", "model": "./no/such/checkpoint"}
MISTAKES = {
    "unknown key": (
        _set("editors", "sim", "modle", value="x"),
        ("editors.sim.modle", "did you mean 'model'"),
    ),
    "unknown top key": (_set("editrs", value={}), ("editrs", "did you mean 'editors'")),
    "wrong type": (_set("run", "seed", value="seven"), ("run.seed", "seven")),
    "unknown editor type": (
        _set("editors", "sim", "type", value="simulatd"),
        ("editors.sim.type", "simulatd", "did you mean 'simulated'"),
    ),
    "unknown param": (
        _set("editors", "sim", "params", "secnds", value=1),
        ("editors.sim.params.secnds", "did you mean 'seconds'"),
    ),
    "unknown judge type": (
        _set("judges", "judge", "type", value="qwen3_lv"),
        ("judges.judge.type", "qwen3_lv", "did you mean 'qwen3_vl'"),
    ),
    "missing rubric": (
        _set("judges", "judge", "rubric", value="no_such_rubric"),
        ("judges.judge.rubric", "no_such_rubric"),
    ),
    "unknown category": (
        _set("benchmarks", "small", "categories", value=["ligth"]),
        ("benchmarks.small.categories", "ligth", "did you mean 'light'"),
    ),
    "unknown format": (
        _set("benchmarks", "small", "format", value="base64_jsn"),
        ("benchmarks.small.format", "did you mean 'base64_json'"),
    ),
    "missing source": (
        _set("benchmarks", "small", "path", value="nowhere.json"),
        ("benchmarks.small.path: nowhere.json",),
    ),
    "missing checkpoint": (
        _set("editors", "sim", value=CHECKPOINT),
        ("editors.sim.model: no/such/checkpoint", "no such folder"),
    ),
    "model where there is none": (
        _set("editors", "identity", "model", value="x"),
        ("editors.identity.model", "takes no model"),
    ),
    "no model": (
        _set("editors", "sim", value={"type": "qwen_image_edit"}),
        ("editors.sim.model", "needs a model", "a hub name or a local folder"),
    ),
    "ring": (_shown_by_each_other, ("editors.one.params.of", "one → other → one")),
    "shows nobody": (
        _set("editors", "shuffled", "params", "of", value="smi"),
        ("editors.shuffled.params.of", "'smi' is not another editor", "sim"),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_that_names_file_and_key_and_what_is_allowed(name: str):
    change, parts = MISTAKES[name]
    with pytest.raises(SnakeditError) as caught:
        plan(changed(change))
    line = str(caught.value)
    assert "\n" not in line
    assert [part for part in ("experiment.yaml", *parts) if part not in line] == []


def test_a_key_that_is_given_twice_is_named_with_both_places():
    plan()
    with open("experiment.yaml", "a", encoding="utf-8") as file:
        file.write("run: {seed: 8}\n")
    with pytest.raises(SnakeditError, match=r"experiment.yaml:\d+: the key 'run' is there already, in"):
        make_plan(CONFIG, [Path("experiment.yaml")], SCRIPTS, None)


def test_a_mistake_is_found_before_anything_is_built(folder: Path):
    config = changed(_set("editors", "sim", "type", value="simulatd"))
    config["benchmarks"]["demo"] = {"format": "base64_json", "path": "results/.demo/demo.json"}
    with pytest.raises(SnakeditError):
        plan(config)
    assert not (folder / "results").exists()


@pytest.mark.parametrize("name", ["single_gpu.yaml", "six_gpus.yaml"])
def test_a_single_model_file_without_a_gpu_names_the_key_for_the_cpu(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    content = (REPOSITORY / "config" / name).read_text(encoding="utf-8")
    content = content.replace("results/.demo/demo.json", "small.json")
    for model in ("qwen-image-edit-plus-tiny", "qwen3-vl-tiny"):
        (folder / model).mkdir()
        (folder / model / "weights.safetensors").write_bytes(b"")
        content = content.replace(f"results/.demo/{model}", model + "/")
    with pytest.raises(SnakeditError, match=r"run: \{devices: \{kind: cpu\}\}"):
        plan(yaml.safe_load(content))
