"""Packed numbers, unpacked as the page's scripts do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_by_hand import unpacked

from snakedit.report.gallery.packed_numbers import packed


@given(
    st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30),
    st.lists(st.none() | st.floats(0, 10), max_size=9),
)
def test_packed_columns_keep_what_is_missing_and_numbers_to_their_decimals(first, second):
    columns = packed(np.array(values, dtype=np.float64) for values in (first, second))
    step = 10.0 ** -columns["decimals"]
    for values, found in zip((first, second), unpacked(columns), strict=True):
        assert [value is None for value in values] == [value is None for value in found]
        for value, kept in zip(values, found, strict=True):
            assert value is None or abs(value - kept) <= step / 2 * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize(("high", "decimals"), [(1.0, 4), (5.0, 4), (10.0, 3), (100.0, 2)])
def test_scores_on_the_usual_scales_keep_more_decimals_than_are_shown(high, decimals):
    assert packed([np.array([0.0, high])])["decimals"] == decimals
