"""From a judge's answers to its verdict: what was read, what could not be, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from snakedit.judges.base import Verdict
from snakedit.judges.parsing import UnreadableReplyError, read_number
from snakedit.judges.rubric import Metric, Rubric


@dataclass(frozen=True)
class Answer:
    """One answer to one metric.

    Attributes:
        value: on the metric's scale, or None where it could not be read; `error` says why.
        reply: as it is recorded.
        tokens: of its prompt and its reply.
    """

    value: float | None
    reply: dict[str, Any]
    tokens: int
    error: str | None = None


def written_answer(text: str, metric: Metric, tokens: int) -> Answer:
    """Return the answer that a judge wrote."""
    try:
        return Answer(read_number(text, metric.low, metric.high), {"text": text}, tokens)
    except UnreadableReplyError as error:
        return Answer(None, {"text": text}, tokens, str(error))


def weighed_answer(value: float | None, mass: float, min_mass: float, tokens: int) -> Answer:
    """Return the answer that a judge's probabilities give; too little mass on the scale is none."""
    reply = {"expected": value, "scale_mass": mass}
    if value is None or mass < min_mass:
        return Answer(None, reply, tokens, f"only {mass:.3f} of the probability lies on the scale")
    return Answer(value, reply, tokens)


def verdict_of(rubric: Rubric, answered: Mapping[str, Sequence[Answer]], batch_size: int) -> Verdict:
    """Return the verdict on one edit: the mean of each metric's samples, their spread, and the score.

    A metric has a value only if every one of its samples could be read.
    """
    values: dict[str, float | None] = {}
    spread: dict[str, float | None] = {}
    errors = []
    for name, answers in answered.items():
        errors += [f"{name}: {answer.error}" for answer in answers if answer.error]
        numbers = [answer.value for answer in answers if answer.value is not None]
        whole = len(numbers) == len(answers)
        values[name] = fmean(numbers) if whole else None
        spread[name] = stdev(numbers) if whole and len(numbers) > 1 else None
    return Verdict(
        status="unparsed" if errors else "ok",
        values=values,
        spread=spread,
        score=rubric.score(values),
        replies={name: [answer.reply for answer in answers] for name, answers in answered.items()},
        batch_size=batch_size,
        tokens=sum(answer.tokens for answers in answered.values() for answer in answers),
        error="; ".join(errors) or None,
    )
