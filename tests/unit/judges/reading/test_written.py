import contextlib
import json
import re
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import TESTS
from replies_of_judges import REASONS, THOUGHTS, reasoned_replies, without_answer

from snakedit.judges.reading.written import (
    LONGEST_REPLY,
    RefusedReplyError,
    UnreadableReplyError,
    read_number,
    read_yes_no,
)


def corpus(name):
    return [json.loads(line) for line in (TESTS / "data" / name).read_text(encoding="utf-8").splitlines()]


CORPUS = corpus("judge_answers.jsonl")
OF_THE_FIELD = corpus("replies_of_the_field.jsonl")


def read(answer):
    is_cut = answer.get("finish_reason") == "length"
    if answer["scale"] == "yes_no":
        return read_yes_no(answer["reply"], answer["name"], is_cut)
    return read_number(answer["reply"], *answer["scale"], answer["name"], is_cut)


def outcome(answer):
    try:
        return read(answer)
    except RefusedReplyError:
        return "refused"
    except UnreadableReplyError:
        return "unparsed"


def test_the_corpus_is_large_and_has_every_outcome():
    outcomes = Counter(answer["read"] if isinstance(answer["read"], str) else "read" for answer in CORPUS)
    assert len({json.dumps(answer) for answer in CORPUS}) == len(CORPUS) >= 150
    assert min(outcomes[name] for name in ("read", "unparsed", "refused")) >= 10


@pytest.mark.parametrize("answer", CORPUS, ids=lambda answer: f"{answer['reply'][:30]!r}-{answer['scale']}")
def test_an_answer_of_the_corpus_is_read_as_a_person_would(answer):
    assert outcome(answer) == answer["read"]


@pytest.mark.parametrize(
    "answer",
    [answer for answer in CORPUS if isinstance(answer["read"], str)],
    ids=lambda answer: repr(answer["reply"][:30]),
)
def test_the_reason_why_nothing_was_read_is_one_short_line(answer):
    with pytest.raises(UnreadableReplyError) as caught:
        read(answer)
    assert 0 < len(str(caught.value)) < 150
    assert "\n" not in str(caught.value)


# Pieces of answers in every order find what plain random text does not.
PIECES = st.sampled_from(
    [
        *"0123456789 .,:/-{}[]\"'%*`\n<>()=~分是否",
        *(
            "10",
            "8.5",
            "score",
            "Score: ",
            "rating",
            "success",
            "/10",
            "out of 10",
            '{"score": ',
            "'score': ",
        ),
        *(
            "<think>",
            "</think>",
            "\\boxed{",
            "```json\n",
            "yes",
            "no",
            "I cannot rate",
            "评分",
            "：",
            "７",
            "²",
        ),
        *(
            "and",
            "or",
            "to",
            "would mean",
            "3 cats",
            "&a",
            "*a",
            "!!python/object:os.system",
            "\t",
            "\0",
            "1_0",
        ),
    ]
)
REPLIES = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


@given(REPLIES, st.sampled_from([(0, 10), (1, 5), (0, 25), (0, 100)]))
def test_no_number_is_returned_that_does_not_stand_in_the_text(reply, scale):
    try:
        number = read_number(reply, *scale, "success")
    except UnreadableReplyError:
        return
    half_width = reply.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})
    written = re.findall(r"[0-9]+(?:[.,][0-9]+)?", half_width)
    assert number in {float(text.replace(",", ".")) for text in written} or re.search("[一-十]", reply)
    assert scale[0] <= number <= scale[1]


@given(REPLIES)
def test_no_yes_or_no_is_returned_that_does_not_stand_in_the_text(reply):
    try:
        answer = read_yes_no(reply, "success")
    except UnreadableReplyError:
        return
    half_width = reply.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}).lower()
    assert any(word in half_width for word in (("yes", "是") if answer else ("no", "否", "不是")))


@given(st.integers(0, 10), st.integers(0, 10))
def test_two_labelled_answers_are_read_only_if_they_agree(one, other):
    answer = {"reply": f"Score: {one}\nScore: {other}", "scale": [0, 10], "name": "success"}
    assert outcome(answer) == (one if one == other else "unparsed")


