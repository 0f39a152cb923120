"""Images that another program edited, read from a folder by the item's id."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from PIL import Image
from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ConfigError, ImageError
from snakedit.core.names import LANGUAGE_NAMES, PICTURE_SUFFIXES, expanded, safe_name
from snakedit.core.records import Item
from snakedit.editors.editor import CategoryContext, Editor, EditRequest

MAX_NAME_BYTES = 255  # of one name, on the usual filesystems
MAX_ID_SHOWN = 60
MAX_SUFFIX_BYTES = max(map(len, PICTURE_SUFFIXES))


class FilesParams(FamilyParams):
    """Parameters of `Files`. Ids with a slash are looked for under their `snakedit.core.names.safe_name`."""

    folder: str = Field(
        description="Contains `{id}.png`, or a file of another kind of picture, in a folder by category and"
        " language, by one of both, or directly."
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
            ImageError: if there is no such file, naming the paths that were tried, or more than one in the
                first folder that has any.
        """
        cls.check_place(params)
        folder = expanded(params.folder)
        places = _places(folder, item)
        names = _names(item.id)
        for place in places:
            pictures = _pictures_in(place)
            found = sorted({file for name in names for file in pictures.get(name, ())})
            if len(found) > 1:
                raise ImageError(
                    f"{len(found)} edited images for the item '{item.id[:MAX_ID_SHOWN]}': {', '.join(found)}",
                    where=str(place),
                    hint="keep the one that is to be judged",
                )
            if found:
                return {"file": place / found[0]}
        stems = [str(place / name) for place in places for name in names]
        raise ImageError(
            f"no edited image for the item '{item.id[:MAX_ID_SHOWN]}'",
            allowed=f"{' or '.join(stems)} with {', '.join(PICTURE_SUFFIXES)}",
        )

    @classmethod
    def check_place(cls, params: FilesParams) -> None:
        """Refuse a folder that is not there."""
        if not expanded(params.folder).is_dir():
            raise ConfigError("no such folder of edited images", where=params.folder)

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the file's image."""
        return request.inputs["file"]


def _places(folder: Path, item: Item) -> list[Path]:
    """Return the folders in which an item's edit may lie, the most special first."""
    languages = [
        language for name in LANGUAGE_NAMES.get(item.language, (item.language,)) for language in _names(name)
    ]
    categories = [folder / name for name in _names(item.category)]
    below = [place / language for place in (*categories, folder) for language in languages]
    return [*below[: -len(languages)], *categories, *below[-len(languages) :], folder]


def _pictures_in(folder: Path) -> Mapping[str, list[str]]:
    """Return a folder's pictures by their name, with and without suffix; nothing if it is not there."""
    try:
        changed = folder.stat().st_mtime_ns
    except (OSError, ValueError):
        # A category may be longer than a name can be, or not UTF-8.
        return {}
    return _listed(folder, changed) if folder.is_dir() else {}


@lru_cache(maxsize=64)
def _listed(folder: Path, changed: int) -> Mapping[str, list[str]]:
    """List a folder once while it stays as it is, and not for each of its items."""
    pictures: dict[str, list[str]] = {}
    for entry in os.scandir(folder):
        stem, suffix = os.path.splitext(entry.name)
        if suffix.lower() in PICTURE_SUFFIXES and entry.is_file():
            pictures.setdefault(stem, []).append(entry.name)
            pictures.setdefault(entry.name, []).append(entry.name)
    return pictures


def _names(name: str) -> list[str]:
    """Return the file names of an id or a category: its safe name, and the name itself if it is plain."""
    safe = safe_name(name)
    is_plain = not set(name) & {"/", "\\", "\0"} and name not in ("", ".", "..")
    fits = len(name.encode(errors="replace")) + MAX_SUFFIX_BYTES <= MAX_NAME_BYTES
    return [safe, name] if is_plain and fits and name != safe else [safe]
