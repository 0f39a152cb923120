"""A simulated judge: takes a declared time and gives numbers that follow from the pictures' bytes."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings, Verdict
from snakedit.judges.reading.answers import Answer, verdict_of, written_answer
from snakedit.judges.rubrics.rubric import Metric


@dataclass(frozen=True)
class SimulatedParams:
    """Parameters of `SimulatedJudge`.

    Attributes:
        load_seconds: time to load, in seconds.
        seconds_by_batch: batch size → seconds a batch. Between two sizes the time is interpolated,
            outside them the nearest one's is taken.
        weights_gib: weights that a copy is declared to have, in GiB; 0 for one that fits anywhere.
        answers: item id → metric → the answer: a number on the scale, or a text, which is read as a
            model's reply is. What is not named here is drawn by a hash.
    """

    load_seconds: float = 0.0
    seconds_by_batch: dict[str, float] = field(default_factory=dict)
    weights_gib: float = 0.0
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {"load_seconds": self.load_seconds, "weights_gib": self.weights_gib}
        for size, seconds in self.seconds_by_batch.items():
            if not size.isdecimal() or int(size) < 1:
                raise ValueError(f"seconds_by_batch: '{size}' is not a batch size of 1 or more")
            given[f"seconds_by_batch: {size}"] = seconds
        for name, value in given.items():
            if value < 0:
                raise ValueError(f"{name} {value} is not 0 or more")
        for item, answers in self.answers.items():
            for metric, answer in answers.items():
                if not isinstance(answer, int | float | str):
                    raise ValueError(f"answers: {item}: {metric}: {answer!r} is not a number or a text")


class SimulatedJudge(Judge):
    """Sleeps as long as a model would work. Its numbers mean nothing, and its replies say so."""

    Params: ClassVar[type] = SimulatedParams
    needs_device: ClassVar[bool] = True
    simulated: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset(
        {"load_seconds", "seconds_by_batch", "weights_gib"}
    )
    later_params: ClassVar[frozenset[str]] = frozenset({"answers"})
    params: SimulatedParams

    def __init__(
        self, model: str | None, params: SimulatedParams, device: str, settings: JudgeSettings
    ) -> None:
        super().__init__(model, params, device, settings)
        time.sleep(params.load_seconds)

    @classmethod
    def weights(cls, model: str | None, params: SimulatedParams) -> int | None:
        """Return the declared bytes, or None where none are declared."""
        return int(params.weights_gib * 2**30) or None

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        """Return the given answers, and numbers drawn by a hash of the edit and the metric for the others."""
        time.sleep(seconds_of_batch(self.params.seconds_by_batch, len(requests)))
        return [self._verdict(request, len(requests)) for request in requests]

    def _verdict(self, request: JudgeRequest, batch_size: int) -> Verdict:
        rubric = self.settings.rubric
        given = self.params.answers.get(request.item.id, {})
        answered = {
            metric.name: [_answer(metric, request, given.get(metric.name))]
            for metric in rubric.asked_of(request.item)
        }
        return verdict_of(rubric, request.item, answered, batch_size)


def seconds_of_batch(seconds: Mapping[str, float], size: int) -> float:
    """Return the declared seconds of a batch, interpolated between the sizes that were declared."""
    known = sorted((int(declared), value) for declared, value in seconds.items())
    if not known:
        return 0.0
    below = [entry for entry in known if entry[0] <= size] or known[:1]
    above = [entry for entry in known if entry[0] >= size] or known[-1:]
    (low, low_seconds), (high, high_seconds) = below[-1], above[0]
    if low == high:
        return low_seconds
    return low_seconds + (high_seconds - low_seconds) * (size - low) / (high - low)


def _answer(metric: Metric, request: JudgeRequest, given: float | str | None) -> Answer:
    if isinstance(given, str):
        return written_answer(given, metric, 0)
    if given is not None:
        return Answer(float(given), {"text": f"simulated: {given:g}"}, 0)
    content = hashlib.sha256(metric.name.encode() + request.edit.tobytes()).digest()
    share = int.from_bytes(content[:4], "big") / 2**32
    number = round(metric.low + (metric.high - metric.low) * share, 2)
    return Answer(number, {"text": f"simulated: {number:g}"}, 0)
