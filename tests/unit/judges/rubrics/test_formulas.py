"""The formulas from a rubric's numbers to its score."""

import math

import pytest
from judging_by_hand import item

from snakedit.judges.rubrics.rubric_file import RUBRICS, load_rubric


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({"success": 8, "overediting": 6, "naturalness": 9, "artefacts": 7}, math.sqrt(6 * 7)),
        ({"success": 0, "overediting": 10, "naturalness": 10, "artefacts": 10}, 0),
        ({"success": 10, "overediting": 10, "naturalness": 10, "artefacts": 10}, 10),
        ({"success": 8, "overediting": None, "naturalness": 9, "artefacts": 7}, None),
    ],
)
def test_viescore_is_the_root_of_the_lower_of_each_pair(values, score):
    assert load_rubric("viescore").score(values, item()) == (score if score is None else pytest.approx(score))


FREE = {"extra": {"consistency_free": True}}


LOGICAL = {"category": "logical_reasoning"}


@pytest.mark.parametrize(
    ("name", "fields", "values", "score"),
    [
        ("imgedit", {}, {"compliance": 2, "naturalness": 5, "detail": 5}, 4),
        ("imgedit", {}, {"compliance": 2, "naturalness": None, "detail": 5}, None),
        ("kris", {}, {"consistency": 1, "instruction": 3, "quality": 5}, 50),
        ("kris", {}, {"consistency": 5, "instruction": 5, "quality": 5}, 100),
        ("kris", {"rationale": "r"}, {"consistency": 5, "instruction": 5, "knowledge": 1, "quality": 5}, 75),
        ("kris", {"rationale": "r"}, {"consistency": 5, "instruction": 5, "quality": 5}, None),
        ("rise", {}, {"consistency": 4, "reasoning": 3, "plausibility": 5}, 0.3 * 4 + 0.5 * 3 + 0.2 * 5),
        ("rise", {}, {"consistency": 5, "reasoning": 1, "plausibility": 5}, (0.3 * 5 + 0.5 + 0.2 * 5) / 2),
        ("rise", {}, {"consistency": 1, "reasoning": 1, "plausibility": 1}, 1),
        ("rise", {}, {"consistency": 5, "reasoning": 1.4, "plausibility": 5}, (1.5 + 0.7 + 1) / 2),
        ("rise", {}, {"consistency": 5, "reasoning": 1.5, "plausibility": 5}, 1.5 + 0.75 + 1),
        ("rise", FREE, {"reasoning": 4, "plausibility": 2}, 0.8 * 4 + 0.2 * 2),
        ("rise", LOGICAL, {"reasoning": 4, "consistency": 2}, 0.3 * 2 + 0.7 * 4),
        ("rise", FREE | LOGICAL, {"reasoning": 4}, 4),
        ("reedit", {}, {"reasoning": 1, "instruction": 1, "consistency": 1}, 1),
        ("reedit", {}, {"reasoning": 0, "instruction": 5, "consistency": 5}, 0),
        ("reedit", {}, {"reasoning": 1, "instruction": None, "consistency": 5}, None),
    ],
)
def test_a_rubrics_score_follows_its_formula(name, fields, values, score):
    found = load_rubric(name).score(values, item(**fields))
    assert found == (score if score is None else pytest.approx(score))


@pytest.mark.parametrize(
    ("fields", "values", "accuracy"),
    [
        ({}, {"consistency": 5, "reasoning": 5, "plausibility": 5}, 1),
        ({}, {"consistency": 4.6, "reasoning": 4.9, "plausibility": 4.5}, 1),
        ({}, {"consistency": 5, "reasoning": 5, "plausibility": 4.4}, 0),
        ({}, {"consistency": 5, "reasoning": 5, "plausibility": None}, None),
        (FREE, {"reasoning": 5, "plausibility": 5}, 1),
        (LOGICAL, {"reasoning": 5, "consistency": 4}, 0),
    ],
)
def test_rise_is_accurate_if_all_that_was_asked_is_five(fields, values, accuracy):
    assert load_rubric("rise").with_derived(values, item(**fields)) == {**values, "accuracy": accuracy}


def test_the_cap_is_off_and_lets_no_metric_count_for_more_than_the_first_once_it_is_on(tmp_path):
    text = (RUBRICS / "imgedit.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("cap_by: null", "cap_by: compliance"), encoding="utf-8")
    capped = load_rubric(str(path))
    assert load_rubric("imgedit").cap_by is None
    assert capped.score({"compliance": 2, "naturalness": 5, "detail": 1}, item()) == pytest.approx(5 / 3)
    assert capped.score({"compliance": None, "naturalness": 5, "detail": 1}, item()) is None
    assert capped.content() != load_rubric("imgedit").content()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("viescore", (0, 10)),
        ("imgedit", (1, 5)),
        ("kris", (0, 100)),
        ("rise", (1, 5)),
        ("reedit", (0, 1)),
        ("single", (0, 10)),
    ],
)
def test_the_scale_of_a_score_follows_from_its_formula(name, expected):
    scales = load_rubric(name).scales()
    assert scales["score"] == expected
    assert all(low < high for low, high in scales.values())
