import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.stats.agreement import (
    Correlation,
    Pairs,
    auc,
    fisher_mean,
    kendall,
    ordered,
    pairs,
    spearman,
)

SCORES = st.lists(st.sampled_from([0, 1, 2, 2.5, 7, 10]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("right", "wrong", "value"),
    [
        ([9, 8, 7], [1, 2, 3], 1.0),
        ([1, 2, 3], [9, 8, 7], 0.0),
        ([5, 5], [5, 5], 0.5),
        ([5, 3], [4], 0.5),
        ([5, 4], [4, 3], 0.875),
    ],
)
def test_auc_counts_the_pairs_in_which_the_right_one_is_above_and_ties_for_half(right, wrong, value):
    assert auc(right, wrong, len(right)).value == pytest.approx(value)


@given(SCORES, SCORES, st.integers(1, 500))
def test_auc_is_the_share_of_pairs_and_lies_in_its_interval(right, wrong, clusters):
    found = auc(right, wrong, clusters)
    by_hand = np.mean([0.5 * (r >= w) + 0.5 * (r > w) for r in right for w in wrong])
    assert found.value == pytest.approx(by_hand)
    assert 0 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1


def test_no_right_or_no_wrong_answer_has_no_auc():
    assert auc([], [1], 1) is None
    assert auc([1], [], 1) is None


@pytest.mark.parametrize("clusters", [0, -3])
def test_scores_of_no_source_image_at_all_are_refused(clusters):
    with pytest.raises(ValueError, match=f"{clusters} clusters; at least 1 is needed"):
        auc([9], [1], clusters)


def test_the_interval_is_wide_for_a_few_however_right_they_are_and_narrows_with_more():
    few, many = auc([9] * 5, [1] * 5, 5), auc([9] * 200, [1] * 200, 200)
    assert few.value == many.value == few.high == many.high == pytest.approx(1.0)
    assert few.low < 0.75
    assert 0.97 < many.low < 1.0


def test_the_interval_solves_its_equation():
    found = auc([5, 4, 9, 7], [4, 3, 1, 8], 4)
    for bound in (found.low, found.high):
        q1, q2 = bound / (2 - bound), 2 * bound**2 / (1 + bound)
        variance = (bound * (1 - bound) + 3 * (q1 - bound**2) + 3 * (q2 - bound**2)) / 16
        assert abs(found.value - bound) == pytest.approx(1.959964 * math.sqrt(variance), rel=1e-5)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    drawn = np.random.default_rng(0)
    shift = 1.0
    truth = 0.5 * (1 + math.erf(shift / 2))
    covered = 0
    for _ in range(400):
        found = auc(list(drawn.normal(shift, 1, 25)), list(drawn.normal(0, 1, 25)), 25)
        covered += found.low <= truth <= found.high
    assert 0.92 <= covered / 400 <= 0.99


@pytest.mark.parametrize(
    ("judge", "human", "expected", "accuracy"),
    [
        ([1, 2, 3], [1, 2, 3], Pairs(agree=3), 1.0),
        ([1, 2, 3], [3, 2, 1], Pairs(disagree=3), 0.0),
        ([7, 7, 7], [1, 2, 3], Pairs(tied_judge=3), 0.0),
        ([1, 2, 3], [4, 4, 4], Pairs(tied_human=3), 0.0),
        ([7, 7, 7], [4, 4, 4], Pairs(tied_both=3), 1.0),
        ([1, 2, 2, 4], [1, 1, 3, 2], Pairs(agree=3, disagree=1, tied_judge=1, tied_human=1), 0.5),
        ([5], [5], Pairs(), None),
    ],
)
def test_ties_are_counted_apart(judge, human, expected, accuracy):
    found = pairs(judge, human)
    assert found == expected
    assert found.accuracy == accuracy


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=15))
def test_every_pair_is_counted_once(both):
    found = pairs([j for j, _ in both], [h for _, h in both])
    counted = found.agree + found.disagree + found.tied_judge + found.tied_human + found.tied_both
    assert counted == len(both) * (len(both) - 1) // 2


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=15))
def test_pairs_are_those_of_looking_at_each(both):
    judge, human = (np.array(part, dtype=float) for part in zip(*both, strict=True))
    first, second = np.triu_indices(len(both), 1)
    one_by_one = ordered(np.sign(judge[first] - judge[second]), np.sign(human[first] - human[second]))
    assert pairs(judge.tolist(), human.tolist()) == one_by_one


