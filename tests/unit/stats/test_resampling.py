import numpy as np
import pytest

from snakedit.stats import resampling
from snakedit.stats.resampling import rounds, steady_quantiles
from snakedit.stats.samples import ScoreSample, totals_of

LEVELS = np.array([0.025, 0.975])


def totals(spread, count=40):
    values = np.random.default_rng(0).normal(5, spread, count)
    return totals_of(ScoreSample(values, np.zeros(count, np.int64), np.arange(count)))


def test_every_resample_draws_as_many_clusters_as_there_are_and_rounds_differ():
    first, second = rounds(30, 0, 2)
    assert np.all(first.sum(1) == 30)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, next(rounds(30, 0)))


@pytest.mark.parametrize(("spread", "more"), [(0.01, False), (3.0, True)])
def test_resamples_are_added_only_until_the_digits_stand_still(monkeypatch, spread, more):
    drawn = []
    draws = resampling._draws
    monkeypatch.setattr(resampling, "_draws", lambda *args: drawn.append(args) or draws(*args))
    steady_quantiles(totals(spread), LEVELS, 0)
    assert (len(drawn) > 1) == more
    assert len(drawn) <= resampling.MOST_ROUNDS


def test_more_resamples_leave_less_to_the_seed():
    def spread(most):
        return np.ptp([steady_quantiles(totals(2.0), LEVELS, seed, most) for seed in range(6)], axis=0)

    assert np.all(spread(32) < spread(1))
