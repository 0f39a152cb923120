import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.sources.rows import (
    MAX_DEPTH,
    MAX_EXTRA_CHARACTERS,
    extra_of,
    label_of,
    row_digest,
    seed_of,
    tags_of,
    text_of,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4))
def test_equal_rows_have_one_digest_whatever_the_order_of_their_keys(row):
    reordered = json.loads(json.dumps(dict(reversed(row.items()))))
    assert row_digest(row) == row_digest(reordered)
    assert row_digest({**row, "one more": 1}) != row_digest(row)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"a": nested(MAX_DEPTH - 2)}, None),
        ({"a": nested(MAX_DEPTH)}, f"nested more than {MAX_DEPTH} levels deep"),
        ([1], "not an object but of type list"),
        ({"a": "\ud800"}, "holds half of a surrogate pair"),
    ],
)
def test_a_row_that_no_format_can_use_is_named(row, error):
    digest, problem = row_digest(row)
    assert (len(digest), problem) == (64, error)


def test_text_is_the_first_field_that_has_some():
    row = {"a": "  ", "b": 5, "c": " x ", "d": "y"}
    assert (text_of(row, "a", "b", "c", "d"), text_of(row, "a", "b", "missing")) == ("x", None)


@pytest.mark.parametrize(
    ("value", "label"),
    [("物 ", "物"), (7, "7"), (2.5, "2.5"), (" ", None), (None, None), ([1], None), ("\ud800", "?")],
)
def test_a_label_is_text_or_a_number_as_text_in_utf_8(value, label):
    assert label_of({"key": value}, "key") == label


@pytest.mark.parametrize(
    ("value", "tags"),
    [(["x", " y ", "", 3], ["x", "y", "3"]), ("x, y,,", ["x", "y"]), (None, []), (5, []), ("", [])],
)
def test_tags_are_a_list_or_text_with_commas(value, tags):
    assert tags_of(value) == tags


@pytest.mark.parametrize(
    ("value", "seed"), [(None, None), ("", None), (0, 0), ("7", 7), ("5.0", 5), (5.0, 5), (2**64, 2**64)]
)
def test_a_seed_is_a_whole_number(value, seed):
    assert seed_of(value) == seed


@pytest.mark.parametrize("value", [-1, 1.5, "1.5", "soon", True, [1], float("nan"), float("inf")])
def test_no_other_value_is_a_seed(value):
    with pytest.raises(ValueError, match="is not a whole number of 0 or more"):
        seed_of(value)


def test_extra_fields_are_those_that_are_not_known_and_hold_no_image():
    row = {
        "known": 1,
        "year": 2024,
        "preview_b64": "aGk=",
        "thumbnail": "data:image/png;base64,aGk=",
        "long": "x" * MAX_EXTRA_CHARACTERS,
    }
    assert extra_of(row, {"known"}) == {"year": 2024}
