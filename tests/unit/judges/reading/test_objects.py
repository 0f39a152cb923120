import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.judges.reading.objects import MAX_TOKENS, ReplyObject, ReplyScalar, reply_objects


def plain(value):
    if isinstance(value, ReplyObject):
        return {key: plain(inner) for key, inner in value.pairs}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.text


def objects(text):
    return [plain(ReplyObject(pairs)) for pairs in reply_objects(text)[0]]


KEYS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
VALUES = st.recursive(
    st.text(max_size=20), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), st.sampled_from([None, 2]))
def test_what_json_writes_is_read_back(value, indent):
    text = json.dumps(value, indent=indent)
    assert objects(f"Here: {text}\nDone.") == [value]
    assert reply_objects(f"Here: {text}\nDone.")[1] == "Here: \n\nDone."


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("{'score': 5,}", {"score": "5"}),
        ("{score: 6}", {"score": "6"}),
        ("{'reason': 'it's red', 'score': 7}", {"reason": "it's red", "score": "7"}),
        ('{"reason": "says "Score: 10" now", "score": 4}', {"reason": 'says "Score: 10" now', "score": "4"}),
        ('{"reason": "the {red} hat", "score": 4}', {"reason": "the {red} hat", "score": "4"}),
        ('{"reason": "line\nline"}', {"reason": "line\nline"}),
    ],
)
def test_what_is_nearly_json_is_read(text, pairs):
    assert objects(text) == [pairs]


def test_a_repeated_key_is_given_twice_and_a_text_is_told_from_a_number():
    (pairs,), _ = reply_objects('{"score": 3, "score": "4"}')
    assert pairs == [("score", ReplyScalar("3", False)), ("score", ReplyScalar("4", True))]


@pytest.mark.parametrize(
    "text", ['{"reason": "cut', '{"score": 7', '{"score": 1:30}', '{"a": [1, 2', '{"a": {"b": 7}']
)
def test_a_broken_object_leaves_nothing_behind(text):
    assert reply_objects(f"Before {text}") == ([], "Before \n")


@pytest.mark.parametrize("text", ["the {red} hat", "{}", "\\frac{1}{2}", "{{7}}"])
def test_braces_of_another_meaning_stay(text):
    assert reply_objects(text) == ([], text)


def test_objects_without_end_are_refused():
    with pytest.raises(ValueError, match="parts"):
        reply_objects("{a:1}" * MAX_TOKENS)
    assert objects('{"a":' * 1000 + "1" + "}" * 1000) == []
