"""A folder of images with a table: `items.csv` or `items.jsonl`."""

import json
import math
import reprlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from snakedit.core.errors import SourceError
from snakedit.core.hashing import file_sha256
from snakedit.sources.picture_folder import folder_stamp, picture_in, read_picture
from snakedit.sources.rows import (
    UNCATEGORISED,
    Format,
    Place,
    SourceRow,
    examine,
    extra_of,
    label_of,
    seed_of,
    tags_of,
    text_of,
)
from snakedit.sources.tables import read_table

TABLES = ("items.csv", "items.jsonl")
IMAGE_COLUMNS = ("image", "reference", "mask")
_HUMAN_PREFIX = "human_"
_KNOWN = {
    *(*IMAGE_COLUMNS, "id", "category", "instruction", "description", "rationale", "tags", "difficulty"),
    *("seed", "human", "language"),
}


class Folder(Format):
    """The format `folder`; config/README.md lists its columns."""

    languages: ClassVar[tuple[str, ...] | None] = ("en", "zh")

    def stamp(self) -> str:
        """Return size and mtime of the table and of every file below the folder."""
        _table(self.benchmark.path)
        return folder_stamp(Path(self.benchmark.path))

    def rows(self, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the table's rows."""
        table = _table(self.benchmark.path)
        for place, raw in read_table(table, start, required=("image", "instruction")):
            yield _row(place, raw, table.parent, self.benchmark.language)


def _table(path: str) -> Path:
    folder = Path(path)
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(tables) != 1:
        content = "both tables" if tables else "no table"
        raise SourceError(f"holds {content}", where=str(folder), allowed=f"one of {', '.join(TABLES)}")
    return tables[0]


def _row(place: Place, raw: dict[str, Any], folder: Path, language: str) -> SourceRow:
    category, row_id = label_of(raw, "category") or UNCATEGORISED, label_of(raw, "id")
    digest, error = examine(raw)
    if error is not None:
        return SourceRow(place, category, row_id, digest, error=error)
    seed, human = None, None
    readers: dict[str, Callable[[], bytes]] = {}
    hashes = {}
    try:
        seed = seed_of(raw.get("seed"))
    except ValueError as caught:
        error = f"the column 'seed': {caught}"
    try:
        human = _human(raw)
    except SourceError as caught:
        error = str(caught)
    for column in IMAGE_COLUMNS:
        names = raw.get(column)
        for nth, name in enumerate(names if isinstance(names, list) else [names]):
            if name is None or not str(name).strip():
                continue
            try:
                path = picture_in(folder, str(name).strip())
                hashes[f"{column} {nth}"] = file_sha256(path)
                readers[f"{column} {nth}"] = partial(read_picture, path, column)
            except SourceError as caught:
                error = f"the column '{column}': {caught}"
            except OSError as caught:
                error = f"the column '{column}': '{name}' cannot be read ({caught.strerror})"
    images = tuple(reader for key, reader in readers.items() if key.startswith("image "))
    if not images and error is None:
        error = "the column 'image' is empty"
    return SourceRow(
        place=place,
        category=category,
        id=row_id,
        digest=examine({"row": digest, "files": hashes})[0],
        images=images,
        reference=readers.get("reference 0"),
        mask=readers.get("mask 0"),
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
    """Ratings by people: editor → number, from `human` (a JSON object) and columns `human_EDITOR`.

    A null, like an empty column, is no rating.
    """
    given = raw.get("human") or {}
    try:
        ratings = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        ratings = None
    if not isinstance(ratings, dict):
        raise SourceError(
            f"{reprlib.repr(given)} is not a JSON object of numbers", where="the column 'human'"
        )
    numbers = {
        f"human.{editor}": (editor, rating) for editor, rating in ratings.items() if rating is not None
    }
    for key, value in raw.items():
        if key.startswith(_HUMAN_PREFIX) and value not in (None, ""):
            numbers[key] = (key.removeprefix(_HUMAN_PREFIX), value)
    return {editor: _rating(value, key) for key, (editor, value) in numbers.items()} or None


def _rating(value: Any, column: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SourceError(f"{reprlib.repr(value)} is not a number", where=f"the column '{column}'")
    return number