@pytest.mark.parametrize("answer", OF_THE_FIELD, ids=lambda answer: answer["case"])
def test_a_reply_that_was_once_misread_is_read_rightly(answer):
    assert outcome(answer) in answer["right"]


COUNTS = Counter()


@settings(max_examples=1500, suppress_health_check=list(HealthCheck), deadline=None)
@given(reasoned_replies())
def check_reasoned_reply(case):
    reply, scale, name, value = case
    try:
        assert read_number(reply, *scale, name) == value
    except UnreadableReplyError:
        COUNTS["unparsed"] += 1
    COUNTS["all"] += 1


def test_no_number_of_a_reason_is_read_in_the_place_of_the_final_one():
    COUNTS.clear()
    check_reasoned_reply()
    assert COUNTS["unparsed"] <= 0.1 * COUNTS["all"]


@pytest.mark.parametrize("reason", [*REASONS, *THOUGHTS])
@pytest.mark.parametrize("end", ["", " The rest is kept.", "\nAll in all it is a solid seven."])
def test_a_reason_without_a_form_of_answer_behind_it_is_not_read(reason, end):
    for name in ("detail", "reasoning"):
        assert (
            outcome({"reply": without_answer(reason, name) + end, "scale": [0, 10], "name": name})
            == "unparsed"
        )


