import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.stats.summaries import Summary, groups_with_mean, if_missing, macro, micro, summarise

GROUP = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=20)


@pytest.mark.parametrize(
    ("values", "expected", "coverage"),
    [
        ([], Summary(0, 0, None), None),
        ([None, None], Summary(2, 0, None), 0.0),
        ([0.0, None], Summary(2, 1, 0.0), 0.5),
        ([4, 5, None, 9], Summary(4, 3, 6.0), 0.75),
        ([math.nan, 3.0], Summary(2, 1, 3.0), 0.5),
    ],
)
def test_a_missing_score_lowers_the_coverage_and_not_the_mean(values, expected, coverage):
    assert summarise(values) == expected
    assert summarise(values).coverage == coverage


def test_macro_weighs_categories_alike_and_micro_weighs_items_alike():
    small, large = [10.0], [1.0, 2.0, 3.0]
    assert macro([summarise(small), summarise(large)]) == Summary(4, 4, 6.0)
    assert micro([summarise(small), summarise(large)]) == Summary(4, 4, 4.0)


def test_a_category_without_a_score_is_in_no_mean_but_lowers_the_coverage():
    groups = [[4.0, 6.0], [None, None]]
    total = macro([summarise(group) for group in groups])
    assert total == Summary(n=4, scored=2, mean=5.0)
    assert total.coverage == 0.5
    assert groups_with_mean(summarise(group) for group in groups) == 1
    assert micro([summarise(group) for group in groups]) == total


def test_totals_of_nothing_have_no_mean():
    assert macro([]) == micro([]) == Summary(0, 0, None)


@given(st.lists(GROUP, max_size=6))
def test_both_totals_count_every_item_and_lie_between_the_extreme_scores(groups):
    scores = [value for group in groups for value in group if value is not None]
    summaries = [summarise(group) for group in groups]
    for total in (macro(summaries), micro(summaries)):
        assert total.n == sum(map(len, groups))
        assert total.scored == len(scores)
        if scores:
            assert min(scores) - 1e-6 <= total.mean <= max(scores) + 1e-6
        else:
            assert total.mean is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.integers(1, 5))
def test_macro_and_micro_agree_when_all_categories_are_as_large(values, copies):
    groups = [summarise([value + shift for value in values]) for shift in range(copies)]
    assert macro(groups).mean == pytest.approx(micro(groups).mean, abs=1e-6)


def test_missing_scores_at_the_ends_of_the_scale_bound_the_mean_over_all_items():
    group = summarise([4.0, 8.0, None, None])
    assert if_missing(group, 0.0) == Summary(4, 4, 3.0)
    assert if_missing(group, 10.0) == Summary(4, 4, 8.0)
    assert if_missing(summarise([None]), 10.0).mean == 10.0
    assert if_missing(summarise([]), 10.0).mean is None


@given(GROUP, st.floats(-1e6, 1e6))
def test_without_a_missing_score_nothing_put_in_its_place_changes_the_mean(values, filler):
    complete = summarise([value for value in values if value is not None])
    if complete.mean is None:
        assert if_missing(complete, filler).mean is None
    else:
        assert if_missing(complete, filler).mean == pytest.approx(complete.mean, abs=1e-6)
