import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from snakedit.stats import intervals
from snakedit.stats.intervals import interval
from snakedit.stats.proportions import wilson
from snakedit.stats.samples import ScoreSample


def scored(values, clusters=None, groups=None):
    values = np.array(values, dtype=float)
    return ScoreSample(
        values,
        np.zeros(values.size, np.int64) if groups is None else np.asarray(groups),
        np.arange(values.size) if clusters is None else np.asarray(clusters),
    )


@pytest.mark.parametrize(
    "sample",
    [
        scored([]),
        scored([5.0]),
        scored([5.0, np.nan]),
        scored([1.0, 2.0, 3.0], [7] * 3),
        scored([1.0, 2.0, 3.0, 4.0, np.nan]),
    ],
)
def test_fewer_than_five_clusters_have_no_interval(sample):
    assert interval(sample) is None


def test_a_total_has_no_interval_if_a_category_of_it_has_scores_of_one_cluster_only():
    values, groups = np.arange(31.0), np.array([0] * 30 + [1])
    assert interval(scored(values, groups=groups)) is None
    assert interval(scored(values, groups=groups).together()) is not None


def test_equal_scores_are_a_share_of_none_of_others_which_could_lie_at_either_end():
    others = wilson(0.0, 30)[1]
    assert interval(scored([5.0] * 30), (1.0, 5.0)) == pytest.approx((5 - 4 * others, 5.0))
    assert interval(scored([4.0] * 30), (1.0, 5.0)) == pytest.approx((4 - 3 * others, 4 + others))
    assert interval(scored([0.0] * 30), (0.0, 1.0)) == pytest.approx((0.0, others))


def test_equal_scores_on_an_unknown_scale_have_no_interval():
    assert interval(scored([4.0] * 30)) is None


def test_a_category_of_equal_scores_adds_its_doubt_to_a_macro_total():
    values = np.random.default_rng(0).normal(5, 1, 60)
    groups = np.repeat([0, 1], [60, 2])
    low, high = interval(scored([*values, 10.0, 10.0], groups=groups), (0.0, 10.0))
    middle = (values.mean() + 10) / 2
    assert low < middle - wilson(0.0, 2)[1] * 10 / 2
    assert middle < high < middle + 0.2


def test_yes_and_no_have_wilsons_interval_and_two_values_between_the_ends_one_at_least_as_wide():
    yes = scored([1.0] * 3 + [0.0] * 27)
    assert interval(yes, (0.0, 1.0)) == pytest.approx(wilson(0.1, 30))
    low, high = interval(scored([4.0] * 3 + [3.0] * 27), (1.0, 5.0))
    assert low <= 3 + wilson(0.1, 30)[0]
    assert high >= 3 + wilson(0.1, 30)[1]


@pytest.mark.parametrize("count", [30, 80, 400])
def test_the_printed_digits_do_not_depend_on_the_seed(count):
    values = np.random.default_rng(7).gamma(4.0, 0.5, count)
    ends = np.array([interval(scored(values), seed=seed) for seed in range(4)])
    assert np.ptp(ends, axis=0).max() < 0.01


def test_a_missing_score_is_as_if_the_item_were_not_there():
    values = np.random.default_rng(0).normal(5, 2, 40)
    holes = np.insert(values, [3, 20, 40], np.nan)
    assert interval(scored(holes)) == interval(scored(values))


@pytest.mark.parametrize("count", [25, 200])
def test_it_agrees_with_scipys_bca_where_no_two_items_share_a_cluster(count):
    values = np.random.default_rng(1).exponential(2.0, count)
    ours = interval(scored(values))
    theirs = bootstrap((values,), np.mean, method="BCa", n_resamples=20_000, rng=2).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.12 * (theirs.high - theirs.low))


def test_many_clusters_have_the_normal_interval_which_the_bootstrap_agrees_with(monkeypatch):
    drawn = np.random.default_rng(3)
    values, clusters = drawn.normal(5, 2, 3000), drawn.integers(0, 2500, 3000)
    normal = interval(scored(values, clusters))
    monkeypatch.setattr(intervals, "LARGE", 10**9)
    assert interval(scored(values, clusters), most_rounds=4) == pytest.approx(normal, abs=0.015)


def test_items_that_share_an_image_make_the_interval_wider():
    values = np.repeat(np.random.default_rng(4).normal(5, 2, 30), 10)
    apart = interval(scored(values))
    together = interval(scored(values, np.repeat(np.arange(30), 10)))
    assert together[1] - together[0] > 2.5 * (apart[1] - apart[0])


def test_a_macro_total_weighs_its_groups_alike():
    values = [2.0] * 300 + [7.0, 9.0] * 20
    low, high = interval(scored(values, groups=[0] * 300 + [1] * 40))
    assert low < 5.0 < high
    assert low > 4.5
    assert high < 5.5


@given(st.lists(st.floats(0, 10), min_size=5, max_size=60))
def test_the_interval_is_ordered_lies_on_the_scale_and_repeats(values):
    low, high = interval(scored(values), (0.0, 10.0), most_rounds=1)
    assert -1e-9 <= low < high <= 10 + 1e-9
    assert low - 1e-9 <= np.mean(values) <= high + 1e-9
    assert interval(scored(values), (0.0, 10.0), most_rounds=1) == (low, high)


def sample_of(distribution, drawn):
    """A sample whose true mean, or mean of means, is 5."""
    if distribution == "clustered":
        values = np.repeat(drawn.normal(5, 1, 60), 3) + drawn.normal(0, 1, 180)
        return scored(values, np.repeat(np.arange(60), 3))
    if distribution == "categories":
        values = np.concatenate([drawn.normal(3, 1, 60), drawn.gamma(4.0, 1.75, 40)])
        return scored(values, groups=np.repeat([0, 1], [60, 40]))
    return scored(drawn.gamma(4.0, 1.25, 80) if distribution == "skewed" else drawn.normal(5, 2, 80))


def small_sample_of(sizes, drawn):
    """A sample with categories of these sizes, whose true mean of means is 5."""
    middles = np.linspace(2, 8, len(sizes)) if len(sizes) > 1 else [5.0]
    values = [drawn.normal(middle, 2, size) for middle, size in zip(middles, sizes, strict=True)]
    return scored(np.concatenate(values), groups=np.repeat(np.arange(len(sizes)), sizes))


@pytest.mark.parametrize("sizes", [(5,), (8,), (12,), (30,), (3, 60), (4, 600), (50, 5, 5), (3,) * 5])
def test_intervals_of_few_source_images_hold_the_true_mean_as_often_as_they_say(sizes):
    drawn = np.random.default_rng(8)
    found = np.array([interval(small_sample_of(sizes, drawn), most_rounds=1) for _ in range(600)])
    assert 0.92 <= np.mean((found[:, 0] <= 5.0) & (found[:, 1] >= 5.0)) <= 0.985


@pytest.mark.parametrize("distribution", ["normal", "skewed", "clustered", "categories"])
def test_95_percent_intervals_hold_the_true_mean_in_93_to_97_percent_of_samples(distribution):
    drawn = np.random.default_rng(5)
    found = np.array([interval(sample_of(distribution, drawn), most_rounds=1) for _ in range(2000)])
    assert 0.93 <= np.mean((found[:, 0] <= 5.0) & (found[:, 1] >= 5.0)) <= 0.97
