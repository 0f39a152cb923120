"""Answers in a form that a server enforces: what is asked, and what counts as one."""

import pytest

from snakedit.judges.answer_forms import CHOICE, JSON_SCHEMA, TEXT, AnswerForms, form_fields, value_in_form
from snakedit.judges.rubrics.rubric import Metric

GRADE = Metric("grade", ("edit",), 0, 10, "How good is it? Answer with one number from 0 to 10.")
DONE = Metric("done", ("edit",), 0, 1, "Is it done? Say yes or no and give a reason.", yes_no=True)


@pytest.mark.parametrize(
    ("text", "form", "metric", "value"),
    [
        ('{"reason": "3 fingers", "score": 7}', JSON_SCHEMA, GRADE, 7),
        ('{"reason": null, "score": 0}', JSON_SCHEMA, GRADE, 0),
        ('{"score": 7.5}', JSON_SCHEMA, GRADE, 7.5),
        ('{"reason": "x", "score": 11}', JSON_SCHEMA, GRADE, None),
        ('{"reason": "x", "score": true}', JSON_SCHEMA, GRADE, None),
        ('{"reason": "x", "score": "7"}', JSON_SCHEMA, GRADE, None),
        ('{"reason": "x", "score": 7, "more": 1}', JSON_SCHEMA, GRADE, None),
        ('{"reason": "x", "score": NaN}', JSON_SCHEMA, GRADE, None),
        ('{"reason": "x", "sco', JSON_SCHEMA, GRADE, None),
        ("7", JSON_SCHEMA, GRADE, None),
        ("[" * 100_000, JSON_SCHEMA, GRADE, None),
        ('{"answer": "yes"}', JSON_SCHEMA, DONE, 1),
        ('{"answer": "no", "reason": "yes"}', JSON_SCHEMA, DONE, 0),
        ('{"answer": ["yes"]}', JSON_SCHEMA, DONE, None),
        ("7", CHOICE, GRADE, 7),
        ("11", CHOICE, GRADE, None),
        ("Score: 7", CHOICE, GRADE, None),
        ("no", CHOICE, DONE, 0),
        ("7", TEXT, GRADE, None),
    ],
)
def test_what_is_in_its_form_needs_no_reading(text, form, metric, value):
    assert value_in_form(text, form, metric) == value


def test_a_schema_asks_for_a_reason_that_may_be_left_out_and_then_the_number():
    schema = form_fields(JSON_SCHEMA, GRADE)["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["reason", "score"]
    assert schema["properties"]["reason"] == {"type": ["string", "null"]}
    assert schema["properties"]["score"] == {"type": "integer", "minimum": 0, "maximum": 10}


def test_a_choice_names_the_whole_scale():
    fields = form_fields(CHOICE, GRADE)
    assert fields["guided_choice"] == [str(number) for number in range(11)]
    assert form_fields(CHOICE, DONE)["structured_outputs"] == {"choice": ["yes", "no"]}
    assert form_fields(TEXT, GRADE) == {}


def test_the_first_word_on_a_server_counts():
    forms = AnswerForms(is_on=True)
    assert (forms.of(GRADE), forms.is_settled) == (JSON_SCHEMA, False)
    forms.settle(CHOICE)
    forms.settle(TEXT)
    # A choice leaves no room for a reason.
    assert (forms.of(GRADE), forms.of(DONE)) == (CHOICE, TEXT)
    assert AnswerForms(is_on=False).of(GRADE) == TEXT
