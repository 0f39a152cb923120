"""Chat templates that open a thinking block."""

import pytest

from snakedit.core.errors import ConfigError
from snakedit.judges.thinking import as_word, check_thinking, closing_tag, template_options, without_thinking

BEFORE = "<|im_start|>user\nHow good?<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("opened", "closing"),
    [
        ("<think>\n", "</think>"),
        ("<think>", "</think>"),
        ("<thought>\n", "</thought>"),
        ("<seed:think>", "</seed:think>"),
        ("<mm:think>\n\n", "</mm:think>"),
        ("<|begin_of_thought|>\n", "<|end_of_thought|>"),
        ("<reasoning>\n", "</reasoning>"),
        ("", ""),
        ("<think>\n\n</think>\n\n", ""),
        ("<answer>", ""),
        ("<|end_header_id|>\n\n", ""),
        ("<think> first\n", ""),
    ],
)
def test_a_block_that_a_prompt_opens_is_closed_by_its_own_tag(opened, closing):
    prompt = BEFORE + opened
    assert closing_tag(prompt) == closing
    closed = without_thinking(prompt)
    assert closed == (f"{prompt.rstrip()}\n\n{closing}\n\n" if closing else prompt)
    assert closing_tag(closed) == ""


@pytest.mark.parametrize(
    ("value", "word"), [(True, "on"), (False, "off"), ("on", "on"), (None, None), (1, 1), ([], [])]
)
def test_yaml_reads_on_and_off_as_true_and_false(value, word):
    assert as_word(value) == word


def test_a_template_is_told_only_what_was_set():
    assert template_options(None) == {}
    assert template_options("on") == {"enable_thinking": True}
    assert template_options("off") == {"enable_thinking": False}


@pytest.mark.parametrize("reading", ["expected", "generate"])
def test_a_model_that_thinks_needs_to_be_told_whether_to(reading):
    with pytest.raises(ConfigError, match=r"m: its chat template opens .* set `thinking: off`"):
        check_thinking(BEFORE + "<think>\n", None, reading, "m")
    check_thinking(BEFORE, None, reading, "m")
    check_thinking(BEFORE + "<think>\n", "off", reading, "m")


def test_thoughts_are_read_by_generate_alone():
    with pytest.raises(ConfigError, match=r"allowed: `reading: generate`, or `thinking: off`"):
        check_thinking(BEFORE + "<think>\n", "on", "expected", "m")
    check_thinking(BEFORE + "<think>\n", "on", "generate", "m")
