"""The gallery's data, as scripts that the page loads one by one: a page opened from disk cannot fetch files.

Each calls ``snakedit.receive(name, content)``:

- ``index``: names, the items of each file, and each edit's change; always loaded.
- ``scores-N``: each edit's status and score by judge N; loaded when the judge is chosen.
- ``text-N``: ids and instructions of some items; loaded to search, to follow a link, to save a table.
- ``items-N``: everything about a few items; loaded when one of them is shown.
"""

import json
import os
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from snakedit.core.records import Edit, Item, Score
from snakedit.report.data.leaderboard import Scales
from snakedit.report.data.numbers import SCORE, CategoryNumbers
from snakedit.report.data.read import Category
from snakedit.report.gallery.item_content import item_content
from snakedit.report.gallery.packed_numbers import packed
from snakedit.stats.samples import Array

DATA_FOLDER = "data"
# A page of the gallery may need a file for each of its items, so these are small.
ITEMS_A_FILE, ITEM_BYTES_A_FILE = 20, 60_000
TEXT_BYTES_A_FILE = 500_000
SEARCHED = 400

# Status of an edit and its score → one letter, in the order of the gallery's filter.
STATUSES = {
    "ok": "o",
    "edit failed": "e",
    "edit missing": "m",
    "unparsed": "u",
    "refused": "r",
    "failed": "f",
    "score missing": "s",
}


class GalleryData:
    """Writes the data files, category by category; `close` writes those that need all categories.

    Attributes:
        pictures: number of the items' pictures.
    """

    def __init__(self, report: Path, place: Path, editors: Sequence[str], judges: Sequence[str]) -> None:
        """Begin.

        Args:
            report: the folder to write into.
            place: the folder in which the page will be opened; images are linked from there.
        """
        self._folder, self._place = report / DATA_FOLDER, place
        self._folder.mkdir()
        self._editors, self._judges = editors, judges
        self._categories: list[dict[str, Any]] = []
        self._bases: list[dict[str, Any]] = []
        self._count = self.pictures = 0
        self._items: list[str] = []
        self._item_bytes = 0
        self._item_starts: list[int] = []
        self._texts: list[list[str]] = []
        self._text_bytes = 0
        self._text_starts: list[int] = []
        self._changes: dict[str, list[Array]] = {editor: [] for editor in editors}
        self._scores = {key: list[Array]() for key in product(judges, editors)}
        self._letters = {key: list[str]() for key in product(judges, editors)}

    def add(self, category: Category, numbers: CategoryNumbers, thumbnails: Mapping[Path, str]) -> None:
        """Write a category's items."""
        folder = category.files.items.parent
        self._categories.append(
            {"name": category.name, "folder": category.files.folder, "start": self._count, "count": numbers.n}
        )
        self._bases.append(
            {
                "items": _address(folder, self._place),
                "edits": [_address(category.files.edits[e].parent, self._place) for e in self._editors],
            }
        )
        for item in category.items:
            self._add_item(item_content(item, category, self._editors, self._judges, thumbnails))
            self._add_text(item)
            self.pictures += len(pictures_of(category, item))
            self._count += 1
        for editor in self._editors:
            edits = category.edits[editor]
            records = [edits.get(item.id) for item in category.items]
            changes = [edit.change if edit else None for edit in records]
            self._changes[editor].append(np.array(changes, dtype=np.float64))
            for judge in self._judges:
                scores = category.scores[judge, editor]
                self._letters[judge, editor].append(
                    "".join(
                        STATUSES[status_of(edit, scores.get(item.id))]
                        for item, edit in zip(category.items, records, strict=True)
                    )
                )
                self._scores[judge, editor].append(numbers.of(judge, editor, SCORE))

    def close(self, benchmark: str, controls: Sequence[str], scales: Mapping[str, Scales]) -> None:
        """Write the remaining files."""
        self._end_items()
        self._end_text()
        for number, judge in enumerate(self._judges):
            self._write(
                f"scores-{number}",
                {
                    "statuses": ["".join(self._letters[judge, editor]) for editor in self._editors],
                    "scores": packed(_column(self._scores[judge, editor]) for editor in self._editors),
                },
            )
        self._write(
            "index",
            {
                "benchmark": benchmark,
                "count": self._count,
                "itemStarts": self._item_starts,
                "textStarts": self._text_starts,
                "categories": self._categories,
                "bases": self._bases,
                "editors": [{"name": name, "control": name in controls} for name in self._editors],
                "judges": [
                    {"name": name, "scale": list(scales.get(name, {}).get(SCORE, ())) or None}
                    for name in self._judges
                ],
                "statuses": {letter: status for status, letter in STATUSES.items()},
                "changes": packed(_column(self._changes[editor]) for editor in self._editors),
            },
        )

    def _add_item(self, content: Any) -> None:
        if not self._items:
            self._item_starts.append(self._count)
        self._items.append(_json(content))
        self._item_bytes += len(self._items[-1].encode("utf-8", "replace"))
        if len(self._items) == ITEMS_A_FILE or self._item_bytes > ITEM_BYTES_A_FILE:
            self._end_items()

    def _end_items(self) -> None:
        if self._items:
            self._write_text(f"items-{len(self._item_starts) - 1}", f"[{','.join(self._items)}]")
        self._items, self._item_bytes = [], 0

    def _add_text(self, item: Item) -> None:
        if not self._texts:
            self._text_starts.append(self._count)
        line = [item.id, item.instruction[:SEARCHED], *item.tags]
        self._texts.append(line)
        self._text_bytes += sum(len(text.encode("utf-8", "replace")) for text in line)
        if self._text_bytes > TEXT_BYTES_A_FILE:
            self._end_text()

    def _end_text(self) -> None:
        if self._texts:
            self._write(f"text-{len(self._text_starts) - 1}", self._texts)
        self._texts, self._text_bytes = [], 0

    def _write(self, name: str, content: Any) -> None:
        self._write_text(name, _json(content))

    def _write_text(self, name: str, text: str) -> None:
        # A lone surrogate is valid in JSON but not in UTF-8: it becomes a question mark.
        data = f"snakedit.receive({json.dumps(name)},{text});\n".encode("utf-8", "replace")
        (self._folder / f"{name}.js").write_bytes(data)


def status_of(edit: Edit | None, score: Score | None) -> str:
    """Return the status of an edit and its score, a key of `STATUSES`."""
    if edit is None:
        return "edit missing"
    if edit.status != "ok":
        return "edit failed"
    if score is None:
        return "score missing"
    # An edit that is newer than its score may have the score `no_edit`.
    return score.status if score.status in STATUSES else "score missing"


def pictures_of(category: Category, item: Item) -> list[tuple[Path, str | None]]:
    """Return an item's sources, reference and edits with their sha256 where a record has it."""
    folder = category.files.items.parent
    pictures: list[tuple[Path, str | None]] = [
        (folder / image, sha256) for image, sha256 in zip(item.images, item.image_sha256s, strict=False)
    ]
    if item.reference:
        pictures.append((folder / item.reference, None))
    for editor, path in category.files.edits.items():
        edit = category.edits[editor].get(item.id)
        if edit is not None and edit.image is not None:
            pictures.append((path.parent / edit.image, edit.image_sha256))
    return pictures


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _address(path: Path, place: Path) -> str:
    """The quoted address of a folder as a page in ``place`` links to it."""
    return quote(Path(os.path.relpath(path, place)).as_posix())


def _column(parts: Sequence[Array]) -> Array:
    return np.concatenate([np.empty(0), *parts])