def test_pairs_of_very_many_edits_are_counted_exactly():
    drawn = np.random.default_rng(0)
    found = pairs(drawn.normal(size=40_000).tolist(), drawn.integers(0, 5, 40_000).tolist())
    total = found.agree + found.disagree + found.tied_human
    assert (total, found.tied_judge, found.tied_both) == (math.comb(40_000, 2), 0, 0)


def test_the_interval_of_a_correlation_holds_the_truth_as_often_as_it_says():
    drawn = np.random.default_rng(2)
    rho = 0.6
    truth = 6 / math.pi * math.asin(rho / 2)  # Spearman's ρ of the normal distribution.
    samples = drawn.multivariate_normal([0, 0], [[1, rho], [rho, 1]], (500, 30))
    found = [spearman(sample[:, 0].tolist(), sample[:, 1].tolist(), 30) for sample in samples]
    assert 0.93 <= np.mean([r.low <= truth <= r.high for r in found]) <= 0.98


def test_edits_of_few_source_images_have_a_wide_interval_and_those_of_three_the_whole_range():
    judge, human = [1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5]
    many, few = spearman(judge * 5, human * 5, 30), spearman(judge * 5, human * 5, 6)
    assert few.low < many.low < many.value == few.value < many.high < few.high
    assert spearman(judge, human, 3) == Correlation(spearman(judge, human, 6).value, -1.0, 1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_correlation_lies_in_its_interval(sign):
    found = spearman(range(20), [sign * number for number in range(20)], 20)
    assert found.value == pytest.approx(sign)
    assert found.low <= found.value <= found.high
    assert min(abs(found.low), abs(found.high)) > 0.9


def test_rank_correlations_are_those_of_the_textbook():
    # Kendall, Rank Correlation Methods: ten candidates; and a pair of ties on each side.
    judge, human = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [2, 1, 4, 3, 6, 5, 8, 7, 10, 9]
    assert spearman(judge, human, 10).value == pytest.approx(1 - 6 * 10 / 990)
    assert kendall(judge, human) == pytest.approx((40 - 5) / 45)
    # 5 pairs of 6 agree or are tied: (C − D) / √((n₀ − n₁)(n₀ − n₂)).
    assert kendall([1, 2, 2, 4], [1, 1, 3, 2]) == pytest.approx((3 - 1) / math.sqrt(5 * 5))


@pytest.mark.parametrize(
    ("judge", "human"), [([1, 2], [1, 2]), ([5, 5, 5], [1, 2, 3]), ([1, 2, 3], [4, 4, 4])]
)
def test_too_few_edits_or_none_that_differ_have_no_correlation(judge, human):
    assert spearman(judge, human, 3) is None
    assert kendall(judge, human) is None


def test_correlations_are_averaged_by_the_forward_transform():
    assert fisher_mean([(0.9, 20), (0.1, 20)]) == pytest.approx(
        math.tanh((math.atanh(0.9) + math.atanh(0.1)) / 2)
    )
    # The transform the wrong way round, atanh of the mean of tanh(r), gives 0.433.
    assert fisher_mean([(0.9, 20), (0.1, 20)]) == pytest.approx(0.656, abs=1e-3)
    assert fisher_mean([(0.5, 9), (None, 2), (-0.5, 9)]) == pytest.approx(0.0)
    assert fisher_mean([(None, 2)]) is None
    assert fisher_mean([]) is None


@pytest.mark.parametrize("n", [3, 4])
def test_a_perfect_correlation_is_not_infinitely_good_but_better_than_any_other(n):
    every = [spearman(range(n), ratings, n) for ratings in itertools.product(range(n), repeat=n)]
    next_best = max(r.value for r in every if r is not None and r.value < 1 - 1e-9)
    perfect = fisher_mean([(1.0, n)])
    assert perfect == pytest.approx((1 + next_best) / 2)
    assert fisher_mean([(-1.0, n)]) == pytest.approx(-perfect)
    assert fisher_mean([(next_best, n)]) == pytest.approx(next_best)
