import numpy as np
import pytest
from scipy.stats import binomtest

from snakedit.stats.proportions import effective_number, share_interval, wilson
from snakedit.stats.samples import ScoreSample, totals_of


def shares(values, clusters=None, groups=None):
    values = np.array(values, dtype=float)
    return totals_of(
        ScoreSample(
            values,
            np.zeros(values.size, np.int64) if groups is None else np.asarray(groups),
            np.arange(values.size) if clusters is None else np.asarray(clusters),
        )
    )


@pytest.mark.parametrize(("ones", "n"), [(0, 10), (1, 30), (15, 30), (100, 100)])
def test_independent_items_have_scipys_wilson_interval(ones, n):
    theirs = binomtest(ones, n).proportion_ci(method="wilson")
    assert wilson(ones / n, n) == pytest.approx((theirs.low, theirs.high))
    assert share_interval(shares([1] * ones + [0] * (n - ones))) == pytest.approx((theirs.low, theirs.high))


def test_items_that_always_agree_within_a_source_image_count_once_or_a_little_less():
    sums, sizes = np.array([10.0, 0.0] * 10), np.full(20, 10.0)
    assert 15 < effective_number(sums, sizes) <= 20
    assert effective_number(np.zeros(20), sizes) == pytest.approx(20, rel=0.15)


def test_items_that_do_not_agree_within_a_source_image_count_nearly_all():
    drawn = np.random.default_rng(0)
    assert effective_number(drawn.binomial(4, 0.5, 200).astype(float), np.full(200, 4.0)) > 600


def test_the_doubt_of_every_category_is_in_a_total_of_shares():
    low, high = share_interval(shares([1] * 5 + [0] * 5, groups=[0] * 5 + [1] * 5))
    half = (1 - wilson(1.0, 5)[0]) / 2
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half))


def test_source_images_in_every_category_make_the_interval_of_a_total_wider():
    values, groups = [1, 0] * 10, [0] * 10 + [1] * 10
    apart = share_interval(shares(values, groups=groups))
    shared = share_interval(shares(values, clusters=list(range(10)) * 2, groups=groups))
    assert shared[1] - shared[0] > 1.3 * (apart[1] - apart[0])


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize(("sources", "each"), [(15, 2), (30, 4)])
def test_intervals_of_clustered_yes_and_no_hold_the_true_share(share, sources, each):
    """Source images differ: each has a share of its own, from a beta distribution with correlation 0.3."""
    drawn = np.random.default_rng(9)
    own = drawn.beta(share * 7 / 3, (1 - share) * 7 / 3, (800, sources))
    yes = drawn.random((800, sources, each)) < own[:, :, None]
    clusters = np.repeat(np.arange(sources), each)
    ends = np.array([share_interval(shares(values.ravel(), clusters)) for values in yes])
    assert np.mean((ends[:, 0] <= share) & (share <= ends[:, 1])) >= 0.9
