import pytest

from snakedit.report.data.leaderboard import LeaderboardRow
from snakedit.report.pages.axis import axis_of
from snakedit.stats.summaries import Summary


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((4.24, 5.54), (4.0, 4.5, 5.0, 5.5, 6.0)),
        ((0.0, 10.0), (0.0, 2.5, 5.0, 7.5, 10.0)),
        ((3.0, 3.0), (2.5, 2.75, 3.0, 3.25, 3.5)),
    ],
)
def test_an_axis_has_round_ticks_around_all_that_is_drawn(ends, ticks):
    low, high = ends
    summary = Summary(2, 2, (low + high) / 2, low, high)
    axis = axis_of([LeaderboardRow("j", "e", "macro", "", "score", summary)])
    assert axis.ticks == ticks
    assert axis.at(ticks[0]) == 0
    assert axis.at(ticks[-1]) == 100


def test_without_a_mean_there_is_no_axis():
    assert axis_of([LeaderboardRow("j", "e", "macro", "", "score", Summary(2, 0, None))]) is None
