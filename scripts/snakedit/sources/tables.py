"""Reading tables with a row for each item: CSV, with commas, semicolons or tabs, and JSON of any kind."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from snakedit.core.errors import SourceError, did_you_mean
from snakedit.sources.encodings import Lines, open_utf8, place_of_bad_bytes
from snakedit.sources.json_rows import TableRow, json_rows
from snakedit.sources.keys import is_known, names_of
from snakedit.sources.rows import Place

CSV_SUFFIXES = (".csv", ".tsv")
TABLE_SUFFIXES = (*CSV_SUFFIXES, ".jsonl", ".ndjson", ".json")
MAX_COLUMNS = 1_000
_HEADER_BYTES = 1 << 20
# How programs write a missing number.
_NAN = ("NaN", "nan")

# By default the csv module refuses a whole table with one long field; the row's own checks are enough.
# The limit is a C long, which holds at least this much.
csv.field_size_limit(2**31 - 1)


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    return _bare(path).endswith(TABLE_SUFFIXES) and path.is_file()


def read_table(table: Path, start: Place | None = None, required: Sequence[str] = ()) -> Iterator[TableRow]:
    """Yield the rows of a table.

    Args:
        table: a CSV file with a header if the name ends in ``.csv`` or ``.tsv``, else JSON; also gzipped.
        start: the place of the row to begin with.
        required: parts of a row (`snakedit.sources.keys.NAMES`) for which a CSV file must have a column.

    Raises:
        SourceError: naming the file and the line, if the table cannot be read as such.
    """
    if not _bare(table).endswith(CSV_SUFFIXES):
        yield from json_rows(str(table), start)
        return
    try:
        yield from _csv_rows(table, start, required)
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 ({error.reason})", where=place_of_bad_bytes(table)) from None


def _bare(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")


def _csv_rows(table: Path, start: Place | None, required: Sequence[str]) -> Iterator[TableRow]:
    with open_utf8(table) as head, open_utf8(table) as file:
        place = Place(row=1)
        try:
            delimiter = _delimiter(head.read(_HEADER_BYTES).decode(errors="replace").splitlines()[:1])
            lines = Lines(head)
            columns = next(csv.reader(lines, strict=True, delimiter=delimiter), [])
            _check_columns(columns, required, table)
            place = start or Place(1, lines.byte, lines.number)
            lines = Lines(file, place.byte, place.line)
            for row in csv.DictReader(lines, columns, strict=True, delimiter=delimiter):
                if None in row or None in row.values():
                    raise SourceError(
                        f"a row of another length than the header's {len(columns)} columns",
                        where=f"{table}:{lines.number}",
                    )
                values: dict[str, Any] = {
                    name: None if value in _NAN else value for name, value in row.items()
                }
                yield TableRow(place, None, None, values)
                place = Place(place.row + 1, lines.byte, lines.number)
        except csv.Error as error:
            raise SourceError(f"not CSV ({error})", where=f"{table}:{place.line + 1}") from None


def _delimiter(header: list[str]) -> str:
    """Return what separates the columns: with it most names of the header are known."""

    def known(delimiter: str) -> int:
        try:
            names = next(csv.reader(header, delimiter=delimiter), [])
        except csv.Error:
            return 0
        return sum(is_known([name]) for name in names[:MAX_COLUMNS])

    return max(",;\t", key=known)


def _check_columns(columns: Sequence[str], required: Sequence[str], table: Path) -> None:
    if len(columns) > MAX_COLUMNS:
        raise SourceError(f"{len(columns):,} columns", where=f"{table}:1", allowed=f"at most {MAX_COLUMNS:,}")
    for part in required:
        if not names_of(part).intersection(columns):
            raise SourceError(
                f"the column '{part}' is missing{did_you_mean(part, columns)}", where=f"{table}:1"
            )
    for column in columns:
        if columns.count(column) > 1:
            raise SourceError(f"the column '{column}' is there more than once", where=f"{table}:1")
