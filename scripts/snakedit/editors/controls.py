"""Controls: editors whose correct rank is known in advance, so that they test the judges."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image
from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ImageError
from snakedit.core.hashing import fingerprint
from snakedit.core.records import Edit, Item, read_records
from snakedit.editors.editor import CategoryContext, Editor, EditRequest


class Identity(Editor):
    """The unchanged source: a judge must see that nothing was edited."""

    role: ClassVar[str] = "control"

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the first source image."""
        return request.sources[0]


class Blank(Editor):
    """Uniform mid-grey of the source's size."""

    role: ClassVar[str] = "control"

    def edit(self, request: EditRequest) -> Image.Image:
        """Return a grey image."""
        return Image.new("RGB", request.sources[0].size, (128, 128, 128))


class Reference(Editor):
    """The reference, the benchmark's own right answer."""

    role: ClassVar[str] = "control"
    is_right: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({"reference"})
    size_policy: ClassVar[str] = "as the reference"

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: Any) -> Mapping[str, Path]:
        """Return the item's reference."""
        return {"reference": category.items_folder / item.reference} if item.reference else {}

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the reference."""
        return request.inputs["reference"]


class ShuffledParams(FamilyParams):
    """Parameters of `Shuffled`."""

    of: str | None = Field(
        None, description="An editor of this configuration; by default the references are shown."
    )


class Shuffled(Editor):
    """A good picture for the wrong item: another item's reference, or an editor's edit of another item."""

    role: ClassVar[str] = "control"
    Params: ClassVar[type[FamilyParams]] = ShuffledParams
    size_policy: ClassVar[str] = "as the other item's image"

    @classmethod
    def shows(cls, params: ShuffledParams) -> tuple[str, ...]:
        """Return the editor whose edits are shown, if one is named."""
        return (params.of,) if params.of else ()

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: ShuffledParams) -> Mapping[str, Path]:
        """Return the image shown in the place of this item's edit.

        Raises:
            ImageError: if no other item has one.
        """
        shown = _shown_images(category, params.of)
        if item.id not in shown:
            wanted = f"an edit by '{params.of}'" if params.of else "a reference"
            raise ImageError(
                f"no other item of the category has {wanted} to show",
                hint="" if params.of else "to show another editor's edits give of: EDITOR",
            )
        return {"other": shown[item.id]}

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the other item's image."""
        return request.inputs["other"]


@lru_cache(maxsize=1)
def _shown_images(category: CategoryContext, of: str | None) -> Mapping[str, Path]:
    """Return the image that each item shows, by id: another item's, and a different one if all have images.

    The items form a ring, ordered by a hash of their ids. Each shows the image of the next item that has one.
    So neither the order of processing nor a removed item far away in the ring changes it.
    """
    images = _references(category) if of is None else _edits(category.edits.get(of))
    ring = sorted((item.id for item in category.items), key=lambda name: (fingerprint(name), name))
    shown: dict[str, Path] = {}
    following: str | None = None
    # Two rounds, backwards: the first finds the images that the ring's last items wrap around to.
    for item_id in [*reversed(ring), *reversed(ring)]:
        if following is not None and following != item_id:
            shown[item_id] = images[following]
        if item_id in images:
            following = item_id
    return shown


def _references(category: CategoryContext) -> dict[str, Path]:
    return {item.id: category.items_folder / item.reference for item in category.items if item.reference}


def _edits(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    edits = read_records(folder / "edits.jsonl", Edit)
    return {edit.item: folder / edit.image for edit in edits if edit.status == "ok" and edit.image}
