import pytest

from snakedit.core.durations import duration, rough_duration


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3599.6, "1 h"),
        (3660, "1 h 1 min"),
        (90000, "25 h"),
    ],
)
def test_a_duration_is_rounded_before_it_is_divided_into_units(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(4.2, "4.2 s"), (119, "1 min 59 s"), (130, "2 min"), (7199, "2 h")]
)
def test_a_forecast_shows_no_seconds_beside_minutes_from_two_minutes_up(seconds, shown):
    assert rough_duration(seconds) == shown
