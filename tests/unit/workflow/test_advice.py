"""Warnings before a run."""

from collections.abc import Callable
from typing import Any

import pytest
from plans_by_hand import changed, plan


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
