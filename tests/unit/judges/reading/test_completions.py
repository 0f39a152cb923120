"""What a chat completion says, in the shapes of many servers."""

import re

import pytest

from snakedit.judges.reading.completions import has_ended, refusal_in, reply_text, was_cut


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (" 7\n", "7"),
        (["4 ", {"type": "text", "text": "(Good)"}], "4 (Good)"),
        ([{"type": "output_text", "text": "7"}, {"type": "reasoning", "text": "3"}], "7"),
        ([{"type": "thinking", "thinking": "3"}, {"text": {"value": "7"}}], "7"),
        ([{"type": "text"}, {"type": "image_url"}, None, 3], ""),
        (None, ""),
        (7, ""),
        ({"type": "text", "text": "7"}, "7"),
    ],
)
def test_text_is_put_together_without_the_reasoning(content, text):
    assert reply_text({"message": {"content": content}}) == text


@pytest.mark.parametrize("choice", [{}, {"message": None}, {"message": [1]}, {"message": {}}])
def test_a_choice_without_a_message_has_no_text(choice):
    assert reply_text(choice) == ""


@pytest.mark.parametrize(
    ("reason", "ended", "cut"),
    [
        ("stop", True, False),
        ("STOP", True, False),
        ("end_turn", True, False),
        ("length", False, True),
        ("MAX_TOKENS", False, True),
        ("model_length", False, True),
        ("content_filter", False, False),
        (None, False, False),
        (7, False, False),
    ],
)
def test_how_an_answer_ended(reason, ended, cut):
    assert (has_ended({"finish_reason": reason}), was_cut({"finish_reason": reason})) == (ended, cut)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"choices": [{"message": {"refusal": "No."}}]}, "No."),
        ({"choices": [{"message": {"content": [{"type": "refusal", "refusal": "No."}]}}]}, "No."),
        ({"choices": [{"message": {}, "finish_reason": "content_filter"}]}, "content filter"),
        ({"choices": [{"message": {}, "native_finish_reason": "SAFETY"}]}, "content filter"),
        ({"choices": [], "promptFeedback": {"blockReason": "OTHER"}}, r"blocked \(OTHER\)"),
        ({"choices": None, "prompt_filter_results": [{"r": {"hate": {"filtered": True}}}]}, "filtered"),
    ],
)
def test_a_refusal_is_found_wherever_it_stands(answer, said):
    assert re.search(said, refusal_in(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"message": {"content": "7", "refusal": None}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": "7"}, "native_finish_reason": "SAFETY"}]},
        {"choices": [], "prompt_filter_results": [{"r": {"hate": {"filtered": False}}}]},
        {"choices": [], "promptFeedback": "none"},
        {"choices": [None]},
        {},
    ],
)
def test_what_is_no_refusal_is_none(answer):
    assert refusal_in(answer) is None
