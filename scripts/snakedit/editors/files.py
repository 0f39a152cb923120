"""Images edited elsewhere: taken from a folder by the item's id."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.core.names import expanded, safe_name
from snakedit.core.records import Item
from snakedit.editors.editor import CategoryContext, Editor, EditRequest

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MAX_NAME_BYTES = 255  # of one name, on the usual filesystems
MAX_ID_SHOWN = 60


@dataclass(frozen=True)
class FilesParams:
    """Parameters of `Files`.

    Attributes:
        folder: where the images lie, as ``{id}.png`` (or .jpg, .jpeg, .webp), in it or in a folder named
            as the category. Ids with a slash go by their `snakedit.core.names.safe_name`.
    """

    folder: str


class Files(Editor):
    """Images made by another program. A missing one is a recorded failure.

    The folder counts in the recipe: which folder it is decides what the edits are, and only a changed
    recipe makes Snakemake look again.
    """

    Params: ClassVar[type] = FilesParams
    size_policy: ClassVar[str] = "as the file"

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: FilesParams) -> Mapping[str, Path]:
        """Return the item's file.

        Raises:
            ImageError: naming the places where it was looked for.
        """
        folder = expanded(params.folder)
        if not folder.is_dir():
            raise ImageError("no such folder of edited images", where=params.folder)
        places = [*(folder / name for name in _names(item.category)), folder]
        stems = [place / name for place in places for name in _names(item.id)]
        for stem in stems:
            for suffix in SUFFIXES:
                path = stem.with_name(stem.name + suffix)
                if path.is_file():
                    return {"file": path}
        raise ImageError(
            f"no edited image for the item '{item.id[:MAX_ID_SHOWN]}'",
            allowed=f"{' or '.join(map(str, stems))} with {', '.join(SUFFIXES)}",
        )

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the image as it was found."""
        return request.inputs["file"]


def _names(name: str) -> list[str]:
    """The file names an id or a category may go by: its safe name, and as it is if that is one plain name."""
    safe = safe_name(name)
    is_plain = not set(name) & {"/", "\\", "\0"} and name not in ("", ".", "..")
    fits = len(name.encode(errors="replace")) + len(max(SUFFIXES, key=len)) <= MAX_NAME_BYTES
    return [safe, name] if is_plain and fits and name != safe else [safe]
