"""Plans of a small configuration, which tests change."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from places import SCRIPTS

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


def plan(
    config: dict[str, Any] = CONFIG, granted: int | None = None, given: dict[str, Any] | None = None
) -> Plan:
    """The plan of a configuration, which is also there as a file."""
    Path("experiment.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return make_plan(config, [Path("experiment.yaml")], SCRIPTS, granted, given)


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    change(config)
    return config
