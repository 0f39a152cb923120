import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.hashing import canonical
from snakedit.sources.rows import (
    MAX_DEPTH,
    MAX_EXTRA_CHARACTERS,
    extra_of,
    row_digest,
    seed_of,
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


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.integers()
        | st.builds(
            lambda part, end: part * 5_000 + end, st.text(min_size=1, max_size=2), st.text(max_size=2)
        )
        | st.builds(lambda end: "aGk=" * 2_000 + end, st.sampled_from(['"', "\\", "\n", "\x7f", "é", ""])),
        max_size=3,
    )
)
def test_the_digest_is_that_of_the_canonical_text_whatever_a_long_value_holds(row):
    expected = hashlib.sha256(canonical(row).encode("utf-8", "surrogatepass")).hexdigest()
    assert row_digest(row)[0] == expected


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
