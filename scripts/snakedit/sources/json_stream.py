"""Reading JSON value by value from a stream of any size.

A scan finds where a value ends, and Python's own parser reads it. The scan passes over base64 at the speed of
`bytearray.find`, so that reading a file so takes less time than `json.load`.
"""

import json
import math
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

from snakedit.core.errors import SourceError
from snakedit.sources.rows import MAX_DEPTH

BLOCK = 1 << 20
MAX_VALUE_BYTES = 512 << 20
_SPACE = re.compile(rb"[ \t\r\n]*")
# Up to a bracket, or to a string that is long or holds an escape; `find` is faster for those. In UTF-8 these
# bytes are part of no other character.
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]+|"[^"\\]{0,1000}")*')
_SCALAR = re.compile(rb"[^\s,:\"{}\[\]]*")
_BACKSLASH = ord("\\")


class NotJsonError(Exception):
    """The text is not JSON; the message says why."""


def load_json(text: str) -> Any:
    """Return the value of a JSON text. NaN is null; a number that JSON or Python cannot hold stays text.

    Raises:
        ValueError: if it is not JSON.
        RecursionError: if it is nested too deep.
    """
    return json.loads(text, parse_float=_fraction, parse_int=_whole, parse_constant=_constant)


class JsonStream:
    """A stream's JSON, read block by block; what is before the current value is dropped.

    Args:
        position: of the stream, where reading begins.
        path: the file's name, for messages.
    """

    def __init__(self, file: BinaryIO, position: int = 0, path: str = "") -> None:
        self._file, self._path = file, path
        self._data = bytearray()
        # The stream's position of the first byte in memory, and where in memory reading goes on.
        self._base, self._at = position, 0

    @property
    def position(self) -> int:
        """The stream's position where reading goes on."""
        return self._base + self._at

    def skip(self) -> None:
        """Pass over one byte, which has been peeked at."""
        self._at += 1

    def head(self) -> bytes:
        """Return up to a block from the position on, which stays."""
        while len(self._data) - self._at < BLOCK and self._more():
            pass
        return bytes(self._data[self._at :])

    def peek(self) -> bytes:
        """Pass over blanks; return the next byte, or nothing at the end of the file."""
        while True:
            match = _SPACE.match(self._data, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._data) or not self._more():
                return bytes(self._data[self._at : self._at + 1])

    def places(self, close: bytes, state: str) -> Iterator[None]:
        """Yield at the place of each element or key of a list or dict, and pass over what is between.

        Args:
            state: where the position is: behind the "open" bracket, "at" an element, or "after" one.
        """
        if state == "open" and self.peek() == close:
            self._at += 1
            return
        while True:
            if state != "after":
                if self.peek() in (b"", close):
                    raise NotJsonError("unfinished")
                yield
            mark, state = self.peek(), "at"
            self._at += 1
            if mark == close:
                return
            if mark != b",":
                raise NotJsonError(f"',' or '{close.decode()}' was expected" if mark else "unfinished")

    def key(self) -> str:
        """Return the key at the position and pass over it and its colon."""
        if self.peek() != b'"':
            raise NotJsonError("a key in quotation marks was expected")
        key = self.value()
        if self.peek() != b":":
            raise NotJsonError("':' was expected")
        self._at += 1
        return str(key)

    def value(self, is_row: bool = True) -> Any:
        """Return the value at the position and pass over it. What is nested too deep is a deep list."""
        self.peek()
        self._drop()
        self._at = self._end()
        with memoryview(self._data) as view:
            text = str(view[: self._at], "utf-8")
        try:
            return load_json(text)
        except ValueError as error:
            raise NotJsonError(getattr(error, "msg", error)) from None
        except RecursionError:
            return _outer_values(text) if is_row and text.startswith("{") else _deep_list()

    def members(self) -> dict[str, Any]:
        """Return the object at the position, each value of which is read alone."""
        self.peek()
        self.skip()
        return {self.key(): self.value(is_row=False) for _ in self.places(b"}", "open")}

    def _end(self) -> int:
        """Return where the value at the position ends."""
        mark = self.peek()
        if mark == b'"':
            return self._string_end(self._at)
        if mark not in (b"{", b"["):
            while True:
                match = _SCALAR.match(self._data, self._at)
                end = match.end() if match else self._at
                if end < len(self._data) or not self._more():
                    return end
        at, depth = self._at, 0
        while True:
            match = _TO_BRACKET.match(self._data, at)
            at = match.end() if match else at
            if at == len(self._data):
                self._need_more()
            elif self._data[at] == ord('"'):
                at = self._string_end(at)
            else:
                depth += 1 if self._data[at] in b"{[" else -1
                at += 1
                if depth == 0:
                    return at

    def _string_end(self, begin: int) -> int:
        """Return where the string that begins at a quotation mark ends."""
        at = begin + 1
        while True:
            mark = self._data.find(b'"', at)
            if mark < 0:
                at = max(len(self._data), at)
                self._need_more()
                continue
            before = mark
            while before > begin + 1 and self._data[before - 1] == _BACKSLASH:
                before -= 1
            if (mark - before) % 2 == 0:
                return mark + 1
            at = mark + 1

    def _drop(self) -> None:
        del self._data[: self._at]
        self._base, self._at = self._base + self._at, 0

    def _need_more(self) -> None:
        if not self._more():
            raise NotJsonError("unfinished")

    def _more(self) -> bool:
        if len(self._data) > MAX_VALUE_BYTES:
            size = f"{MAX_VALUE_BYTES >> 20} MB"
            raise SourceError(f"one row has over {size}", where=self._path)
        block = self._file.read(BLOCK)
        self._data += block
        return bool(block)


def _outer_values(text: str) -> dict[str, Any]:
    return JsonStream(BytesIO(text.encode())).members()


def _deep_list() -> list[Any]:
    value: list[Any] = []
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    return value


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name


def _fraction(text: str) -> float | str:
    return float(text) if math.isfinite(float(text)) else text


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= 300 else text
