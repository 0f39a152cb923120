import math

import pytest
from endpoint_by_hand import chat
from hypothesis import given
from hypothesis import strategies as st

from snakedit.judges.reading.token_probabilities import (
    ambiguous_digits,
    expected_from_tokens,
    expected_yes_from_tokens,
    token_positions,
)

STOP = {"<|im_end|>": 1.0}


@pytest.mark.parametrize(
    ("positions", "followers", "scale", "expected", "mass"),
    [
        # One token for 10, as tokenizers that keep numbers together write it.
        ([{"10": 0.5, "9": 0.3, "1": 0.2}], {}, (0, 10), (5 + 2.7 + 0.2), 1.0),
        ([{"7": 0.6, "12": 0.2, "The": 0.2}], {}, (0, 10), 7.0, 0.6),
        ([{"7": 0.6, "12": 0.2, "The": 0.2}], {}, (0, 25), (4.2 + 2.4) / 0.8, 0.8),
        # Two tokens: what follows the 1 that was chosen says how much of it is 10.
        ([{"1": 0.8, "9": 0.2}, {"0": 0.75, "<|im_end|>": 0.25}], {}, (0, 10), 6.0 + 0.2 + 1.8, 1.0),
        ([{"1": 1.0}, {"7": 1.0}], {}, (0, 10), None, 0.0),
        ([{"1": 1.0}, STOP], {}, (0, 10), 1.0, 1.0),
        ([{"2": 1.0}, {"5": 0.5, "6": 0.5}], {}, (0, 25), 25.0, 0.5),
        # A 1 that was not chosen might begin a 10, and nobody knows how often: off the scale.
        ([{"9": 0.6, "1": 0.4}, STOP], {}, (0, 10), 9.0, 0.6),
        ([{"9": 0.6, "1": 0.4}, STOP], {1: {"0": 1.0}}, (0, 10), 5.4 + 4.0, 1.0),
        ([{"9": 0.6, "1": 0.4}, STOP], {1: {"0": 0.5, ".": 0.5}}, (0, 10), 5.4 + 2.0 + 0.2, 1.0),
        # It was chosen, and the server does not tell what came after it.
        ([{"1": 0.9, "2": 0.1}], {}, (0, 10), 2.0, 0.1),
        # Where no number of two digits is on the scale there is nothing to split.
        ([{"1": 0.9, "5": 0.1}], {}, (1, 5), 0.9 + 0.5, 1.0),
        ([{"4": 1.0}, {"5": 1.0}], {}, (1, 5), 4.0, 1.0),
        # Blanks around a number are no other number; signs, fractions and words are none.
        ([{" 4": 0.5, "2\n": 0.25, "-3": 0.1, "3.5": 0.1, "three": 0.05}], {}, (1, 5), 2.5 / 0.75, 0.75),
        ([{"07": 0.5, "１": 0.3, "\n": 0.2}], {}, (0, 10), None, 0.0),
        # " 0" begins another number than the one before it.
        ([{"1": 1.0}, {" 0": 1.0}], {}, (0, 10), 1.0, 1.0),
    ],
)
def test_the_mean_is_weighted_by_what_the_server_told(positions, followers, scale, expected, mass):
    value, share = expected_from_tokens(positions, followers, *scale)
    assert share == pytest.approx(mass)
    assert value == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("positions", "scale", "digits"),
    [
        ([{"9": 0.6, "1": 0.4}, STOP], (0, 10), [1]),
        ([{"1": 0.6, "9": 0.4}, STOP], (0, 10), []),
        ([{"1": 0.6, "9": 0.4}], (0, 10), [1]),
        ([{"1": 0.6, "2": 0.4}, STOP], (0, 25), [2]),
        ([{"9": 0.6, "1": 0.3, "10": 0.1}, STOP], (0, 10), []),
        ([{"4": 0.6, "1": 0.4}, STOP], (1, 5), []),
        ([{"9": 1.0}, STOP], (0, 10), []),
    ],
)
def test_a_digit_is_ambiguous_where_it_might_begin_a_number_and_nobody_told(positions, scale, digits):
    assert ambiguous_digits(positions, *scale) == digits


TOKENS = st.dictionaries(
    st.sampled_from([*map(str, range(13)), " 1", "1\n", "25", "The", "", "０", "-1"]),
    st.floats(0, 1),
    min_size=1,
    max_size=8,
)


def normalised(tokens):
    return {token: share / max(1.0, sum(tokens.values())) for token, share in tokens.items()}


@given(st.lists(TOKENS, min_size=1, max_size=3), st.dictionaries(st.just(1), TOKENS))
def test_the_mean_lies_on_the_scale_and_the_mass_between_0_and_1(positions, followers):
    positions = [normalised(tokens) for tokens in positions]
    followers = {digit: normalised(tokens) for digit, tokens in followers.items()}
    value, mass = expected_from_tokens(positions, followers, 0, 10)
    assert 0 <= mass <= 1 + 1e-9
    assert value is None or 0 <= value <= 10


def test_yes_is_weighed_against_no_in_every_spelling():
    value, mass = expected_yes_from_tokens({"Yes": 0.5, " yes": 0.1, "NO": 0.2, "Maybe": 0.2})
    assert (value, mass) == (pytest.approx(0.75), pytest.approx(0.8))
    assert expected_yes_from_tokens({"The": 1.0}) == (None, 0.0)


def test_positions_are_read_from_a_choice_the_chosen_token_first():
    choice = chat("1", [{"9": 0.2, "1": 0.7}, {"0": 1.0}]).body["choices"][0]
    first, second = token_positions(choice)
    assert list(first) == ["9", "1"]
    assert first == {"9": pytest.approx(0.2), "1": pytest.approx(0.7)}
    assert second == {"0": 1.0}


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        [],
        "none",
        {"content": None},
        {"content": []},
        {"content": [None]},
        {"content": [{"token": "7"}]},
        {"content": [{"token": "7", "logprob": None, "top_logprobs": None}]},
        {"content": [{"token": "7", "logprob": math.nan}]},
        {"content": [{"token": "7", "logprob": 3.0}]},
    ],
)
def test_what_is_no_probability_is_not_read(logprobs):
    assert token_positions({"logprobs": logprobs}) == []


def test_an_impossible_token_weighs_nothing():
    entry = {"token": "7", "logprob": 0.0, "top_logprobs": [{"token": "8", "logprob": -math.inf}]}
    assert token_positions({"logprobs": {"content": [entry]}}) == [{"7": 1.0, "8": 0.0}]
