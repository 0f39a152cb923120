"""Images edited elsewhere: taken from a folder by the item's id."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image

from snakedit.editors.base import CategoryContext, Editor, EditRequest
from snakedit.errors import ImageError
from snakedit.names import safe_name
from snakedit.records import Item

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class FilesParams:
    """Parameters of `Files`.

    Attributes:
        folder: where the images lie, as ``{id}.png`` (or .jpg, .jpeg, .webp), in it or in a folder for
            each category.
    """

    folder: str


class Files(Editor):
    """Images made by another program. A missing one is a recorded failure."""

    Params: ClassVar[type] = FilesParams
    execution_params: ClassVar[frozenset[str]] = frozenset({"folder"})
    size_policy: ClassVar[str] = "as the file"

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: FilesParams) -> Mapping[str, Path]:
        """Return the item's file; ids that could leave the folder are looked for by their safe name."""
        folder = Path(params.folder).expanduser()
        places = [folder / safe_name(item.category), folder]
        for place in places:
            for suffix in SUFFIXES:
                path = place / f"{safe_name(item.id)}{suffix}"
                if path.is_file():
                    return {"file": path}
        raise ImageError(
            f"no image {safe_name(item.id)}.png",
            where=str(folder),
            allowed=", ".join(SUFFIXES) + ", in it or in a folder named as the category",
        )

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the image as it was found."""
        return request.inputs["file"]
