import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from snakedit import intervals
from snakedit.intervals import Scored, interval


def scored(values, clusters=None):
    return [Scored(float(v), i if clusters is None else clusters[i]) for i, v in enumerate(values)]


@pytest.mark.parametrize("groups", [[], [[]], [scored([5.0])], [scored([1.0, 2.0, 3.0], ["a"] * 3)]])
def test_fewer_than_two_clusters_have_no_interval(groups):
    assert interval(groups) is None


def test_equal_scores_have_an_interval_without_width():
    assert interval([scored([4.0] * 30)]) == (4.0, 4.0)


@pytest.mark.parametrize("count", [25, 200])
def test_it_agrees_with_scipys_bca_where_no_two_items_share_a_cluster(count):
    values = np.random.default_rng(1).exponential(2.0, count)
    ours = interval([scored(values)])
    theirs = bootstrap((values,), np.mean, method="BCa", n_resamples=20_000, rng=2).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.12 * (theirs.high - theirs.low))


def test_many_clusters_have_the_normal_interval_which_the_bootstrap_agrees_with(monkeypatch):
    drawn = np.random.default_rng(3)
    values, clusters = drawn.normal(5, 2, 3000), drawn.integers(0, 2500, 3000).tolist()
    normal = interval([scored(values, clusters)])
    monkeypatch.setattr(intervals, "LARGE", 10**9)
    assert interval([scored(values, clusters)]) == pytest.approx(normal, abs=0.015)


def test_items_that_share_an_image_make_the_interval_wider():
    values = np.repeat(np.random.default_rng(4).normal(5, 2, 30), 10)
    apart = interval([scored(values)])
    together = interval([scored(values, np.repeat(np.arange(30), 10).tolist())])
    assert together[1] - together[0] > 2.5 * (apart[1] - apart[0])


def test_a_macro_total_weighs_its_groups_alike():
    large, small = scored(np.full(300, 2.0)), [Scored(v, f"s{i}") for i, v in enumerate([7.0, 9.0] * 20)]
    low, high = interval([large, small])
    assert low < 5.0 < high
    assert low > 4.5
    assert high < 5.5


@given(st.lists(st.floats(0, 10), min_size=2, max_size=60))
def test_the_interval_is_ordered_lies_on_the_scale_and_repeats(values):
    low, high = interval([scored(values)])
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert interval([scored(values)]) == (low, high)


@pytest.mark.parametrize("distribution", ["normal", "skewed", "clustered"])
def test_95_percent_intervals_hold_the_true_mean_in_93_to_97_percent_of_samples(distribution):
    drawn = np.random.default_rng(5)
    held, samples = 0, 1000
    for number in range(samples):
        if distribution == "clustered":
            values = np.repeat(drawn.normal(5, 1, 60), 3) + drawn.normal(0, 1, 180)
            found = interval([scored(values, np.repeat(np.arange(60), 3).tolist())], seed=number)
            truth = 5.0
        else:
            skewed = distribution == "skewed"
            values = drawn.gamma(4.0, 1.25, 80) if skewed else drawn.normal(5, 2, 80)
            found = interval([scored(values)], seed=number)
            truth = 5.0
        held += found[0] <= truth <= found[1]
    assert 0.93 <= held / samples <= 0.97