@given(reasoned_replies(), st.data())
def test_a_reply_that_was_cut_anywhere_is_read_as_its_own_answer_or_not_at_all(case, data):
    reply, scale, name, value = case
    cut = reply[: data.draw(st.integers(0, len(reply)))]
    try:
        assert read_number(cut, *scale, name, is_cut=True) == value
    except UnreadableReplyError:
        return
    assert cut.rstrip("`\n").endswith(("}", ">"))


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("<|begin_of_box|>7<|end_of_box|>", 7),
        ("The hat is red.<|begin_of_box|>7<|end_of_box|>", 7),
        ("<answer>7</answer>", 7),
        ("<think>Score: 3</think><answer>\n7\n</answer>", 7),
        ('{"score": {"value": 7}}', 7),
        ('{"score": {"value": 7, "max": 10}}', 7),
        ('{"score": 7, "max_score": 10}', 7),
        ('{"finalScore": 7, "consistency_score": 3}', 7),
        ('{"reasoning": "The sign says "Score: 10" now", "score": 4}', 4),
        ('{"answer": "The sign says 3", "score": 7}', 7),
        ("| Score | Reason |\n|---|---|\n| 7 | 3 hats are red |", 7),
        ("| Metric | Score |\n|:-:|---|\n| success | **7** |", 7),
        ("4 (Good)", 4),
        ("**Score:** 4 (Good)\nThe hat is red.", 4),
        ("七分", 7),
        ("评分：七", 7),
        ("十分", 10),
        ("七点五分", 7.5),
        ("8,5", 8.5),
        ("Score: 7,5/10", 7.5),
        ("综合来看，我给8分。", 8),
        ("7<|im_end|>", 7),
        ("7</s>", 7),
        ("<|channel|>analysis<|message|>Score: 3<|end|><|channel|>final<|message|>7", 7),
        ("<REASONING>Score: 3</REASONING><CONCLUSION>7</CONCLUSION>", 7),
        ("Score: 7. The edit changed 3 of the 4 hats.", 7),
        ("Consistency: 3\nQuality: 8\nScore: 5", 5),
        ("0: nothing\n5: half\n10: all\n\n5", 5),
        ("Score: 7 ✅", 7),
        ("⭐ **Final score: 7/10**", 7),
        ("Score 0-10: 7", 7),
        ("Score: 7 (on a scale of 0 to 10)", 7),
        ("Final answer: The score is 7.", 7),
        ("Based on the above analysis, I would rate this edit a **7**.", 7),
        ("The edit follows the instruction, so I'd rate it 7.", 7),
        ("To summarize, the final score is 7.", 7),
        ("**Success:** 7/10 – as asked.\n**Quality:** 6/10 – 2 artifacts.", 7),
        ("| Criterion | Score |\n|---|---|\n| Instruction | 8 |\n| Quality | 6 |\n| **Overall** | 7 |", 7),
        ('{"overall": 7, "quality": 3}', 7),
        ('{"success": {"score": 7, "reason": "as asked"}, "quality": {"score": 3}}', 7),
        ('{"evaluation": {"score": 7, "max_score": 10}}', 7),
        ('{"source": {"score": 3}, "edit": {"score": 7}}', 7),
        ("8分。图片编辑完全符合指令。", 8),
        ("我会给8分。", 8),
        ("因此，我给出8分（满分10分）。", 8),
        ("综上所述，我给这张编辑后的图片打8分。", 8),
        ("综上所述，最终评分为：**8**分", 8),
        ("Score: 8\nThe people wait at the stop, trees etc. The hat has 2 feathers.", 8),
        ("评分：8\n背景、人物等等都保留了，增加了2只鸟。", 8),
        ("Score (1-5): 4", "unparsed"),
        ("**Rating (out of 5):** 4", "unparsed"),
        ("Score (0-100): 8", "unparsed"),
        ("On a scale of 1 to 5, I rate this 4.", "unparsed"),
        ("4 on a scale of 1 to 5", "unparsed"),
        ('{"score": 4, "max_score": 5}', "unparsed"),
        ('{"score": {"value": 4, "out_of": 5}}', "unparsed"),
        ('{"score": 4, "scale": "1-5"}', "unparsed"),
        ('{"quality": {"score": 3}, "hat": {"score": 7}}', "unparsed"),
        ('{"source": {"score": 3}}', "unparsed"),
        ("Score: 5\nWait, the hat is missing. So 3.", "unparsed"),
        ("Score: 5\n\nHmm, let me reconsider. The final is 3.", "unparsed"),
        ("评分：8\n重新评估后，我认为是6。", "unparsed"),
        ("如果背景自然，我给8分", "unparsed"),
        ("If the sky were kept, so I'd rate it 7.", "unparsed"),
        ("The board shows a tie, so the score is 3.", "unparsed"),
        ("After the edit, the score is 3.", "unparsed"),
        ("Based on the board in the picture, the score is 3.", "unparsed"),
        ("Given the minor flaws in the hat, my final score is 7.", 7),
        ("得分（满分10分）：7", 7),
        ("评分（1-5分）：4", "unparsed"),
        ("Score: 7. No wait, score: 8", "unparsed"),
        ("5\nActually, 6.", "unparsed"),
        ("Score: 5. Or rather 6.", "unparsed"),
        ("I rate it 6.\n5", "unparsed"),
        ("Score: 7\n6", "unparsed"),
        ('{"score": 7}\n6', "unparsed"),
        ("Score: - 1", "unparsed"),
        ('{"score": - 1}', "unparsed"),
        ("The edit is bad. -1", "unparsed"),
        ("He wears shirt No. 5", "unparsed"),
        ("How many hats are there? 3.", "unparsed"),
        ('The cake says "Happy. 9"', "unparsed"),
        ('The sign says:\n"10"', "unparsed"),
        ("<planning>7", "unparsed"),
        ('{"consistency_score": 3, "quality_score": 5}', "unparsed"),
        ('{"score": 7, "reason": "the hat', "unparsed"),
    ],
)
def test_further_forms_of_an_answer(reply, right):
    assert outcome({"reply": reply, "scale": [0, 10], "name": "success"}) == right


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ('{"answer": true}', 1),
        ('{"answer": false, "reasoning": "yes"}', 0),
        ("Yes. The shadow is right.\nAnswer: yes", 1),
        ("Yes. The hat floats, though.\nAnswer: no", "unparsed"),
        ("No. 5 is gone.\nAnswer: yes", 1),
        ("Is the hat red? Yes. Is the sky kept? No.", "unparsed"),
        ('The sign now says "No."\nYes', 1),
        ("✅ Yes", 1),
        ("Based on the images, the final answer is **Yes**.", 1),
        ("1. Yes\n2. No", "unparsed"),
        ("1. Yes\n2. Yes", 1),
        ("Yes.\nWait, the hat is gone. No.", "unparsed"),
    ],
)
def test_further_forms_of_yes_and_no(reply, right):
    assert outcome({"reply": reply, "scale": "yes_no", "name": "reasoning"}) == right


