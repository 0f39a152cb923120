"""The formulas that a rubric can name: from the numbers of one edit to its score."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Values = Mapping[str, float]


@dataclass(frozen=True)
class Formula:
    """A formula over the metrics that were asked of an item.

    Attributes:
        compute: metric → number, at least one, to the result.
        metrics: those it is made for, or None for any.
        scale: the scale it is made for, or None for any.
        needs: those that must be asked of every item.
        parts: numbers between the metrics and the result that are reported beside it, each with its metrics,
            of which it is the lowest.
    """

    compute: Callable[[Values], float]
    metrics: frozenset[str] | None = None
    scale: tuple[int, int] | None = None
    needs: frozenset[str] = frozenset()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# Semantic consistency and perceptual quality, which published tables show beside the score.
_VIESCORE_PARTS = {"SC": ("success", "overediting"), "PQ": ("naturalness", "artefacts")}
_VIESCORE_METRICS = frozenset(name for names in _VIESCORE_PARTS.values() for name in names)
# Which weights apply follows from what was asked of the item.
_RISE_WEIGHTS: Mapping[frozenset[str], Mapping[str, float]] = {
    frozenset(weights): weights
    for weights in (
        {"consistency": 0.3, "reasoning": 0.5, "plausibility": 0.2},
        {"reasoning": 0.8, "plausibility": 0.2},
        {"consistency": 0.3, "reasoning": 0.7},
        {"reasoning": 1.0},
    )
}


def _viescore(values: Values) -> float:
    """sqrt(SC · PQ) with SC = min(success, over-editing), PQ = min(naturalness, artefacts); 0–10."""
    return math.sqrt(math.prod(min(values[name] for name in names) for names in _VIESCORE_PARTS.values()))


def _rise(values: Values) -> float:
    """The weighted mean; halved, but not below 1, where the reasoning is 1; 1–5."""
    weights = _RISE_WEIGHTS[frozenset(values)]
    score = sum(weight * values[name] for name, weight in weights.items())
    return max(1.0, score / 2) if _whole(values["reasoning"]) == 1 else score


def _whole(value: float) -> int:
    """The whole number that a reading stands for: an expected value is hardly ever one itself."""
    return math.floor(value + 0.5)


def _mean(values: Values) -> float:
    return sum(values.values()) / len(values)


FORMULAS: Mapping[str, Formula] = {
    "mean": Formula(_mean),
    "min": Formula(lambda values: min(values.values())),
    "geometric_mean": Formula(lambda values: math.prod(values.values()) ** (1 / len(values))),
    "mean_of_hundred": Formula(lambda values: (_mean(values) - 1) * 25, scale=(1, 5)),
    "all_fives": Formula(lambda values: float(all(_whole(v) == 5 for v in values.values())), scale=(1, 5)),
    "viescore": Formula(_viescore, _VIESCORE_METRICS, needs=_VIESCORE_METRICS, parts=_VIESCORE_PARTS),
    "rise": Formula(
        _rise, frozenset({"reasoning", "consistency", "plausibility"}), (1, 5), frozenset({"reasoning"})
    ),
}
