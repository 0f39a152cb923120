"""The expected reading: a number from the probabilities that a judge gives to each number on its scale.

Reading the mean of the distribution rather than the most likely token follows G-Eval (Liu et al., EMNLP
2023, section 2.2). Qwen writes each digit as a token of its own, so 10 is two tokens.
"""

from collections.abc import Mapping, Sequence


def leading_digits(low: int, high: int) -> list[int]:
    """Return the first digits of the scale's numbers of two digits: [1] for 0–10, [1, 2] for 0–25."""
    return sorted({number // 10 for number in range(max(low, 10), high + 1)})


def whole_digits(low: int, high: int) -> list[int]:
    """Return the digits on the scale with which none of its longer numbers begins: 0 and 2–9 for 0–10.

    One of these is a whole answer even where the budget allows no token after it.
    """
    begun = {int(str(number)[0]) for number in range(max(low, 10), high + 1)}
    return [digit for digit in range(max(low, 0), min(high, 9) + 1) if digit not in begun]


def expected_number(
    first: Sequence[float], second: Mapping[int, Sequence[float]], low: int, high: int
) -> tuple[float | None, float]:
    """Return the probability-weighted mean over a scale, and the probability mass on it.

    Args:
        first: P(d) for each digit d as the first token of the answer.
        second: for each leading digit d, P(e | d) for each digit e as the next token. What is left once
            no digit follows is the probability of the single digit.
        low, high: ends of the scale, 0–99.

    Returns:
        The mean, within the scale, or None where there is no mass to weigh; and the mass, 0–1.
    """
    weights = dict(enumerate(first))
    for digit, followers in second.items():
        weights[digit] = first[digit] * max(0.0, 1.0 - sum(followers))
        if digit > 0:
            weights |= {10 * digit + e: first[digit] * p for e, p in enumerate(followers)}
    return weighted_mean(weights, low, high)


def weighted_mean(weights: Mapping[int, float], low: int, high: int) -> tuple[float | None, float]:
    """Return the mean of numbers by their probabilities, those on the scale alone, and the mass of these.

    The mean is None where there is no mass to weigh.
    """
    on_scale = {number: weight for number, weight in weights.items() if low <= number <= high}
    mass = sum(on_scale.values())
    if mass <= 0.0:
        return None, 0.0
    mean = sum(number * weight for number, weight in on_scale.items()) / mass
    # Rounding may carry a mean over the end of its scale.
    return min(float(high), max(float(low), mean)), mass


def expected_yes(yes: float, no: float) -> tuple[float | None, float]:
    """Return how likely yes is against no, 0–1, or None where neither is; and the mass on both."""
    mass = yes + no
    return (yes / mass if mass > 0.0 else None), mass
