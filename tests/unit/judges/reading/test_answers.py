from dataclasses import replace

import pytest
from judging_by_hand import item, settings

from snakedit.judges.reading.answers import (
    KEPT_CHARACTERS,
    Answer,
    verdict_of,
    weighed_answer,
    written_answer,
)
from snakedit.judges.reading.written import LONGEST_REPLY
from snakedit.judges.rubrics.rubric import Derived
from snakedit.judges.rubrics.rubric_file import load_rubric


def test_no_number_is_made_up_where_nothing_lies_on_the_scale():
    answer = weighed_answer(None, 0.0, 0.0, 5)
    assert answer.value is None
    assert answer.error


def test_a_metric_with_one_unread_sample_has_no_value_and_the_edit_no_score():
    rubric = settings().rubric
    good = [Answer(4.0, {}, 1), Answer(6.0, {}, 1)]
    answered = {metric.name: good for metric in rubric.metrics}
    verdict = verdict_of(rubric, item(), answered, 2)
    assert (verdict.status, verdict.values["success"], verdict.score) == ("ok", 5.0, 5.0)
    assert verdict.spread["success"] == pytest.approx(2**0.5)
    answered["success"] = [good[0], Answer(None, {"text": "?"}, 1, "no number")]
    verdict = verdict_of(rubric, item(), answered, 2)
    assert (verdict.status, verdict.values["success"], verdict.score) == ("unparsed", None, None)
    assert verdict.error == "success: no number"
    assert verdict.tokens == 8


@pytest.mark.parametrize(
    ("rubric", "name", "text", "value", "refused"),
    [
        ("viescore", "success", "Success: 10", 10.0, False),
        ("viescore", "success", "Success: 11", None, False),
        ("viescore", "success", "I cannot rate this image.", None, True),
        ("kris", "quality", "4/5", 4.0, False),
        ("kris", "quality", "0", None, False),
        ("reedit", "reasoning", "No, the shadow is missing.", 0.0, False),
        ("reedit", "reasoning", "1", None, False),
    ],
)
def test_what_was_written_is_read_on_the_metrics_scale(rubric, name, text, value, refused):
    metric = next(metric for metric in load_rubric(rubric).metrics if metric.name == name)
    answer = written_answer(text, metric, 7)
    assert (answer.value, answer.refused, answer.tokens) == (value, refused, 7)
    assert answer.reply == {"text": text}
    assert bool(answer.error) == (value is None)


def test_a_refusal_is_told_apart_from_what_could_not_be_read():
    rubric = settings().rubric
    good, unread = [Answer(4.0, {}, 1)], [Answer(None, {}, 1, "no number")]
    answered = {metric.name: good for metric in rubric.metrics} | {"success": unread}
    assert verdict_of(rubric, item(), answered, 1).status == "unparsed"
    answered["overediting"] = [Answer(None, {}, 1, "declined", refused=True)]
    verdict = verdict_of(rubric, item(), answered, 1)
    assert (verdict.status, verdict.score) == ("refused", None)
    assert verdict.error == "success: no number; overediting: declined"


def test_numbers_that_follow_from_the_answers_stand_beside_them():
    answered = {name: [Answer(5.0, {}, 1)] for name in ("reasoning", "consistency", "plausibility")}
    verdict = verdict_of(load_rubric("rise"), item(), answered, 1)
    assert (verdict.score, verdict.values["accuracy"]) == (5.0, 1.0)
    assert "accuracy" not in verdict.replies


def test_an_item_that_is_asked_nothing_has_failed():
    verdict = verdict_of(load_rubric("kris"), item(), {}, 1)
    assert (verdict.status, verdict.score, verdict.error) == (
        "failed",
        None,
        "'kris' asks nothing of this item",
    )


def test_an_item_that_is_asked_nothing_that_makes_its_score_has_failed_and_keeps_its_other_numbers():
    rubric = replace(
        load_rubric("kris"), of=("knowledge",), derived=(Derived("truth", "mean_of_hundred", ("knowledge",)),)
    )
    answered = {name: [Answer(5.0, {}, 1)] for name in ("consistency", "instruction", "quality")}
    verdict = verdict_of(rubric, item(), answered, 1)
    assert (verdict.status, verdict.score, verdict.values) == ("failed", None, dict.fromkeys(answered, 5.0))
    assert verdict.error == "'kris' asks this item nothing that makes its score"
    known = verdict_of(rubric, item(rationale="r"), {**answered, "knowledge": [Answer(5.0, {}, 1)]}, 1)
    assert (known.status, known.score, known.values["truth"]) == ("ok", 100.0, 100.0)


def test_of_a_reply_without_end_the_beginning_is_kept():
    metric = load_rubric("single").metrics[0]
    answer = written_answer("The hat is red. " * LONGEST_REPLY, metric, 7)
    assert answer.value is None
    assert "longer than" in answer.error
    assert len(answer.reply["text"]) == KEPT_CHARACTERS + 1
    assert answer.reply["text"].startswith("The hat is red. The hat")


def test_a_reply_that_was_cut_is_recorded_and_not_read():
    metric = load_rubric("single").metrics[0]
    assert written_answer("7", metric, 7).value == 7.0
    answer = written_answer("7", metric, 7, is_cut=True)
    assert (answer.value, answer.reply) == (None, {"text": "7"})
