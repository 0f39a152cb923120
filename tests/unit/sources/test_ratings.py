"""People's ratings in a row."""

from typing import Any

import pytest

from snakedit.core.errors import SourceError
from snakedit.sources.ratings import human_ratings


@pytest.mark.parametrize(
    ("raw", "ratings"),
    [
        ({}, None),
        ({"human": {"a": 3, "b": None}}, {"a": 3.0}),
        ({"human": '{"a": 4.5, "b": NaN}'}, {"a": 4.5}),
        ({"human_a": "2", "human_b": "", "other": 1}, {"a": 2.0}),
        ({"human": {"a": 1}, "human_b": 5}, {"a": 1.0, "b": 5.0}),
    ],
)
def test_ratings_come_from_an_object_or_from_keys_of_their_own(
    raw: dict[str, Any], ratings: dict[str, float] | None
):
    assert human_ratings(raw, "key") == ratings


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"human": [1, 2]}, r"the column 'human': \[1, 2\] is not a JSON object of numbers"),
        ({"human": "good"}, "the column 'human': 'good' is not a JSON object"),
        ({"human_a": "good"}, "the column 'human_a': 'good' is not a number"),
        ({"human": {"a": "1e999"}}, r"the column 'human\.a': '1e999' is not a number"),
    ],
)
def test_what_is_no_rating_is_named(raw: dict[str, Any], message: str):
    with pytest.raises(SourceError, match=message):
        human_ratings(raw, "column")
