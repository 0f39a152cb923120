"""A folder of images with a table: `items.csv` or `items.jsonl`."""

import csv
import hashlib
import json
import math
import reprlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

from snakedit.config.load import BenchmarkConfig
from snakedit.core.errors import SourceError, did_you_mean
from snakedit.core.hashing import file_sha256
from snakedit.sources.rows import (
    UNCATEGORISED,
    Place,
    SourceRow,
    examine,
    extra_of,
    label_of,
    seed_of,
    tags_of,
    text_of,
)

TABLES = ("items.csv", "items.jsonl")
IMAGE_COLUMNS = ("image", "reference", "mask")
_HUMAN_PREFIX = "human_"
# A long field is left to its row: of itself the csv module gives up the table. No C long is shorter.
csv.field_size_limit(2**31 - 1)
_KNOWN = {
    *(*IMAGE_COLUMNS, "id", "category", "instruction", "description", "rationale", "tags", "difficulty"),
    *("seed", "human", "language"),
}


class Folder:
    """The format `folder`; config/README.md lists its columns."""

    def stamp(self, benchmark: BenchmarkConfig) -> str:
        """Return size and mtime of the table and of every file below the folder."""
        _table(benchmark)
        digest = hashlib.sha256()
        for path in sorted(Path(benchmark.path).rglob("*")):
            if path.is_file():
                stat = path.stat()
                digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "replace"))
        return digest.hexdigest()

    def rows(self, benchmark: BenchmarkConfig, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the table's rows."""
        table = _table(benchmark)
        read = _csv_rows if table.suffix == ".csv" else _json_rows
        try:
            for place, raw in read(table, start):
                yield _row(place, raw, Path(benchmark.path), benchmark.language)
        except UnicodeDecodeError as error:
            raise SourceError(f"not UTF-8 ({error.reason})", where=_place_of_bad_bytes(table)) from None
        except OSError as error:
            raise SourceError(f"cannot be read ({error})", where=str(table)) from None


def _table(benchmark: BenchmarkConfig) -> Path:
    folder = Path(benchmark.path)
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(tables) != 1:
        found = "both tables" if tables else "no table"
        raise SourceError(f"holds {found}", where=str(folder), allowed=f"one of {', '.join(TABLES)}")
    return tables[0]


def _place_of_bad_bytes(table: Path) -> str:
    """File and line; the text is decoded in blocks, so the error itself does not know the line."""
    with open(table, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f"{table}:{number}"
    return str(table)


class _Lines:
    """A table's lines from a place on, with their ends as they are; knows where the next one begins."""

    def __init__(self, file: BinaryIO, start: Place | None = None) -> None:
        self.byte, self.number = (start.byte, start.line) if start else (0, 0)
        file.seek(self.byte)
        self._text = TextIOWrapper(file, encoding="utf-8", newline="")

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            begins_file = self.byte == 0
            self.byte += len(line.encode())
            self.number += 1
            yield line.removeprefix("\ufeff") if begins_file else line

    def place(self, row: int) -> Place:
        """Return the place of a row that begins with the next line."""
        return Place(row, self.byte, self.number)


def _csv_rows(table: Path, start: Place | None) -> Iterator[tuple[Place, dict[str, Any]]]:
    with open(table, "rb") as head, open(table, "rb") as file:
        lines, place = _Lines(head), Place(row=1, byte=0)
        try:
            columns = csv.DictReader(lines, strict=True).fieldnames or ()
            _check_columns(columns, table)
            place = start or lines.place(row=1)
            lines = _Lines(file, place)
            for row in csv.DictReader(lines, columns, strict=True):
                if None in row or None in row.values():
                    raise SourceError(
                        f"a row of another length than the header's {len(columns)} columns",
                        where=f"{table}:{lines.number}",
                    )
                yield place, row
                place = lines.place(place.row + 1)
        except csv.Error as error:
            raise SourceError(f"not CSV ({error})", where=f"{table}:{place.line + 1}") from None


def _check_columns(columns: Sequence[str], table: Path) -> None:
    for column in ("image", "instruction"):
        if column not in columns:
            raise SourceError(
                f"the column '{column}' is missing{did_you_mean(column, columns)}", where=f"{table}:1"
            )
    for column in columns:
        if columns.count(column) > 1:
            raise SourceError(f"the column '{column}' is there more than once", where=f"{table}:1")


def _json_rows(table: Path, start: Place | None) -> Iterator[tuple[Place, dict[str, Any]]]:
    with open(table, "rb") as file:
        lines = _Lines(file, start)
        place = lines.place(start.row if start else 1)
        for line in lines:
            if not line.strip():
                continue
            try:
                # A number that JSON or Python cannot hold stays the text that it was.
                row = json.loads(line, parse_float=_fraction, parse_int=_whole, parse_constant=str)
            except json.JSONDecodeError as error:
                raise SourceError(f"not JSON ({error.msg})", where=f"{table}:{lines.number}") from None
            except RecursionError:
                raise SourceError("nested too deep", where=f"{table}:{lines.number}") from None
            if not isinstance(row, dict):
                raise SourceError(f"a {type(row).__name__}, not an object", where=f"{table}:{lines.number}")
            yield place, row
            place = lines.place(place.row + 1)


def _fraction(text: str) -> float | str:
    return float(text) if math.isfinite(float(text)) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 300 else text


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
                path = _inside(folder, str(name).strip())
                hashes[f"{column} {nth}"] = file_sha256(path)
                readers[f"{column} {nth}"] = partial(_bytes_of, path, column)
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


def _inside(folder: Path, name: str) -> Path:
    """Return the file of this name; no name and no link may lead out of the folder."""
    path = folder / name
    try:
        if Path(name).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
            raise SourceError(f"'{name}' leaves the folder", allowed="a path relative to it")
        if not path.is_file():
            raise SourceError(f"there is no file '{name}'")
    except (ValueError, RuntimeError) as error:
        # Python 3.11 says so of a NUL in a name and of links in a circle.
        raise SourceError(f"'{name}' is no path ({error})") from None
    return path


def _bytes_of(path: Path, column: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"'{path.name}' cannot be read ({error.strerror})", where=f"the column '{column}'"
        ) from None


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
