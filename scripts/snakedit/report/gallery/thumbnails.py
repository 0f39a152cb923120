"""Small WebP copies of the pictures, so that a report can be sent without the results."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.core.images import open_image
from snakedit.core.logs import LOGGER

THUMBNAILS_FOLDER = "thumbs"
SIDE = 320
QUALITY = 76
# Digits of the sha256 in a thumbnail's name.
DIGITS = 24


class Thumbnails:
    """The thumbnails of one report. They are named by their content, so that none is made twice.

    Attributes:
        made: number of pictures with a thumbnail.
    """

    def __init__(self, report: Path, limit: int, categories: int, workers: int) -> None:
        """Open a report's thumbnails.

        Args:
            report: its folder.
            limit: the most thumbnails; each category gets the same share.
            categories: number of categories.
            workers: threads.
        """
        self.made = 0
        self._folder = report / THUMBNAILS_FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._share = limit // max(1, categories)
        self._existing = {path.name for path in self._folder.iterdir()}
        self._used: set[str] = set()
        self._workers = max(1, workers)

    def of_category(self, items: Iterable[list[tuple[Path, str | None]]]) -> dict[Path, str]:
        """Make thumbnails of one category's first items, up to its share.

        Args:
            items: each item's pictures, and their sha256 where a record has it.

        Returns:
            picture → its thumbnail, relative to the report. A picture that cannot be read has none.
        """
        named: dict[Path, str] = {}
        for pictures in items:
            if len(named) + len(pictures) > self._share:
                break
            for path, sha256 in pictures:
                name = _name(path, sha256)
                if name is not None:
                    named[path] = name
        missing = {name: path for path, name in named.items() if name not in self._existing}
        with ThreadPoolExecutor(self._workers) as pool:
            self._existing |= {name for name in pool.map(self._make, missing.items()) if name}
        existing = {path: name for path, name in named.items() if name in self._existing}
        self._used.update(existing.values())
        self.made += len(existing)
        return {path: f"{THUMBNAILS_FOLDER}/{name}" for path, name in existing.items()}

    def remove_others(self) -> None:
        """Remove thumbnails that belong to no picture of this report."""
        for path in self._folder.iterdir():
            if path.name not in self._used:
                path.unlink()

    def _make(self, missing: tuple[str, Path]) -> str | None:
        name, source = missing
        try:
            image = open_image(source)
        except ImageError as error:
            LOGGER.warning("no thumbnail: %s", error)
            return None
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        with open(handle, "wb") as file:
            image.save(file, "WEBP", quality=QUALITY, method=1)
        os.chmod(temporary, 0o644)
        os.replace(temporary, self._folder / name)
        return name


def _name(path: Path, sha256: str | None) -> str | None:
    """A name that no other picture has; None for a picture that does not exist."""
    try:
        stat = path.stat()
    except OSError:
        return None
    # A file that was replaced since its record was written must not get the old thumbnail.
    content = f"{sha256 or path.name} {stat.st_size} {'' if sha256 else stat.st_mtime_ns}"
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS] + ".webp"
