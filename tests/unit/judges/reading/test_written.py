import json
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import TESTS

from snakedit.judges.reading.written import RefusedReplyError, UnreadableReplyError, read_number, read_yes_no

CORPUS = [
    json.loads(line)
    for line in (TESTS / "data" / "judge_answers.jsonl").read_text(encoding="utf-8").splitlines()
]


def read(answer):
    if answer["scale"] == "yes_no":
        return read_yes_no(answer["reply"], answer["name"])
    return read_number(answer["reply"], *answer["scale"], answer["name"])


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
    assert number in {float(text) for text in re.findall(r"[0-9]+(?:\.[0-9]+)?", half_width)}
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


@pytest.mark.parametrize(
    "reply",
    [
        "<think>" * 3000,
        "{" * 9000,
        "score: " * 4000,
        " " * 20000 + "7" + " " * 20000 + "x",
        "{[" + "[" * 9000,
    ],
    ids=["tags", "braces", "labels", "blanks", "brackets"],
)
@pytest.mark.timeout(20)
def test_an_endless_reply_neither_hangs_nor_breaks_the_parser(reply):
    with pytest.raises(UnreadableReplyError):
        read_number(reply, 0, 10)
