"""An editor that only takes a declared time and makes a small picture, for tests and planning."""

import hashlib
import math
import random
import time
from dataclasses import dataclass, field
from typing import ClassVar

from PIL import Image, ImageColor

from snakedit.core.errors import ImageError
from snakedit.editors.editor import Editor, EditRequest

MAX_SIDE = 64
CUT = 10.0
SOURCE, FAILED = "source", "failed"


@dataclass(frozen=True)
class SimulatedParams:
    """Parameters of `SimulatedEditor`.

    Attributes:
        load_seconds: time to load, in seconds.
        seconds: time an image, in seconds; the median where `sigma` is not 0.
        sigma: of a lognormal distribution of the time an image, cut at 10 × the median.
        seed: in the place of `run.seed`, to compare one model's seeds as two editors.
        edits: item id → ``source`` (unchanged), ``failed``, or the colour of a plain picture, such as ``red``
            or ``#ff8000``. The edits of other items depend on source, instruction and seed.
    """

    load_seconds: float = 0.0
    seconds: float = 0.0
    sigma: float = 0.0
    seed: int | None = None
    edits: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("load_seconds", "seconds", "sigma"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} {value} is not 0 or more")
        for item, edit in self.edits.items():
            if edit not in (SOURCE, FAILED) and not _is_colour(edit):
                raise ValueError(f"edits: {item}: '{edit}' is not {SOURCE}, {FAILED} or a colour")


class SimulatedEditor(Editor):
    """Sleeps as long as a model would work, and makes a small picture that means nothing."""

    Params: ClassVar[type] = SimulatedParams
    seeded: ClassVar[bool] = True
    needs_device: ClassVar[bool] = True
    simulated: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"load_seconds", "seconds", "sigma"})
    later_params: ClassVar[frozenset[str]] = frozenset({"edits"})
    size_policy: ClassVar[str] = f"the source, at most {MAX_SIDE} px"
    params: SimulatedParams

    def __init__(self, model: str | None, params: SimulatedParams, device: str) -> None:
        super().__init__(model, params, device)
        time.sleep(params.load_seconds)

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the given edit, or the source, shrunk and tinted by a hash of instruction and seed.

        Raises:
            ImageError: for an item whose edit is to fail.
        """
        time.sleep(self._seconds(request))
        image = request.sources[0].copy()
        image.thumbnail((MAX_SIDE, MAX_SIDE))
        edit = self.params.edits.get(request.item.id)
        if edit == FAILED:
            raise ImageError("the simulated editor was set to fail here")
        if edit is not None:
            return image if edit == SOURCE else Image.new("RGB", image.size, edit)
        digest = hashlib.sha256(f"{request.item.instruction}\0{request.seed}".encode()).digest()
        return Image.blend(image, Image.new("RGB", image.size, tuple(digest[:3])), 0.4)

    def _seconds(self, request: EditRequest) -> float:
        if self.params.sigma == 0:
            return self.params.seconds
        factor = math.exp(random.Random(request.seed).gauss(0.0, self.params.sigma))
        return self.params.seconds * min(factor, CUT)


def _is_colour(text: str) -> bool:
    try:
        ImageColor.getrgb(text)
    except ValueError:
        return False
    return True
