"""The format `folder`: a folder of images with a table, `items.csv` or `items.jsonl`."""

import json
import math
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snakedit.core.errors import SourceError
from snakedit.sources.format import Format
from snakedit.sources.picture_folder import folder_stamp, row_pictures
from snakedit.sources.rows import (
    UNCATEGORISED,
    Place,
    SourceRow,
    extra_of,
    label_of,
    row_digest,
    seed_of,
    tags_of,
    text_of,
)
from snakedit.sources.tables import read_table

TABLES = ("items.csv", "items.jsonl")
REQUIRED_COLUMNS = ("image", "instruction")
IMAGE_COLUMNS = ("image", "reference", "mask")
_HUMAN_PREFIX = "human_"
_KNOWN = {
    *(*IMAGE_COLUMNS, "id", "category", "instruction", "description", "rationale", "tags", "difficulty"),
    *("seed", "human", "language"),
}


class Folder(Format):
    """The format `folder`; config/README.md lists its columns."""

    def stamp(self) -> str:
        """Return a hash of the paths, sizes and mtimes of all files below the folder."""
        self._table()
        return folder_stamp(Path(self.benchmark.path))

    def rows(self, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the table's rows."""
        for place, raw in read_table(self._table(), start, REQUIRED_COLUMNS):
            yield _row(place, raw, Path(self.benchmark.path), self.benchmark.language)

    def _table(self) -> Path:
        folder = Path(self.benchmark.path)
        tables = [folder / name for name in TABLES if (folder / name).is_file()]
        if len(tables) != 1:
            count = "both tables" if tables else "no table"
            raise SourceError(f"holds {count}", where=str(folder), allowed=f"one of {', '.join(TABLES)}")
        return tables[0]


def _row(place: Place, raw: dict[str, Any], folder: Path, language: str) -> SourceRow:
    category, row_id = label_of(raw, "category") or UNCATEGORISED, label_of(raw, "id")
    digest, error = row_digest(raw)
    if error is not None:
        return SourceRow(place, category, row_id, digest, error=error)
    seed, human = None, None
    try:
        seed = seed_of(raw.get("seed"))
    except ValueError as caught:
        error = f"the column 'seed': {caught}"
    try:
        human = _human(raw)
    except SourceError as caught:
        error = str(caught)
    pictures = row_pictures(folder, {column: raw.get(column) for column in IMAGE_COLUMNS})
    error = pictures.error or error
    images = tuple(pictures.readers["image"])
    if not images and error is None:
        error = "the column 'image' is empty"
    return SourceRow(
        place=place,
        category=category,
        id=row_id,
        digest=row_digest({"row": digest, "files": pictures.sha256s})[0],
        images=images,
        reference=pictures.first("reference"),
        mask=pictures.first("mask"),
        fields={
            "instruction": text_of(raw, "instruction") or "",
            "language": text_of(raw, "language") or language,
            "description": text_of(raw, "description"),
            "rationale": text_of(raw, "rationale"),
            "tags": tags_of(raw.get("tags")),
            "difficulty": label_of(raw, "difficulty"),
            "seed": seed,
            "human": human,
            "extra": extra_of(raw, _KNOWN | {key for key in raw if key.startswith(_HUMAN_PREFIX)}),
        },
        error=error,
    )


def _human(raw: dict[str, Any]) -> dict[str, float] | None:
    """Return people's ratings, editor → number: from `human`, a JSON object, and columns `human_EDITOR`.

    A null or an empty column is no rating.
    """
    value = raw.get("human") or {}
    try:
        ratings = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        ratings = None
    if not isinstance(ratings, dict):
        raise SourceError(
            f"{reprlib.repr(value)} is not a JSON object of numbers", where="the column 'human'"
        )
    numbers = {
        f"human.{editor}": (editor, rating) for editor, rating in ratings.items() if rating is not None
    }
    for key, rating in raw.items():
        if key.startswith(_HUMAN_PREFIX) and rating not in (None, ""):
            numbers[key] = (key.removeprefix(_HUMAN_PREFIX), rating)
    return {editor: _rating(rating, key) for key, (editor, rating) in numbers.items()} or None


def _rating(value: Any, column: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SourceError(f"{reprlib.repr(value)} is not a number", where=f"the column '{column}'")
    return number
