"""The interface of a judge: loaded once on a device, then called with batches of edits."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from PIL import Image

from snakedit.config.params import FamilyParams, NoParams
from snakedit.core.records import Item
from snakedit.judges.rubrics.rubric import Rubric
from snakedit.runtime.pool.attempt import is_out_of_memory
from snakedit.runtime.servers.address import Server


@dataclass(frozen=True)
class JudgeRequest:
    """One edit as a judge sees it.

    Attributes:
        sources, edit: RGB images.
        seed: 0–2³²−1, for sampling.
        reference: a right answer, RGB; needed where a metric of the rubric shows it.
        mask: the region to edit, RGB; needed where a metric of the rubric shows it.
    """

    item: Item
    sources: list[Image.Image]
    edit: Image.Image
    seed: int
    reference: Image.Image | None = None
    mask: Image.Image | None = None


@dataclass(frozen=True)
class Verdict:
    """What a judge said of one edit: the fields of a `Score` record that it decides.

    `versions` are those that are not this host's, such as of the model that a server says it has.
    """

    status: str
    values: dict[str, float | None] = field(default_factory=dict)
    spread: dict[str, float | None] = field(default_factory=dict)
    score: float | None = None
    replies: dict[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    tokens: int | None = None
    requests: int | None = None
    error: str | None = None
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgeSettings:
    """How a judge asks and is read.

    Attributes:
        reading: ``expected`` or ``generate``.
        min_scale_mass: below this probability mass on the scale, 0–1, an answer is `unparsed`.
        samples: answers drawn for each metric; 1 is greedy.
    """

    rubric: Rubric
    reading: str
    min_scale_mass: float
    samples: int


class Judge(ABC):
    """A judge family. The constructor loads; `judge` is then called once a batch.

    Class attributes:
        Params: a model whose fields are the keys allowed in the config's `params`.
        model_kind: what it takes as its `model`, one of `snakedit.models.identity.MODEL_KINDS`.
        needs_device: whether it occupies a device (weights, or a simulation of them).
        later_params: names of params that a later version added. At their default they are left out of the
            recipe, so that older results stay valid.
        execution_params: names of params that cannot change an answer.
        simulated: whether it only pretends to be a model.
    """

    Params: ClassVar[type[FamilyParams]] = NoParams
    model_kind: ClassVar[str] = "none"
    needs_device: ClassVar[bool] = False
    simulated: ClassVar[bool] = False
    execution_params: ClassVar[frozenset[str]] = frozenset()
    later_params: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, model: str | None, params: Any, device: str, settings: JudgeSettings) -> None:
        """Load the judge; see `snakedit.editors.editor.Editor` for model, params and device."""
        self.model, self.params, self.device, self.settings = model, params, device, settings

    @classmethod
    def own_rubric(cls, params: Any) -> Rubric | None:
        """Return the rubric of a family that computes its numbers and is asked nothing, else None.

        Its metrics have no question; their scales, its formula and its headline count as those of a file.
        """
        return None

    @classmethod
    def weights(cls, model: str | None, params: Any) -> int | None:
        """Return the bytes of weights of a judge that may be spread over devices, else None.

        Args:
            model: a local folder where `model_kind` is ``checkpoint``.
        """
        return None

    @classmethod
    def server(cls, params: Any) -> Server | None:
        """Return the server that judges, of which many edits are asked at a time, one a call; or None."""
        return None

    @abstractmethod
    def judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        """Judge one batch; one verdict a request, in order."""

    def move_to(self, device: str) -> None:
        """Move what was loaded to another device; see `snakedit.editors.editor.Editor`."""
        self.device = device

    def release_memory(self) -> None:
        """Free memory after an out-of-memory error, before one more try."""


def judge_carefully(
    judge_batch: Callable[[Sequence[JudgeRequest]], list[Verdict]],
    requests: Sequence[JudgeRequest],
    release_memory: Callable[[], None],
) -> list[Verdict]:
    """Judge a batch so that one bad request costs only itself.

    Out of memory halves the batch, down to 1. A batch that raises anything else is judged one by one, and
    those that raise again are `failed`, with the error.
    """
    try:
        return judge_batch(requests)
    except Exception as error:  # noqa: BLE001 - whatever a model raises is that request's failure
        out_of_memory = is_out_of_memory(error)
        if out_of_memory:
            release_memory()
        if len(requests) == 1:
            cause = f"{type(error).__name__}: {error}".splitlines()[0]
            return [Verdict("failed", error=cause, batch_size=1)]
        size = (len(requests) + 1) // 2 if out_of_memory else 1
    parts = [requests[start : start + size] for start in range(0, len(requests), size)]
    return [v for part in parts for v in judge_carefully(judge_batch, part, release_memory)]
