"""Small WebP copies of the pictures, so that a report can be sent without the results around it."""

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

FOLDER = "thumbs"
SIDE = 320
QUALITY = 76
# What a name keeps of a picture's sha256.
DIGITS = 24


class Thumbnails:
    """The thumbnails of one report. They are named by what they show, so that none is made twice.

    Attributes:
        made: pictures that have one.
    """

    def __init__(self, report: Path, limit: int, categories: int, workers: int) -> None:
        """Open a report's thumbnails.

        Args:
            report: its folder.
            limit: no more pictures than this get one; each category has the same share of it.
            categories: how many there will be.
            workers: threads.
        """
        self.made = 0
        self._folder = report / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._share = limit // max(1, categories)
        self._there = {path.name for path in self._folder.iterdir()}
        self._used: set[str] = set()
        self._workers = max(1, workers)

    def of_category(self, items: Iterable[list[tuple[Path, str | None]]]) -> dict[Path, str]:
        """Make one category's thumbnails: those of its first items, as far as its share reaches.

        Args:
            items: of each item its pictures, and their sha256 where a record has it.

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
        missing = {name: path for path, name in named.items() if name not in self._there}
        with ThreadPoolExecutor(self._workers) as pool:
            self._there |= {name for name in pool.map(self._make, missing.items()) if name}
        found = {path: f"{FOLDER}/{name}" for path, name in named.items() if name in self._there}
        self._used |= {name for name in named.values() if name in self._there}
        self.made += len(found)
        return found

    def remove_others(self) -> None:
        """Remove what no picture of this report has asked for."""
        for path in self._folder.iterdir():
            if path.name not in self._used:
                path.unlink()

    def _make(self, wanted: tuple[str, Path]) -> str | None:
        name, source = wanted
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
    """A name that another picture never has; None for a picture that is not there."""
    try:
        stat = path.stat()
    except OSError:
        return None
    # A file that was replaced since its record was written must not show as the former one.
    told = f"{sha256 or path.name} {stat.st_size} {'' if sha256 else stat.st_mtime_ns}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS] + ".webp"
