"""Roles come from the resolved run, whatever the editors are called."""

import pytest
from results_by_hand import planned_run

from snakedit.report.data.roles import (
    controls_of,
    right_answers,
    shown_by,
    simulated_editors,
    simulated_judges,
    wrong_answers,
)


@pytest.fixture
def run():
    return planned_run(
        {
            "one": {"type": "simulated"},
            "two": {"type": "some_model"},
            "three": {"type": "reference"},
            "four": {"type": "shuffled", "params": {"of": "one"}},
            "five": {"type": "blank"},
        },
        {"a": {"type": "simulated"}, "b": {"type": "qwen3_vl", "model": "m"}},
    )


def test_controls_are_divided_into_right_and_wrong_answers(run):
    assert controls_of(run) == ["three", "four", "five"]
    assert right_answers(run) == ["three"]
    assert wrong_answers(run) == ["four", "five"]


def test_a_control_shows_only_editors_of_the_run(run):
    assert shown_by(run, "four") == ["one"]
    assert shown_by(run, "five") == []
    gone = planned_run({"mixed": {"type": "shuffled", "params": {"of": "gone"}}})
    assert shown_by(gone, "mixed") == []


def test_simulated_parts_are_known_by_their_family(run):
    assert simulated_editors(run) == ["one"]
    assert simulated_judges(run) == ["a"]
