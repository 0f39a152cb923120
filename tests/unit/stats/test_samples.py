"""Scores as arrays, and their sums."""

import numpy as np
import pytest

from snakedit.stats.samples import ScoreSample, cluster_codes, totals_of

SAMPLE = ScoreSample(
    values=np.array([1.0, 3.0, np.nan, 8.0]),
    groups=np.array([0, 0, 0, 1]),
    clusters=np.array([7, 7, 9, 9]),
)


def test_a_total_is_the_mean_of_the_categories_means_or_of_all_items():
    assert totals_of(SAMPLE).point == (2 + 8) / 2
    assert totals_of(SAMPLE.together()).point == 4
    assert np.isnan(totals_of(ScoreSample(np.array([np.nan]), np.array([0]), np.array([0]))).point)


def test_sizes_count_source_images_that_have_a_score():
    totals = totals_of(SAMPLE)
    assert totals.sizes.tolist() == [1, 1]
    assert totals.clusters == 2


def test_missing_scores_are_left_out_or_replaced():
    assert SAMPLE.known().values.tolist() == [1, 3, 8]
    assert SAMPLE.with_missing(0.0).values.tolist() == [1, 3, 0, 8]


def test_clusters_are_numbered_without_gaps():
    codes, count = cluster_codes(SAMPLE.clusters)
    assert (codes.tolist(), count) == ([0, 0, 1, 1], 2)


def test_the_influence_of_a_cluster_is_how_the_total_moves_with_its_weight():
    totals, step = totals_of(SAMPLE), 1e-6
    for cluster in range(2):
        weights = np.ones(2)
        weights[cluster] += step
        heavier = type(totals)(totals.sums * weights, totals.counts * weights)
        assert (heavier.point - totals.point) / step == pytest.approx(totals.influence()[cluster], abs=1e-4)
