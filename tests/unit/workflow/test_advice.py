"""Warnings before a run."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from experiments import rows
from places import REPOSITORY, SCRIPTS

from snakedit.workflow.plan import Plan, make_plan

CONFIG: dict[str, Any] = {
    "benchmarks": {"small": {"format": "base64_json", "path": "small.json"}},
    "editors": {
        "sim": {"type": "simulated", "params": {"seconds": 0.0}},
        "identity": {"type": "identity"},
        "shuffled": {"type": "shuffled", "params": {"of": "sim"}},
    },
    "judges": {"judge": {"type": "simulated", "rubric": "rubric.yaml"}},
    "run": {"devices": {"kind": "simulated", "count": 3}, "shard_items": 3},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a benchmark of two categories, four and three rows, and a rubric."""
    monkeypatch.chdir(tmp_path)
    source = {"物理": rows("物理", 4), "light": rows("light", 3)}
    (tmp_path / "small.json").write_text(json.dumps(source), encoding="utf-8")
    shutil.copy(REPOSITORY / "config" / "rubrics" / "viescore.yaml", tmp_path / "rubric.yaml")
    return tmp_path


def plan(config: dict[str, Any] = CONFIG, granted: int | None = None) -> Plan:
    """The plan of a configuration, which is also there as a file."""
    Path("experiment.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return make_plan(config, [Path("experiment.yaml")], SCRIPTS, granted)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    change(config)
    return config


def _set(*keys: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(config: dict[str, Any]) -> None:
        place = config
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def test_a_prompt_for_a_category_that_no_benchmark_has_is_a_warning(capsys: pytest.CaptureFixture[str]):
    prompt = {"user_prompt_template": "How good is it?"}
    judge = {"type": "simulated", "rubric": "single", "prompts": {"ligth": prompt, "light": prompt}}
    plan(changed(_set("judges", "judge", value=judge)))
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert warnings == [
        "snakedit: warning: judges.judge.prompts: no benchmark has a category 'ligth'; did you mean 'light'?"
    ]
