"""How often the 95 % intervals hold the true mean: yes and no of rare and usual shares, and other scores."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import binom

from snakedit.stats.intervals import interval
from snakedit.stats.samples import Array, ScoreSample
from tools.bench.measurement import Measurement

SIZES = (10, 30, 100)
SHARES = (0.02, 0.05, 0.1, 0.3, 0.5)
SAMPLES = 1000
SCALE = (0.0, 10.0)
# Of the scores that are not 0 in a zero-inflated distribution: a beta distribution on the scale.
SHAPE, ZEROS = (6.0, 4.0), (0.3, 0.6, 0.9)


def measure_interval_coverage() -> list[Measurement]:
    """Compute the coverage of every distribution and size, and print each."""
    coverages = dict(_coverages())
    for name, coverage in coverages.items():
        print(f"  {coverage:.3f}  {name}")
    values = list(coverages.values())
    lowest = min(coverages, key=lambda name: coverages[name])
    how = f"of {len(values)} distributions and sizes"
    return [
        Measurement("interval_coverage_min", min(values), f"of 95 % intervals, the lowest {how}: {lowest}"),
        Measurement("interval_coverage_mean", float(np.mean(values)), f"of 95 % intervals, the mean {how}"),
    ]


def _coverages() -> Iterator[tuple[str, float]]:
    for n in SIZES:
        for share in SHARES:
            yield f"yes or no, {share:g} yes, n = {n}", _of_yes_or_no(share, n)
        yield f"normal, n = {n}", _simulated(lambda drawn, n: drawn.normal(5, 2, n), 5.0, n, None)
        for zeros in ZEROS:
            yield f"zero-inflated, {zeros:g} zeros, n = {n}", _of_zero_inflated(zeros, n)


def _of_yes_or_no(share: float, n: int) -> float:
    """The exact coverage: the interval depends on the number of yes alone, which is binomial."""
    held = [_holds((np.arange(n) < ones).astype(np.float64), share, (0.0, 1.0)) for ones in range(n + 1)]
    return float(np.sum(binom.pmf(np.arange(n + 1), n, share) * held))


def _of_zero_inflated(zeros: float, n: int) -> float:
    mean = (1 - zeros) * SCALE[1] * SHAPE[0] / sum(SHAPE)

    def scores(drawn: np.random.Generator, n: int) -> Array:
        return np.where(drawn.random(n) < zeros, 0.0, SCALE[1] * drawn.beta(*SHAPE, n))

    return _simulated(scores, mean, n, SCALE)


def _simulated(
    scores: Callable[[np.random.Generator, int], Array],
    mean: float,
    n: int,
    scale: tuple[float, float] | None,
) -> float:
    drawn = np.random.default_rng(n)
    return float(np.mean([_holds(scores(drawn, n), mean, scale) for _ in range(SAMPLES)]))


def _holds(values: Array, mean: float, scale: tuple[float, float] | None) -> bool:
    """Whether the interval holds the mean; one that does not exist does not."""
    sample = ScoreSample(values, np.zeros(values.size, np.int64), np.arange(values.size))
    # One round of resamples: more would steady the last digits, which do not change the coverage.
    ends = interval(sample, scale, most_rounds=1)
    return ends is not None and ends[0] <= mean <= ends[1]
