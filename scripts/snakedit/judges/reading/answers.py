"""Combine a judge's answers into its verdict: values, spread, score, and the reasons for missing ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from snakedit.core.records import Item
from snakedit.judges.judge import Verdict
from snakedit.judges.reading.written import (
    LONGEST_REPLY,
    RefusedReplyError,
    UnreadableReplyError,
    read_number,
    read_yes_no,
)
from snakedit.judges.rubrics.rubric import Metric, Rubric

# Of a reply that is longer than any can be.
KEPT_CHARACTERS = 10_000


@dataclass(frozen=True)
class Answer:
    """One answer to one metric.

    Attributes:
        value: on the metric's scale, or None where it could not be read; `error` says why.
        reply: as it is recorded.
        tokens: of its prompt and its reply, None where a server did not count them.
        refused: whether the judge declined to answer.
        requests: how often a server was asked, retries included; 0 for a judge that runs here.
    """

    value: float | None
    reply: dict[str, Any]
    tokens: int | None
    error: str | None = None
    refused: bool = False
    requests: int = 0


def written_answer(text: str, metric: Metric, tokens: int | None, is_cut: bool = False) -> Answer:
    """Return the answer that a judge wrote.

    Args:
        text: its reply, of which the beginning is recorded if it is longer than a reply can be.
        metric: what was asked.
        tokens: of its prompt and its reply, None where a server did not count them.
        is_cut: whether the reply ended because its budget was spent (a server's ``finish_reason: length``).
    """
    try:
        value = (
            read_yes_no(text, metric.name, is_cut)
            if metric.yes_no
            else read_number(text, metric.low, metric.high, metric.name, is_cut)
        )
    except UnreadableReplyError as error:
        kept = text if len(text) <= LONGEST_REPLY else f"{text[:KEPT_CHARACTERS]}…"
        return Answer(None, {"text": kept}, tokens, str(error), isinstance(error, RefusedReplyError))
    return Answer(value, {"text": text}, tokens)


def weighed_answer(value: float | None, mass: float, min_mass: float, tokens: int | None) -> Answer:
    """Return the answer that a judge's probabilities give; too little mass on the scale is none."""
    reply = {"expected": value, "scale_mass": mass}
    if value is None or mass < min_mass:
        return Answer(None, reply, tokens, f"only {mass:.3f} of the probability lies on the scale")
    return Answer(value, reply, tokens)


def verdict_of(
    rubric: Rubric, item: Item, answered: Mapping[str, Sequence[Answer]], batch_size: int
) -> Verdict:
    """Return the verdict on one edit: the mean of each metric's samples, their spread, and the score.

    A metric has a value only if every one of its samples could be read. A verdict is `refused` if any
    answer was, else `unparsed` if any could not be read.
    """
    if not answered:
        return Verdict("failed", batch_size=batch_size, error=f"'{rubric.name}' asks nothing of this item")
    given = [answer for answers in answered.values() for answer in answers]
    values: dict[str, float | None] = {}
    spread: dict[str, float | None] = {}
    errors: list[str] = []
    refused = False
    for name, answers in answered.items():
        errors += [f"{name}: {answer.error}" for answer in answers if answer.error]
        refused = refused or any(answer.refused for answer in answers)
        numbers = [answer.value for answer in answers if answer.value is not None]
        whole = len(numbers) == len(answers)
        values[name] = fmean(numbers) if whole else None
        spread[name] = stdev(numbers) if whole and len(numbers) > 1 else None
    score = rubric.score(values, item)
    status = "refused" if refused else "unparsed" if errors else "ok"
    if status == "ok" and score is None:
        status, errors = "failed", [f"'{rubric.name}' asks this item nothing that makes its score"]
    return Verdict(
        status=status,
        values=rubric.with_derived(values, item),
        spread=spread,
        score=score,
        replies={name: [answer.reply for answer in answers] for name, answers in answered.items()},
        batch_size=batch_size,
        tokens=total_tokens(given),
        requests=sum(answer.requests for answer in given) or None,
        error="; ".join(errors) or None,
    )


def total_tokens(answers: Sequence[Answer]) -> int | None:
    """Return the tokens of all answers, or None where one's are not known."""
    known = [answer.tokens for answer in answers if answer.tokens is not None]
    return sum(known) if len(known) == len(answers) else None
