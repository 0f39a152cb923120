"""The bench of hostile inputs: that it finds the worst of each kind."""

from tools.bench.hostile import measure_answers, measure_replies


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
