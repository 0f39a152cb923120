"""A folder of images with a table: `items.csv` or `items.jsonl`."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from snakedit.config import BenchmarkConfig
from snakedit.errors import SourceError
from snakedit.recipe import canonical, file_sha256
from snakedit.sources.base import UNCATEGORISED, SourceRow, seed_of, tags_of, text_of

TABLES = ("items.csv", "items.jsonl")
IMAGE_COLUMNS = ("image", "reference", "mask")
_HUMAN_PREFIX = "human_"
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

    def rows(self, benchmark: BenchmarkConfig) -> Iterator[SourceRow]:
        """Yield the table's rows."""
        table = _table(benchmark)
        read = _csv_rows if table.suffix == ".csv" else _json_rows
        try:
            for number, raw in enumerate(read(table), start=1):
                yield _row(number, raw, Path(benchmark.path), benchmark.language)
        except UnicodeDecodeError as error:
            raise SourceError(f"not UTF-8 ({error.reason})", where=str(table)) from None
        except (OSError, csv.Error) as error:
            raise SourceError(f"cannot be read ({error})", where=str(table)) from None


def _table(benchmark: BenchmarkConfig) -> Path:
    folder = Path(benchmark.path)
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(tables) != 1:
        found = "both tables" if tables else "no table"
        raise SourceError(f"holds {found}", where=str(folder), allowed=f"one of {', '.join(TABLES)}")
    return tables[0]


def _csv_rows(table: Path) -> Iterator[dict[str, Any]]:
    with open(table, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for column in ("image", "instruction"):
            if column not in (reader.fieldnames or ()):
                raise SourceError(f"the column '{column}' is missing", where=str(table))
        for row in reader:
            if None in row or None in row.values():
                raise SourceError(
                    f"a row of another length than the header's {len(reader.fieldnames or ())} columns",
                    where=f"{table}:{reader.line_num}",
                )
            yield row


def _json_rows(table: Path) -> Iterator[dict[str, Any]]:
    with open(table, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise SourceError(f"not JSON ({error.msg})", where=f"{table}:{number}") from None
            if not isinstance(row, dict):
                raise SourceError(f"a {type(row).__name__}, not an object", where=f"{table}:{number}")
            yield row


def _row(number: int, raw: dict[str, Any], folder: Path, language: str) -> SourceRow:
    error, seed, human = None, None, None
    readers: dict[str, Callable[[], bytes]] = {}
    hashes = {}
    try:
        seed = seed_of(raw.get("seed"))
    except (TypeError, ValueError):
        error = f"the column 'seed': {raw['seed']!r} is not a whole number of 0 or more"
    try:
        human = _human(raw)
    except (TypeError, ValueError):
        error = "the ratings by people are not numbers"
    for column in IMAGE_COLUMNS:
        names = raw.get(column)
        for place, name in enumerate(names if isinstance(names, list) else [names]):
            if name is None or not str(name).strip():
                continue
            path = folder / str(name).strip()
            if not path.resolve().is_relative_to(folder.resolve()):
                error = f"the column '{column}': '{name}' leaves the folder"
            elif not path.is_file():
                error = f"the column '{column}': there is no file '{name}'"
            else:
                hashes[f"{column} {place}"] = file_sha256(path)
                readers[f"{column} {place}"] = partial(path.read_bytes)
    images = tuple(reader for key, reader in readers.items() if key.startswith("image "))
    if not images and error is None:
        error = "the column 'image' is empty"
    row_id = raw.get("id")
    return SourceRow(
        number=number,
        category=text_of(raw, "category") or UNCATEGORISED,
        id=str(row_id).strip() if row_id is not None and str(row_id).strip() else None,
        digest=hashlib.sha256(canonical([raw, hashes]).encode("utf-8", "surrogatepass")).hexdigest(),
        images=images,
        reference=readers.get("reference 0"),
        mask=readers.get("mask 0"),
        fields={
            "instruction": text_of(raw, "instruction") or "",
            "language": text_of(raw, "language") or language,
            "description": text_of(raw, "description"),
            "rationale": text_of(raw, "rationale"),
            "tags": tags_of(raw.get("tags")),
            "difficulty": text_of(raw, "difficulty"),
            "seed": seed,
            "human": human,
            "extra": {
                key: value
                for key, value in raw.items()
                if key not in _KNOWN and not key.startswith(_HUMAN_PREFIX)
            },
        },
        error=error,
    )


def _human(raw: dict[str, Any]) -> dict[str, float] | None:
    """Ratings by people: editor → number, from `human` (a JSON object) and columns `human_EDITOR`."""
    given = raw.get("human") or {}
    ratings = json.loads(given) if isinstance(given, str) else dict(given)
    for key, value in raw.items():
        if key.startswith(_HUMAN_PREFIX) and value not in (None, ""):
            ratings[key.removeprefix(_HUMAN_PREFIX)] = value
    return {editor: float(value) for editor, value in ratings.items()} or None
