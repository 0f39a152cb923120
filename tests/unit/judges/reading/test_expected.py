import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.judges.reading.expected import expected_number, expected_yes, leading_digits, whole_digits

UNIFORM = [0.1] * 10
NEVER = [0.0] * 10


def only(digit):
    return [float(d == digit) for d in range(10)]


@pytest.mark.parametrize(("low", "high", "digits"), [(0, 10, [1]), (1, 5, []), (0, 25, [1, 2]), (0, 9, [])])
def test_the_digits_that_begin_a_number_of_two(low, high, digits):
    assert leading_digits(low, high) == digits


@pytest.mark.parametrize(
    ("first", "second", "low", "high", "expected", "mass"),
    [
        (only(7), {1: NEVER}, 0, 10, 7.0, 1.0),
        (only(1), {1: NEVER}, 0, 10, 1.0, 1.0),
        (only(1), {1: only(0)}, 0, 10, 10.0, 1.0),
        (only(1), {1: only(7)}, 0, 10, None, 0.0),
        (only(1), {1: [0.5, *[0.0] * 9]}, 0, 10, 5.5, 1.0),
        (UNIFORM, {1: NEVER}, 0, 10, 4.5, 1.0),
        (UNIFORM, {}, 1, 5, 3.0, 0.5),
        (only(9), {}, 1, 5, None, 0.0),
        (only(2), {1: NEVER, 2: only(5)}, 0, 25, 25.0, 1.0),
        (only(2), {1: NEVER, 2: only(6)}, 0, 25, None, 0.0),
        (NEVER, {1: NEVER}, 0, 10, None, 0.0),
    ],
)
def test_the_mean_is_weighted_by_what_lies_on_the_scale(first, second, low, high, expected, mass):
    value, share = expected_number(first, second, low, high)
    assert share == pytest.approx(mass)
    assert value == (None if expected is None else pytest.approx(expected))


@given(
    st.lists(st.floats(0, 1), min_size=10, max_size=10), st.lists(st.floats(0, 1), min_size=10, max_size=10)
)
def test_the_mean_lies_on_the_scale_and_the_mass_between_0_and_1(first, follow):
    first, follow = ([p / max(1.0, sum(row)) for p in row] for row in (first, follow))
    value, mass = expected_number(first, {1: follow}, 0, 10)
    assert 0 <= mass <= 1 + 1e-9
    assert value is None or 0 <= value <= 10


@pytest.mark.parametrize(
    ("yes", "no", "expected", "mass"),
    [(0.6, 0.2, 0.75, 0.8), (0.0, 0.5, 0.0, 0.5), (1.0, 0.0, 1.0, 1.0), (0.0, 0.0, None, 0.0)],
)
def test_yes_is_weighed_against_no(yes, no, expected, mass):
    value, share = expected_yes(yes, no)
    assert share == pytest.approx(mass)
    assert value == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("low", "high", "digits"),
    [(1, 5, [1, 2, 3, 4, 5]), (0, 10, [0, *range(2, 10)]), (0, 25, [0, *range(3, 10)]), (0, 100, [0])],
)
def test_a_digit_is_a_whole_answer_unless_a_longer_number_begins_with_it(low, high, digits):
    assert whole_digits(low, high) == digits
