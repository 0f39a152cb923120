"""Editors and judges are resolved once; a job is given what its results are stored under."""

import dataclasses
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from places import REPOSITORY
from runs_by_hand import run_of, small, through_its_file

from snakedit.core.errors import ConfigError
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.judges.judge import Judge, Verdict
from snakedit.judges.rubrics.rubric import Metric, Rubric
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.stages.judging import judge_work, load_score_worker
from snakedit.workflow.resolved import read_run

VIESCORE = REPOSITORY / "config" / "rubrics" / "viescore.yaml"


def test_a_configuration_is_resolved_where_it_is_read():
    Path("mine.json").write_text(json.dumps(small()), encoding="utf-8")
    assert read_run("mine.json") == run_of(small())


def test_a_configuration_read_by_hand_is_checked():
    Path("mine.json").write_text(json.dumps(small(editors={"e": {"type": "simulate"}})), encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean 'simulated'"):
        read_run("mine.json")


def test_a_rubric_changed_after_planning_is_asked_as_it_was_planned(tmp_path: Path):
    rubric = tmp_path / "mine.yaml"
    rubric.write_text(VIESCORE.read_text(encoding="utf-8"), encoding="utf-8")
    planned = through_its_file(run_of(small(judges={"j": {"type": "simulated", "rubric": "mine.yaml"}})))
    before = load_rubric("mine.yaml")

    changed = VIESCORE.read_text(encoding="utf-8").replace("about half", "almost half")
    rubric.write_text(changed, encoding="utf-8")
    assert load_rubric("mine.yaml") != before

    worker = load_score_worker(judge_work(planned.judges["j"]).settings, "simulated:0")
    assert worker.judge.settings.rubric == before
    assert planned.judges["j"].recipe["rubric"] == json.loads(json.dumps(before.content()))


@pytest.mark.parametrize("name", sorted(path.stem for path in VIESCORE.parent.glob("*.yaml")))
def test_a_rubric_is_the_same_after_a_trip_through_json(name: str):
    rubric = load_rubric(name)
    assert Rubric.from_content(json.loads(json.dumps(rubric.content()))) == rubric


def test_an_editor_is_refused_a_language_that_it_does_not_follow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(EDITORS["simulated"], "languages", ("en",))
    assert run_of(small()).editors["e"].type == "simulated"
    chinese = {"b": {"format": "base64_json", "path": "x", "language": "zh"}}
    with pytest.raises(ConfigError, match="'simulated' does not follow 'zh', benchmarks"):
        run_of(small(benchmarks=chinese))


@pytest.mark.parametrize(
    ("own", "of_the_run", "message"),
    [
        ({"count": 2}, {"ids": [0]}, r"judges\.j\.devices\.ids: name them; allowed: such as \[6, 7\]"),
        ({"ids": [1]}, {"count": 1}, r"run\.devices\.ids: judges\.j has devices of its own, so name those"),
        ({"ids": [1, 2]}, {"ids": [0, 1]}, r"judges\.j\.devices\.ids: '1' is one of run\.devices too"),
    ],
)
def test_devices_of_a_judges_own_are_no_others(own: dict[str, Any], of_the_run: dict[str, Any], message: str):
    kind = {"kind": "simulated"}
    with pytest.raises(ConfigError, match=message):
        run_of(
            small(
                judges={"j": {"type": "simulated", "devices": kind | own}},
                run={"devices": kind | of_the_run},
            )
        )


class Contrast(Judge):
    """A judge that is asked nothing: it computes one number."""

    numbers: ClassVar[dict[str, float]] = {"contrast": 0.5}

    @classmethod
    def own_rubric(cls, params: Any) -> Rubric:
        metric = Metric("contrast", ("edit", "mask"), 0, 1, "")
        return Rubric("contrast", "micro", "mean", None, (metric,), {})

    def judge(self, requests: Any) -> list[Verdict]:
        return [Verdict("ok", dict(self.numbers), score=0.5) for _ in requests]


@pytest.fixture
def contrast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JUDGES._places, "contrast", f"{__name__}:Contrast")


def test_a_judge_may_compute_its_numbers_by_a_rubric_of_its_own(contrast: None):
    judge = through_its_file(run_of(small(judges={"j": {"type": "contrast"}}))).judges["j"]
    assert judge.rubric_name == "contrast"
    assert judge.to_rubric().scales() == {"contrast": (0.0, 1.0), "score": (0.0, 1.0)}
    assert load_score_worker(judge_work(judge).settings, "cpu").judge.settings.rubric.headline == "micro"


def test_a_judge_that_is_asked_nothing_takes_no_rubric(contrast: None):
    with pytest.raises(ConfigError, match=r"judges.j.rubric: the type 'contrast' computes its numbers"):
        run_of(small(judges={"j": {"type": "contrast", "rubric": "imgedit"}}))


def test_a_judge_that_is_asked_needs_a_question_for_each_metric(monkeypatch: pytest.MonkeyPatch):
    rubric = load_rubric("single")
    silent = dataclasses.replace(rubric, metrics=(dataclasses.replace(rubric.metrics[0], question=""),))
    monkeypatch.setattr("snakedit.workflow.resolve.load_rubric", lambda *_: silent)
    with pytest.raises(ConfigError, match="has no question for"):
        run_of(small(judges={"j": {"type": "simulated", "rubric": "single"}}))
