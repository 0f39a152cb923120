"""The least difference that could have been shown: by formula, and by simulation with the test itself."""

import math

import numpy as np
import pytest
from scipy.stats import t

from snakedit.stats import paired
from snakedit.stats.paired import paired_comparisons, sign_flip_p
from snakedit.stats.power import items_needed, least_difference
from snakedit.stats.samples import ScoreSample


def least_of(values, clusters=None, level=0.05, widest=None):
    values = np.asarray(values, dtype=float)
    clusters = np.arange(values.size) if clusters is None else np.asarray(clusters)
    sample = ScoreSample(values, np.zeros(values.size, np.int64), clusters)
    parts = np.bincount(clusters, weights=values / values.size)
    return least_difference(sample, parts, level, widest)


def test_it_is_the_textbooks_number_of_standard_errors():
    values = np.random.default_rng(0).normal(0.3, 2, 40)
    error = values.std(ddof=1) / math.sqrt(40)
    assert least_of(values) == pytest.approx((t.ppf(0.975, 39) + t.ppf(0.8, 39)) * error)
    assert least_of(values, level=0.005) > least_of(values)


def test_items_of_one_source_image_show_no_more_than_one_item():
    values = np.random.default_rng(1).normal(0, 1, 30)
    repeated, clusters = np.repeat(values, 5), np.repeat(np.arange(30), 5)
    assert least_of(repeated, clusters) == pytest.approx(least_of(values))
    assert least_of(repeated) < 0.6 * least_of(values)


@pytest.mark.parametrize("size", [12, 40])
def test_the_test_finds_it_in_about_80_percent_of_samples(size, monkeypatch):
    monkeypatch.setattr(paired, "MOST_SIGNS", paired.FEWEST_SIGNS)
    drawn = np.random.default_rng(size)
    spread = drawn.normal(0, 1.5, (400, size))
    least = np.mean([least_of(sample) for sample in spread])
    p = np.array(sign_flip_p((spread + least) / size))
    assert np.mean(p < 0.05) == pytest.approx(0.8, abs=0.06)


def test_editors_that_hardly_differ_are_not_said_to_be_known_to_a_hair():
    # One yes more among thirty: to be significant six must differ, all in one direction.
    assert least_of([1] + [0] * 29) > 5 / 30
    assert least_of([0] * 30) is None


def test_nothing_is_said_of_too_few_source_images_or_beyond_the_scale():
    assert least_of([1, -1, 2, 0]) is None
    wild = [10, -10, 10, -10, 9, -9]
    assert least_of(wild) > 10
    assert least_of(wild, widest=10) is None


def test_the_items_needed_would_just_show_the_difference():
    values = np.random.default_rng(4).normal(0, 1, 400)
    values += 0.05 - values.mean()
    needed = items_needed(400, 0.05, least_of(values))
    again = np.tile(values, math.ceil(needed / 400))[:needed]
    assert least_of(again) == pytest.approx(0.05, rel=0.05)
    assert items_needed(10, 0.0, 1.0) is None


def test_more_editors_leave_each_pair_a_stricter_level():
    drawn = np.random.default_rng(5)
    a, b, *others = (drawn.normal(5, 1, 40) for _ in range(5))

    def pair(**scores):
        pairs = paired_comparisons(scores, np.zeros(40, np.int64), np.arange(40), (0.0, 10.0))
        return next(pair for pair in pairs if (pair.editor, pair.against) == ("a", "b"))

    alone = pair(a=a, b=b)
    assert alone.least_difference == pytest.approx(least_of(a - b))
    among = pair(a=a, b=b, c=others[0], d=others[1])
    assert among.least_difference == pytest.approx(least_of(a - b, level=0.05 / 6))
    # Those that are clearly apart come first in the correction, and leave it as it was.
    beside = pair(a=a, b=b, far=a - 4)
    assert beside.least_difference == pytest.approx(alone.least_difference)
    assert alone.turned().items_needed == alone.items_needed


def test_where_no_score_could_be_significant_no_difference_could_be_shown():
    values = {name: np.random.default_rng(seed).normal(5, 1, 5) for seed, name in enumerate("ab")}
    (pair,) = paired_comparisons(values, np.zeros(5, np.int64), np.arange(5))
    assert (pair.could_be_significant, pair.least_difference, pair.items_needed) == (False, None, None)
