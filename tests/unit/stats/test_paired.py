import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from snakedit.stats import paired
from snakedit.stats.paired import holm, paired_comparisons, sign_flip_p


def compared(first, second, groups=None, clusters=None):
    size = len(first)
    (found,) = paired_comparisons(
        {"a": np.array(first, dtype=float), "b": np.array(second, dtype=float)},
        np.zeros(size, np.int64) if groups is None else np.asarray(groups),
        np.arange(size) if clusters is None else np.asarray(clusters),
    )
    return found


def test_only_items_that_both_editors_have_are_compared():
    found = compared([5, 7, np.nan, 1], [4, 7, 9, np.nan])
    assert (found.n, found.wins, found.ties, found.losses, found.difference) == (2, 1, 1, 0, 0.5)


def test_editors_without_a_common_item_have_neither_difference_nor_p():
    found = compared([5, np.nan], [np.nan, 5])
    assert (found.n, found.difference, found.p, found.p_holm) == (0, None, None, None)
    assert not found.is_significant


def test_a_macro_difference_weighs_categories_alike():
    first, second = [1.0] * 9 + [5.0], [0.0] * 10
    assert compared(first, second).difference == pytest.approx(1.4)
    assert compared(first, second, groups=[0] * 9 + [1]).difference == pytest.approx(3.0)


@pytest.mark.parametrize("size", [8, 60])
def test_p_is_that_of_scipys_paired_permutation_test(size):
    drawn = np.random.default_rng(size)
    first, second = drawn.normal(0.5, 1, size), drawn.normal(0, 1, size)
    theirs = permutation_test(
        (first, second),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=1,
    ).pvalue
    assert compared(first, second).p == pytest.approx(theirs, abs=1e-12 if size == 8 else 0.012)


def test_p_is_never_zero_and_one_where_there_is_no_difference():
    assert compared(np.arange(40) + 5.0, np.arange(40)).p == 1 / (paired.MOST_SIGNS + 1)
    assert compared([3.0] * 40, [3.0] * 40).p == 1.0


@pytest.mark.parametrize("size", [5, 7])
def test_editors_with_the_same_total_have_a_p_of_one_whatever_their_last_digits(size):
    ups = np.random.default_rng(5).integers(1, 9, size) / (3 * size)
    assert sign_flip_p(np.concatenate([ups, -ups])[None]) == [1.0]


def test_items_of_one_source_image_are_one_coin():
    first, second = np.ones(40), np.zeros(40)
    assert compared(first, second).p < 0.001
    assert compared(first, second, clusters=np.repeat(np.arange(4), 10)).p == 2 / 2**4


def test_the_normal_p_of_many_clusters_is_that_of_drawn_signs(monkeypatch):
    parts = np.random.default_rng(2).normal(0.02, 1, (3, 6000))
    normal = sign_flip_p(parts)
    monkeypatch.setattr(paired, "LARGE", 10**9)
    assert sign_flip_p(parts) == pytest.approx(normal, abs=0.02)


def test_p_of_editors_that_do_not_differ_is_below_5_percent_in_5_percent_of_samples(monkeypatch):
    monkeypatch.setattr(paired, "MOST_SIGNS", paired.FEWEST_SIGNS)
    drawn = np.random.default_rng(3)
    p = np.array(sign_flip_p(drawn.gamma(2.0, 1.0, (2000, 40)) * drawn.choice([-1.0, 1.0], (2000, 40))))
    assert 0.04 <= np.mean(p < 0.05) <= 0.06


def test_holms_correction_is_the_one_of_his_table():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holms_p_is_never_smaller_keeps_the_order_and_stays_a_probability(p):
    corrected = holm(p)
    assert all(raw <= one <= 1 for raw, one in zip(p, corrected, strict=True))
    assert [one for _, one in sorted(zip(p, corrected, strict=True))] == sorted(corrected)


def test_every_two_editors_are_compared_once_and_corrected_together():
    drawn = np.random.default_rng(4)
    scores = {name: drawn.normal(mean, 1, 50) for name, mean in (("a", 0), ("b", 0.1), ("c", 2))}
    found = paired_comparisons(scores, np.zeros(50, np.int64), np.arange(50))
    assert [(one.editor, one.against) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [one.is_significant for one in found] == [False, True, True]
    assert [one.p_holm for one in found] == holm([one.p for one in found])
    assert all(one.ci_low < one.difference < one.ci_high for one in found)
    assert paired_comparisons({"a": scores["a"]}, np.zeros(50, np.int64), np.arange(50)) == []


def test_pairs_of_controls_are_tested_but_weaken_no_other_pair():
    drawn = np.random.default_rng(4)
    names = ("a", "b", "reference", "identity", "blank")
    scores = {name: drawn.normal(mean, 1, 40) for mean, name in enumerate(names)}
    controls = names[2:]
    found = paired_comparisons(scores, np.zeros(40, np.int64), np.arange(40), uncorrected=controls)
    apart = [one for one in found if one.editor in controls and one.against in controls]
    family = [one for one in found if one not in apart]
    assert len(apart) == 3
    assert all(one.p is not None and one.p_holm is None and not one.is_significant for one in apart)
    assert [one.p_holm for one in family] == holm([one.p for one in family])


@pytest.mark.parametrize(("sources", "possible"), [(4, False), (5, False), (6, True), (30, True)])
def test_few_source_images_cannot_be_significant_whatever_their_scores(sources, possible):
    found = compared(np.ones(sources) * 9, np.zeros(sources))
    assert found.sources == sources
    assert found.could_be_significant == found.is_significant == possible
    assert compared(np.ones(sources), np.ones(sources)).could_be_significant == possible
    if sources == 4:
        assert found.least_p == 0.125
