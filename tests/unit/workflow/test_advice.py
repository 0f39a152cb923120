"""Warnings before a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plans_by_hand import changed, plan

from snakedit.workflow.advice import warn_of_cpu


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


@pytest.mark.parametrize(
    ("template", "words"),
    [("Rate the second picture.", "second picture"), ("Rate the edited picture.", None)],
)
def test_a_prompt_that_counts_pictures_is_a_warning(
    template: str, words: str | None, capsys: pytest.CaptureFixture[str]
):
    prompts = {"light": {"user_prompt_template": template}}
    plan(
        changed(_set("judges", "judge", value={"type": "simulated", "rubric": "single", "prompts": prompts}))
    )
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    expected = (
        f"snakedit: warning: the rubric of judges.judge: prompts.light.user_prompt_template counts pictures "
        f"('{words}'), which is wrong of an item with several sources; their names: Source, Edited picture, "
        "Reference, Mask"
    )
    assert warnings == ([expected] if words else [])


def test_sizes_that_would_zoom_are_a_warning(tiny_editor: Path, capsys: pytest.CaptureFixture[str]):
    editor = {
        "type": "qwen_image_edit",
        "model": str(tiny_editor),
        "params": {"height": 512, "width": 512},
    }
    plan(changed(_set("editors", "tiny", value=editor)))
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("snakedit: warning: editors.tiny.params: the edit has 512×512 pixels")


@pytest.mark.parametrize(("kind", "lines"), [("auto", 1), ("cpu", 0)])
def test_auto_says_that_it_takes_the_cpu_and_why(
    kind: str, lines: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("snakedit.workflow.advice.why_no_gpu", lambda: "there is an AMD GPU")
    config = plan(changed(_set("run", "devices", value={"kind": kind}))).config
    capsys.readouterr()
    warn_of_cpu(config)
    said = capsys.readouterr().err.splitlines()
    assert said == ["snakedit: models run on the CPU: there is an AMD GPU"] * lines
