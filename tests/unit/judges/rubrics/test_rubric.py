"""What a rubric asks of an item."""

import math

import pytest
import yaml
from judging_by_hand import item

from snakedit.core.errors import ConfigError
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.judges.rubrics.templates import has


def asked(name, **fields):
    return [metric.name for metric in load_rubric(name).asked_of(item(**fields))]


@pytest.mark.parametrize(
    ("name", "fields", "metrics"),
    [
        ("kris", {}, ["consistency", "instruction", "quality"]),
        ("kris", {"rationale": "Ice melts."}, ["consistency", "instruction", "knowledge", "quality"]),
        ("rise", {}, ["reasoning", "consistency", "plausibility"]),
        ("rise", {"extra": {"consistency_free": True}}, ["reasoning", "plausibility"]),
        ("rise", {"extra": {"consistency_free": 1}}, ["reasoning", "plausibility"]),
        ("rise", {"extra": {"consistency_free": "true"}}, ["reasoning", "plausibility"]),
        *(
            ("rise", {"extra": {"consistency_free": no}}, ["reasoning", "consistency", "plausibility"])
            for no in (None, False, 0, "", "no", "False", " null ", math.nan)
        ),
        ("rise", {"category": "logical_reasoning"}, ["reasoning", "consistency"]),
    ],
)
def test_an_item_is_asked_what_fits_it(name, fields, metrics):
    assert asked(name, **fields) == metrics


def test_each_dimension_of_reedit_has_a_question_of_its_own_in_both_languages():
    rubric = load_rubric("reedit")
    reasoning = rubric.metrics[0]
    english = ("physical", "environmental", "cultural", "causal", "referential")
    chinese = ("物理", "环境", "社会", "因果", "指代")
    questions = [rubric.question(reasoning, item(category=name)) for name in english]
    assert questions == [rubric.question(reasoning, item(category=name)) for name in chinese]
    assert len(set(questions)) == 5
    assert rubric.question(reasoning, item(category="other")) not in questions


def own_rubric(tmp_path, **changes):
    metric = {"shows": ["source", "edit"], "scale": [0, 10], "question": "{explanation}?"}
    data = {
        "name": "own",
        "source": "by hand",
        "formula": "mean",
        "fields": ["explanation"],
        "metrics": {"grade": metric | changes},
    }
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load_rubric(str(path))


def test_a_rubric_can_name_fields_of_its_benchmark(tmp_path):
    rubric = own_rubric(tmp_path)
    (metric,) = rubric.metrics
    assert rubric.question(metric, item(extra={"explanation": "Ice melts"})) == "Ice melts?"
    assert rubric.question(metric, item(extra={"explanation": None})) == "?"
    with pytest.raises(
        ConfigError, match="item 'a': has no field 'explanation'; did you mean 'explanations'"
    ):
        rubric.question(metric, item(extra={"explanations": "Ice melts"}))


def test_a_question_that_shows_the_reference_is_asked_only_where_there_is_one(tmp_path):
    rubric = own_rubric(tmp_path, shows=["source", "edit", "reference"])
    assert rubric.asked_of(item()) == ()
    assert rubric.asked_of(item(reference="images/r.png")) == rubric.metrics


def test_a_field_that_hides_an_attribute_of_the_record_says_nothing():
    assert not has(item(extra={"rationale": "not the item's own"}), "rationale")
    assert not has(item(), "__class__")
