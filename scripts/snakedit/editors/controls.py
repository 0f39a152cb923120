"""Controls: editors whose right place on the leaderboard is known before any judge has looked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from snakedit.editors.base import CategoryContext, Editor, EditRequest
from snakedit.errors import ImageError
from snakedit.names import safe_name
from snakedit.recipe import fingerprint
from snakedit.records import Item


class Identity(Editor):
    """The source, unchanged: perfectly kept, nothing done."""

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the first source image."""
        return request.sources[0]


class Blank(Editor):
    """Uniform mid-grey of the source's size."""

    def edit(self, request: EditRequest) -> Image.Image:
        """Return a grey image."""
        return Image.new("RGB", request.sources[0].size, (128, 128, 128))


class Reference(Editor):
    """The benchmark's own right answer."""

    size_policy: ClassVar[str] = "as the reference"

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: Any) -> Mapping[str, Path]:
        """Return the item's reference."""
        if item.reference is None:
            raise ImageError("the item has no reference")
        return {"reference": category.items_folder / item.reference}

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the reference."""
        return request.inputs["reference"]


@dataclass(frozen=True)
class ShuffledParams:
    """Parameters of `Shuffled`.

    Attributes:
        of: an editor whose edits are shown; None shows the benchmark's references.
    """

    of: str | None = None


class Shuffled(Editor):
    """A good picture for the wrong item: another item's reference, or another editor's edit of it."""

    Params: ClassVar[type] = ShuffledParams
    size_policy: ClassVar[str] = "as the other item's image"

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: ShuffledParams) -> Mapping[str, Path]:
        """Return the image shown in the place of this item's edit."""
        shown = {other.id: _shown(other, category, params) for other in category.items}
        able = [other_id for other_id, path in shown.items() if path is not None]
        other = _next_in_ring(item.id, able)
        path = shown.get(other) if other is not None else None
        if path is None:
            wanted = f"edit by '{params.of}'" if params.of else "reference"
            raise ImageError(f"no other item of the category has a {wanted} to show")
        return {"other": path}

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the other item's image."""
        return request.inputs["other"]


def _shown(item: Item, category: CategoryContext, params: ShuffledParams) -> Path | None:
    if params.of is None:
        return category.items_folder / item.reference if item.reference else None
    path = category.edits.get(params.of, Path()) / "images" / f"{safe_name(item.id)}.png"
    return path if path.is_file() else None


def _next_in_ring(item_id: str, able: list[str]) -> str | None:
    """The next id in an order that depends on the ids alone, so that no two items show the same one."""
    ring = sorted({*able, item_id}, key=lambda name: (fingerprint(name), name))
    start = ring.index(item_id)
    for step in range(1, len(ring)):
        candidate = ring[(start + step) % len(ring)]
        if candidate in able:
            return candidate
    return None