@pytest.mark.parametrize(
    ("reply", "is_read"),
    [
        ('{"score": 7}', True),
        ('The hat is red.\n```json\n{"score": 7}\n```', True),
        ("<answer>7</answer>", True),
        ("\\boxed{7}", True),
        ("7", False),
        ("Score: 7", False),
        ("Score: 7\nThe hat is", False),
        ('{"score": 7} and the rest', False),
        ("<think>Score: 7", False),
    ],
)
def test_a_cut_reply_is_read_only_if_it_ended_with_a_whole_form(reply, is_read):
    assert read_number("7", 0, 10) == 7
    if is_read:
        assert read_number(reply, 0, 10, is_cut=True) == 7
    else:
        with pytest.raises(UnreadableReplyError, match="cut off"):
            read_number(reply, 0, 10, is_cut=True)


@pytest.mark.parametrize(
    "reply", ["12", "-1", "Score: -1", "Score: 11", "The edit is good. 12", '{"score": 12}']
)
def test_a_number_off_the_scale_is_called_so(reply):
    with pytest.raises(UnreadableReplyError, match="is off the scale from 0 to 10"):
        read_number(reply, 0, 10)


def test_no_number_is_said_only_where_there_is_none():
    with pytest.raises(UnreadableReplyError, match=r"^no number in the reply"):
        read_number("The hat is red.", 0, 10)
    with pytest.raises(UnreadableReplyError, match=r"^no number that is an answer"):
        read_number("There are 3 hats.", 0, 10)


def test_what_is_longer_than_a_reply_can_be_is_not_read():
    with pytest.raises(UnreadableReplyError, match=f"longer than {LONGEST_REPLY} characters"):
        read_number("x" * LONGEST_REPLY + "\nScore: 7", 0, 10)
    assert read_number("x " * (LONGEST_REPLY // 2 - 10) + "\nScore: 7", 0, 10) == 7


HOSTILE = [
    *("<think>", "<a", "<a>", "</a>", "<a b=", "[THINK]", "<|", "<|x", "◁", "<think>Score: 3</think>"),
    *("{", "{a:1}", '{"a":', "{'", '{"a"', '{"score":7}\n', "{[", "[", '"', '"a"', "'", '"a":', "\\", '\\"'),
    *(
        "score: ",
        "score:\n",
        "score (",
        "score (0-10",
        "I rate it ",
        "my final ",
        "on a scale ",
        "to say it again ",
    ),
    *(
        "a\n",
        "7\n",
        "\n",
        " ",
        "  \n ",
        "\u3000",
        "7 ",
        "1.",
        "1, ",
        "- ",
        "...",
        "? ",
        "。",
        "Actually ",
        "No. ",
    ),
    *("yes\n", "是", "七", "给", "我", "，", "“", "*", "`", "```\n", "\\boxed{7}", "|a|\n", "| 7 | 8 |\n"),
    *("I can't ", "sorry ", "had ", "x"),
]


def seconds(reply):
    began = time.process_time()
    for read_it in (lambda: read_number(reply, 0, 10, "success"), lambda: read_yes_no(reply, "success")):
        with contextlib.suppress(UnreadableReplyError):
            read_it()
    return time.process_time() - began


@pytest.mark.parametrize(
    "frame", ["{}", "Score: 7\n{}\nend", '{{"score": 7, "reason": "{}"}}', "<think>{}</think>7"]
)
def test_the_time_that_a_reply_takes_grows_with_its_length_and_not_with_its_square(frame):
    """A quadratic reading takes 256 times as long for 16 times the length; the bound leaves room."""
    for piece in HOSTILE:
        small, large = (frame.format(piece * (size // len(piece))) for size in (7_000, 112_000))
        base = max(min(seconds(small) for _ in range(3)), 0.0005)
        assert min(seconds(large) for _ in range(3)) < 100 * base, piece
