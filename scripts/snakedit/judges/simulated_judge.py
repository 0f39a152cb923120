"""A simulated judge: takes a declared time and gives numbers that follow from the pictures' bytes."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from snakedit.config.params import FamilyParams
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings, Verdict
from snakedit.judges.reading.answers import Answer, verdict_of, written_answer
from snakedit.judges.rubrics.rubric import Metric


def _check_batch_size(size: str) -> str:
    if not size.isdecimal() or int(size) < 1:
        raise ValueError(f"'{size}' is not a batch size of 1 or more")
    return size


# A text, since the keys of JSON are.
BatchSize = Annotated[str, AfterValidator(_check_batch_size)]


class SimulatedJudgeParams(FamilyParams):
    """Parameters of `SimulatedJudge`."""

    load_seconds: float = Field(0.0, ge=0, description="Time to load.")
    seconds_by_batch: dict[BatchSize, Annotated[float, Field(ge=0)]] = Field(
        {}, description="Batch size → seconds, such as `{1: 2.0, 4: 3.0}`; interpolated between two sizes."
    )
    weights_gib: float = Field(
        0.0, ge=0, description="Declared weights of a copy in GiB; 0 for one that fits anywhere."
    )
    answers: dict[str, dict[str, int | float | str]] = Field(
        {},
        description="Item id → metric → the answer: a number on the scale, or a text, which is read like a"
        " model's reply. The other answers are drawn by a hash.",
    )


class SimulatedJudge(Judge):
    """Sleeps as long as a model would work. Its numbers mean nothing, and its replies say so."""

    Params: ClassVar[type[FamilyParams]] = SimulatedJudgeParams
    needs_device: ClassVar[bool] = True
    simulated: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset(
        {"load_seconds", "seconds_by_batch", "weights_gib"}
    )
    later_params: ClassVar[frozenset[str]] = frozenset({"answers"})
    params: SimulatedJudgeParams

    def __init__(
        self, model: str | None, params: SimulatedJudgeParams, device: str, settings: JudgeSettings
    ) -> None:
        super().__init__(model, params, device, settings)
        time.sleep(params.load_seconds)

    @classmethod
    def weights(cls, model: str | None, params: SimulatedJudgeParams) -> int | None:
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
