"""The older designs give the projections that were published for their constants."""

import pytest

from tools.bench.older_designs import declared_work, fixed_shares, one_by_one

FIVE = {"a": 50, "b": 50, "c": 70, "d": 50, "e": 50}


def work(categories):
    return declared_work(categories, 4, (0.5, 1.8), (0.5, {1: 2.0, 4: 3.0}))


def test_their_constants_give_their_projections():
    assert fixed_shares(work({"a": 50}), 6) == pytest.approx(53.5)
    assert fixed_shares(work(FIVE), 6) == pytest.approx(288.5)
    assert one_by_one(work(FIVE)) == pytest.approx(1296.0)


def test_in_whole_rounds_and_batches_the_two_stages_take_longer():
    assert fixed_shares(work({"a": 50}), 6, whole=True) == pytest.approx(16.2 + 0.5 + 39 + 0.5)
    assert fixed_shares(work(FIVE), 6, whole=True) == pytest.approx(301.4)
