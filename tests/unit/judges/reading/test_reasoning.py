import pytest

from snakedit.judges.reading.reasoning import CLOSED, MAX_TAGS, without_reasoning


def outside(text):
    kept = without_reasoning(text, lambda name: name == "answer")
    return kept if kept is None else kept.strip()


@pytest.mark.parametrize(
    "text",
    [
        "<think>3</think>7",
        "<THOUGHT depth='2'>3</THOUGHT>7",
        "<seed:think>3<b>4</b></seed:think>7",
        "<|begin_of_thought|>3<|end_of_thought|>7",
        "<|START_THINKING|>3<|END_THINKING|>7",
        "<|channel>thought\n3<channel|>7",
        "[THINK]3[/THINK]7",
        "◁think▷3◁/think▷7",
        "<思考>3</思考>7",
        "3</think>7",
        "3<|end_of_thought|>7",
        "<think>3</thinking>7",
        "<think>I write <think> first.</think>7",
        "<a1>1</a1><b2>2</b2><think>3</think>7",
        "<|channel|>analysis<|message|>3<|end|><|start|>assistant<|channel|>final<|message|>7",
        "7<|im_end|>",
        "<b>7</b>",
    ],
)
def test_a_pair_of_tags_is_taken_off_by_its_shape(text):
    assert outside(text) == "7"


@pytest.mark.parametrize(
    "text",
    [
        "<think>7",
        "so <think>7",
        "<mm:think>\n7",
        "<plan>7",
        "<think>3</think><think>7",
        "<|channel|>analysis 7",
    ],
)
def test_a_reply_that_ended_within_its_reasoning_has_nothing_outside(text):
    assert outside(text) is None


@pytest.mark.parametrize("text", ["The sign says <Sale> now. 7", "[sic] 7", "2 < 3 > 1", "[7]", "[yes]"])
def test_what_only_looks_like_a_tag_is_kept(text):
    assert outside(text) == text


def test_what_an_answers_tag_holds_is_marked():
    assert outside("So: <answer>7</answer>").splitlines() == ["So: ", f"{CLOSED}7"]


def test_more_tags_than_a_reply_has_are_refused():
    with pytest.raises(ValueError, match="tags"):
        outside("<a>" * (MAX_TAGS + 1))
