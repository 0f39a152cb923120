"""Images that another program edited, read from a folder by the item's id."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from PIL import Image
from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ConfigError, ImageError
from snakedit.core.names import expanded, safe_name
from snakedit.core.records import Item
from snakedit.editors.editor import CategoryContext, Editor, EditRequest

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MAX_NAME_BYTES = 255  # of one name, on the usual filesystems
MAX_ID_SHOWN = 60


class FilesParams(FamilyParams):
    """Parameters of `Files`. Ids with a slash are looked for under their `snakedit.core.names.safe_name`."""

    folder: str = Field(
        description="Contains `{id}.png`, `.jpg`, `.jpeg` or `.webp`, directly or in a folder by category."
    )


class Files(Editor):
    """Images made by another program. A missing image is a recorded failure.

    The folder's name is part of the recipe: another folder has other edits, and Snakemake runs the job again
    only if the recipe changes.
    """

    Params: ClassVar[type[FamilyParams]] = FilesParams
    size_policy: ClassVar[str] = "as the file"

    @classmethod
    def inputs(cls, item: Item, category: CategoryContext, params: FilesParams) -> Mapping[str, Path]:
        """Return the item's file.

        Raises:
            ConfigError: if there is no such folder.
            ImageError: if there is no such file, naming the paths that were tried.
        """
        folder = expanded(params.folder)
        if not folder.is_dir():
            raise ConfigError("no such folder of edited images", where=params.folder)
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
        """Return the file's image."""
        return request.inputs["file"]


def _names(name: str) -> list[str]:
    """Return the file names of an id or a category: its safe name, and the name itself if it is plain."""
    safe = safe_name(name)
    is_plain = not set(name) & {"/", "\\", "\0"} and name not in ("", ".", "..")
    fits = len(name.encode(errors="replace")) + len(max(SUFFIXES, key=len)) <= MAX_NAME_BYTES
    return [safe, name] if is_plain and fits and name != safe else [safe]
