"""The bench of hostile inputs: that it finds the worst of each kind."""

import pytest

from tools.bench.hostile import measure_answers, measure_replies
from tools.bench.hostile_pictures import PICTURES, REFUSED, picture_peak_mb


@pytest.mark.slow
def test_the_answer_that_takes_the_most_memory_is_named():
    (name, peak, explanation) = measure_answers(
        {"small": lambda: [b"{}"], "large": lambda: [b'"' + bytes(3_000_000)] * 40}
    )
    assert name == "hostile_answer_mb"
    assert peak > 10
    assert "of 4 answers" in explanation


def test_replies_that_cannot_be_read_are_timed_like_others():
    name, seconds, explanation = measure_replies({"read": "7", "not read": "a" * 50_000})
    assert name == "hostile_reply_s"
    assert seconds > 0
    assert "of 2 replies: " in explanation


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_kilobytes_takes_little_memory_whether_it_is_read_or_refused(tmp_path, name):
    data = PICTURES[name]()
    assert len(data) < 2_000_000
    peak, error = picture_peak_mb(data, tmp_path)
    assert peak < 400
    assert ("too much memory" in error) == (name in REFUSED)
    assert name in REFUSED or error == ""
