"""An editor that only takes a declared time and makes a small picture, for tests and planning."""

import hashlib
import math
import random
import time
from typing import Annotated, ClassVar

from PIL import Image, ImageColor
from pydantic import AfterValidator, Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ImageError
from snakedit.editors.editor import SEED, Editor, EditRequest

MAX_SIDE = 64
CUT = 10.0
SOURCE, FAILED = "source", "failed"


def _check_edit(edit: str) -> str:
    if edit not in (SOURCE, FAILED) and not _is_colour(edit):
        raise ValueError(f"'{edit}' is not an edit; allowed: {SOURCE}, {FAILED}, or a colour such as red")
    return edit


class SimulatedEditorParams(FamilyParams):
    """Parameters of `SimulatedEditor`."""

    load_seconds: float = Field(0.0, ge=0, description="Time to load.")
    seconds: float = Field(0.0, ge=0, description="Time for an image; the median where `sigma` is not 0.")
    sigma: float = Field(
        0.0, ge=0, description="Of a lognormal distribution of that time, cut at 10 × the median."
    )
    seed: int | None = Field(None, description=SEED)
    edits: dict[str, Annotated[str, AfterValidator(_check_edit)]] = Field(
        {},
        description="Item id → `source` (unchanged), `failed`, or the colour of a plain picture (`red`,"
        " `#ff8000`). The other edits depend on source, instruction and seed.",
    )


class SimulatedEditor(Editor):
    """Sleeps as long as a model would work, and makes a small picture that means nothing."""

    Params: ClassVar[type[FamilyParams]] = SimulatedEditorParams
    seeded: ClassVar[bool] = True
    needs_device: ClassVar[bool] = True
    simulated: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"load_seconds", "seconds", "sigma"})
    later_params: ClassVar[frozenset[str]] = frozenset({"edits"})
    size_policy: ClassVar[str] = f"the source, at most {MAX_SIDE} px"
    params: SimulatedEditorParams

    def __init__(self, model: str | None, params: SimulatedEditorParams, device: str) -> None:
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
