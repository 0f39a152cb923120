"""Reading tables with a row for each item: CSV and JSON Lines in UTF-8."""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

from snakedit.core.errors import SourceError, did_you_mean
from snakedit.sources.rows import Place

# By default the csv module refuses a whole table with one long field; the row's own checks are enough.
# The limit is a C long, which holds at least this much.
csv.field_size_limit(2**31 - 1)


def read_table(
    table: Path, start: Place | None = None, required: Sequence[str] = ()
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the rows of a table with their places.

    Args:
        table: a CSV file with a header if the name ends in ``.csv``, else JSON Lines.
        start: the place of the row to begin with.
        required: columns that a CSV file must have.

    Raises:
        SourceError: naming the file and the line, if the table cannot be read as such.
    """
    rows = _csv_rows(table, start, required) if table.suffix == ".csv" else _json_rows(table, start)
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 ({error.reason})", where=_place_of_bad_bytes(table)) from None
    except OSError as error:
        raise SourceError(f"cannot be read ({error})", where=str(table)) from None


def parse_json(text: str, where: str) -> Any:
    """Return the value of a JSON text. A number that JSON or Python cannot hold stays text.

    Raises:
        SourceError: if it is not JSON, or nested too deep; it begins with ``where``.
    """
    try:
        return json.loads(text, parse_float=_fraction, parse_int=_whole, parse_constant=str)
    except json.JSONDecodeError as error:
        raise SourceError(f"not JSON ({error.msg})", where=where) from None
    except RecursionError:
        raise SourceError("nested too deep", where=where) from None


class _Lines:
    """The lines of a table from a place on, with their line ends. It knows where the next one begins."""

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


def _csv_rows(
    table: Path, start: Place | None, required: Sequence[str]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    with open(table, "rb") as head, open(table, "rb") as file:
        lines, place = _Lines(head), Place(row=1)
        try:
            columns = csv.DictReader(lines, strict=True).fieldnames or ()
            _check_columns(columns, required, table)
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


def _check_columns(columns: Sequence[str], required: Sequence[str], table: Path) -> None:
    for column in required:
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
            where = f"{table}:{lines.number}"
            row = parse_json(line, where)
            if not isinstance(row, dict):
                raise SourceError(f"a {type(row).__name__}, not an object", where=where)
            yield place, row
            place = lines.place(place.row + 1)


def _place_of_bad_bytes(table: Path) -> str:
    """Return the file and the line. Text is decoded in blocks, so the decoding error has no line."""
    with open(table, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f"{table}:{number}"
    return str(table)


def _fraction(text: str) -> float | str:
    return float(text) if math.isfinite(float(text)) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 300 else text
