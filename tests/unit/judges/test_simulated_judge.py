import pytest
from judging_by_hand import requests, settings

from snakedit.config.params import read_params
from snakedit.core.errors import ConfigError
from snakedit.judges.simulated_judge import SimulatedJudge, SimulatedJudgeParams, seconds_of_batch


@pytest.mark.parametrize(
    ("declared", "size", "seconds"),
    [
        ({}, 3, 0.0),
        ({"1": 2.0, "4": 3.0}, 1, 2.0),
        ({"1": 2.0, "4": 3.0}, 4, 3.0),
        ({"1": 2.0, "4": 3.0}, 2, pytest.approx(2.0 + 1 / 3)),
        ({"1": 2.0, "4": 3.0}, 9, 3.0),
        ({"4": 3.0}, 1, 3.0),
    ],
)
def test_a_batch_takes_the_declared_seconds(declared, size, seconds):
    assert seconds_of_batch(declared, size) == seconds


def test_its_numbers_follow_from_the_edit_and_are_called_simulated():
    judge = SimulatedJudge(None, SimulatedJudgeParams(), "simulated:0", settings())
    first, again = judge.judge(requests(3)), judge.judge(requests(3)[2:])
    assert first[2].values == again[0].values
    assert first[0].values != first[1].values
    assert all(0 <= value <= 10 for v in first for value in v.values.values())
    assert all(r[0]["text"].startswith("simulated: ") for v in first for r in v.replies.values())


def test_a_batch_size_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"seconds_by_batch\.four': 'four' is not a batch size"):
        read_params(SimulatedJudgeParams, {"seconds_by_batch": {"four": 1.0}}, "judges.x.params")


@pytest.mark.parametrize(
    "params", [{"load_seconds": -1.0}, {"weights_gib": -1.0}, {"seconds_by_batch": {"1": -1.0}}]
)
def test_a_time_that_no_clock_shows_is_refused(params):
    with pytest.raises(
        ConfigError, match=r"'judges\.x\.params\..*': -1\.0 is out of range; allowed: .* 0 or more"
    ):
        read_params(SimulatedJudgeParams, params, "judges.x.params")


@pytest.mark.parametrize("rubric", ["imgedit", "kris", "rise", "reedit", "single", "viescore"])
def test_it_answers_every_rubric_on_its_scale(rubric):
    judge = SimulatedJudge(None, SimulatedJudgeParams(), "simulated:0", settings(rubric=rubric))
    for request, verdict in zip(requests(3), judge.judge(requests(3)), strict=True):
        asked = judge.settings.rubric.asked_of(request.item)
        assert verdict.status == "ok"
        assert verdict.score is not None
        assert list(verdict.replies) == [metric.name for metric in asked]
        assert all(metric.low <= verdict.values[metric.name] <= metric.high for metric in asked)


def test_it_gives_the_answers_it_was_told_to_give():
    answers = {"0": {"grade": 7}, "1": {"grade": "I'd say **3**/10"}, "2": {"grade": "nothing to be read"}}
    judge = SimulatedJudge(None, SimulatedJudgeParams(answers=answers), "cpu", settings("generate", "single"))
    verdicts = judge.judge(requests(3))
    assert [verdict.status for verdict in verdicts] == ["ok", "ok", "unparsed"]
    assert [verdict.score for verdict in verdicts] == [7.0, 3.0, None]
