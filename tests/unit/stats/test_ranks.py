import numpy as np

from snakedit.stats import ranks as module
from snakedit.stats.ranks import rank_intervals
from snakedit.stats.samples import ScoreSample


def scored(values, clusters=None, groups=None):
    values = np.array(values, dtype=float)
    return ScoreSample(
        values,
        np.zeros(values.size, np.int64) if groups is None else np.asarray(groups),
        np.arange(values.size) if clusters is None else np.asarray(clusters),
    )


def test_an_editor_that_is_always_better_has_its_rank_for_certain_and_like_ones_share_theirs():
    drawn = np.random.default_rng(6)
    hard = drawn.normal(0, 3, 60)
    best, one, other = hard + 9, hard + drawn.normal(5, 1, 60), hard + drawn.normal(5, 1, 60)
    ranks = rank_intervals([scored(one), scored(best), scored(other), scored(np.full(60, np.nan))])
    assert ranks[1] == (1, 1, 1)
    assert {ranks[0], ranks[2]} == {(2, 2, 3), (3, 2, 3)}
    assert ranks[3] is None


def test_equal_totals_share_the_better_rank_and_few_source_images_say_nothing_of_ranks():
    assert rank_intervals([scored([4.0] * 30), scored([4.0] * 30)]) == [(1, 1, 1), (1, 1, 1)]
    assert rank_intervals([scored([4.0], [0]), scored([3.0], [0])]) == [(1, 1, 2), (2, 1, 2)]
    few = [scored([value] * 4 + [np.nan] * 20) for value in (4.0, 3.0)]
    assert rank_intervals(few) == [(1, 1, 2), (2, 1, 2)]


def test_totals_that_differ_in_their_last_digits_are_equal():
    means = [1 / 3, 2 / 3, 5 / 3]
    samples = [scored(np.repeat(np.roll(means, k), 2), groups=np.repeat([0, 1, 2], 2)) for k in range(3)]
    assert [rank for rank, _, _ in rank_intervals(samples)] == [1, 1, 1]


def test_ranks_of_many_clusters_are_those_of_the_bootstrap(monkeypatch):
    drawn = np.random.default_rng(7)
    samples = [scored(drawn.normal(mean, 2, 3000)) for mean in (5.0, 5.05, 5.1, 6.0)]
    normal = rank_intervals(samples)
    monkeypatch.setattr(module, "LARGE", 10**9)
    drawn_ranks = rank_intervals(samples)
    assert drawn_ranks[3] == normal[3] == (1, 1, 1)
    assert np.abs(np.array(drawn_ranks) - np.array(normal)).max() <= 1
    assert any(low < high for _, low, high in normal)


def test_an_editor_without_the_hardest_items_is_compared_on_the_others_only():
    easy, hard = np.full(20, 9.0), np.full(30, 1.0)
    everything = np.concatenate([easy, hard])
    without_hard = np.concatenate([easy, np.full(30, np.nan)])
    assert rank_intervals([scored(without_hard), scored(everything)]) == [(1, 1, 1), (1, 1, 1)]


def test_an_editor_with_one_score_takes_no_item_from_the_others():
    drawn = np.random.default_rng(1)
    worse, better = drawn.normal(3, 1, 60), drawn.normal(8, 1, 60)
    one = np.where(np.arange(60) == 0, 10.0, np.nan)
    assert rank_intervals([scored(worse), scored(better), scored(one)]) == [(3, 2, 3), (2, 1, 2), (1, 1, 3)]


def test_editors_without_a_common_item_may_come_in_either_order():
    values = np.arange(40.0)
    first, second = np.where(values < 20, 5.0, np.nan), np.where(values < 20, np.nan, 9.0)
    assert rank_intervals([scored(first), scored(second)]) == [(1, 1, 2), (1, 1, 2)]


def test_a_category_of_one_item_leaves_every_rank_open_in_a_macro_total():
    drawn = np.random.default_rng(2)
    groups = [0] * 500 + [1]
    samples = [
        scored(np.append(drawn.normal(mean, 1, 500), last), groups=groups)
        for mean, last in ((5, 9), (5.1, 1))
    ]
    assert rank_intervals(samples) == [(1, 1, 2), (2, 1, 2)]
    assert rank_intervals([sample.together() for sample in samples])[1].rank == 1
