"""The rows of a JSON file of any size, one in memory at a time, each with its place in the file."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from snakedit.core.errors import SourceError
from snakedit.sources.encodings import Lines, open_utf8, place_of_bad_bytes
from snakedit.sources.json_stream import JsonStream, NotJsonError, load_json
from snakedit.sources.keys import is_known
from snakedit.sources.rows import Place


class TableRow(NamedTuple):
    """One row.

    Attributes:
        category: the key of its list, in a dict of lists.
        key: its own key, in a dict of rows.
    """

    place: Place
    category: str | None
    key: str | None
    value: Any


def parse_json(text: str, where: str) -> Any:
    """Return what `load_json` does.

    Raises:
        SourceError: if it is not JSON, or nested too deep; it begins with ``where``.
    """
    try:
        return load_json(text)
    except json.JSONDecodeError as error:
        raise SourceError(f"not JSON ({error.msg})", where=where) from None
    except RecursionError:
        raise SourceError("nested too deep", where=where) from None


def json_rows(path: str, start: Place | None = None) -> Iterator[TableRow]:
    """Yield the rows of a list, of a dict of lists, of a dict of rows by id, or of JSON Lines.

    Args:
        start: the place of the row to begin with.

    Raises:
        SourceError: if the file cannot be read or is none of these.
    """
    is_lines = path.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    with open_utf8(path) as file:
        if start is not None:
            file.seek(start.byte)
        reader = _Reader(file, path, start)
        opening = start.opening if start else reader.opening(is_lines)
        rows = reader.lines() if opening == "" else reader.rows(opening)
        try:
            yield from rows
        except (NotJsonError, UnicodeDecodeError) as error:
            reason = error.reason if isinstance(error, UnicodeDecodeError) else error
            raise SourceError(f"not JSON in UTF-8 after row {reader.number} ({reason})", where=path) from None


class _Reader:
    """Finds the rows; knows how many it has read."""

    def __init__(self, file: BinaryIO, path: str, start: Place | None) -> None:
        self._file, self._path, self._start = file, path, start
        self._json = JsonStream(file, start.byte if start else 0, path)
        self.number = start.row - 1 if start else 0

    def opening(self, is_lines: bool) -> str:
        """Return the bracket that encloses the rows, or "" for JSON Lines; it is passed over.

        Raises:
            SourceError: if the file begins with none.
        """
        mark = self._json.peek()
        if mark == b"[" or (mark == b"{" and not is_lines and not self._begins_with_row()):
            self._json.skip()
            return mark.decode()
        if mark == b"{" or (is_lines and mark):
            return ""
        raise SourceError(
            "holds no benchmark" if mark else "is empty and holds no benchmark",
            where=self._path,
            allowed="a list of rows, a dict of rows by id, a dict of lists by category, or JSON Lines",
        )

    def rows(self, opening: str) -> Iterator[TableRow]:
        """Yield the rows from the position on, which is behind an opening bracket or at a row."""
        state = "open" if self._start is None else "at"
        if opening == "[":
            yield from self._elements(None, "[", state)
        else:
            if len(opening) > 1:
                yield from self._elements(json.loads(opening[1:-2]), opening, "at")
                state = "after"
            for _ in self._json.places(b"}", state):
                yield from self._member()
        if self._json.peek():
            raise NotJsonError("text after the end")

    def lines(self) -> Iterator[TableRow]:
        """Yield the rows of JSON Lines. Errors name the line."""
        lines = Lines(self._file, *((self._start.byte, self._start.line) if self._start else (0, 0)))
        byte, before = lines.byte, lines.number
        try:
            for line in lines:
                if line.strip():
                    self.number += 1
                    where = f"{self._path}:{lines.number}"
                    value = parse_json(line, where)
                    if not isinstance(value, dict):
                        raise SourceError(f"a {type(value).__name__}, not an object", where=where)
                    yield TableRow(Place(self.number, byte, before), None, None, value)
                    byte, before = lines.byte, lines.number
        except UnicodeDecodeError as error:
            where = place_of_bad_bytes(self._path)
            raise SourceError(f"not UTF-8 ({error.reason})", where=where) from None

    def _member(self) -> Iterator[TableRow]:
        """Yield the row, or the rows of the list, that a key of the outer dict holds."""
        place = self._json.position
        key = self._json.key()
        mark = self._json.peek()
        if mark == b"[":
            self._json.skip()
            yield from self._elements(key, f"{{{json.dumps(key)}:[", "open")
        elif mark == b"{":
            self.number += 1
            value = self._json.value()
            yield TableRow(Place(self.number, place, opening="{"), None, key, value)
        else:
            raise SourceError(
                f"the category '{key[:60]}' does not hold a list",
                where=self._path,
                allowed="a list of rows, or one row, under each key",
            )

    def _elements(self, category: str | None, opening: str, state: str) -> Iterator[TableRow]:
        for _ in self._json.places(b"]", state):
            place = self._json.position
            value = self._json.value()
            self.number += 1
            yield TableRow(Place(self.number, place, opening=opening), category, None, value)

    def _begins_with_row(self) -> bool:
        """Whether the object at the position is a row, so that the file is JSON Lines: it holds a scalar."""
        head = JsonStream(BytesIO(self._json.head()))
        head.peek()
        head.skip()
        marks = {}
        try:
            for _ in head.places(b"}", "open"):
                key = head.key()
                marks[key] = head.peek()
                head.value(is_row=False)
        except (NotJsonError, UnicodeDecodeError):
            # The block's end, or what the reading proper will name.
            pass
        return any(mark not in (b"[", b"{", b"") for mark in marks.values()) and is_known(marks)
