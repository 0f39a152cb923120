"""A server's key, taken out of texts however it is spelled."""

import json

import pytest

from snakedit.runtime.servers.keys import Cleaner

KEY = 'sk/odd"\\key+0123'
SPELLED = json.dumps(KEY)[1:-1]


@pytest.mark.parametrize("spelled", [SPELLED, SPELLED.replace("/", "\\/"), SPELLED.replace("k", "\\u006b")])
def test_json_has_the_key_in_no_spelling(spelled):
    text = f'{{"a{spelled}": ["{spelled} and \\ud83d"]}}'
    assert Cleaner(KEY).parsed(text) == {"a[key]": ["[key] and ?"]}
    assert KEY not in Cleaner(KEY).excerpt(text, 80)
    assert "0123" not in Cleaner(KEY).excerpt(text, 80)


def test_an_excerpt_ends_in_no_half_of_the_key():
    for length in range(1, 40):
        excerpt = Cleaner(KEY).excerpt(f"it is {KEY}, I think", length)
        assert len(excerpt) <= length
        assert "sk/" not in excerpt


def test_a_short_key_is_no_secret():
    assert Cleaner("7").parsed('{"score": "7"}') == {"score": "7"}
    assert Cleaner("7").excerpt("7", 9) == "7"


@pytest.mark.parametrize("text", ['{"a": "sk-plain-0123, é"}', '{"a": "sk-plain-0123,\\u0020é"}'])
def test_a_plain_key_is_in_no_answer_with_or_without_a_backslash(text):
    assert Cleaner("sk-plain-0123").parsed(text) == {"a": "[key], é"}
    assert Cleaner("").parsed(text) == {"a": "sk-plain-0123, é"}
