"""Where each row of a JSON benchmark begins in its file, which the parser that streams it does not tell."""

import re
from collections import deque
from typing import BinaryIO

# No possessive quantifiers: those of Python before 3.11.5 end too early.
# Of JSON only strings, brackets and commas matter here; in UTF-8 no other character has their bytes in it.
_REST_OF_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
_TO_COMMA = re.compile(rb'(?:[^"{}\[\],]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")


class PlacedFile:
    """A file of a list of rows, or of a dict of such lists, that notes where rows begin while it is read.

    It sees all that the parser sees and no later, so a row's place is known before the parser yields the row.
    Of a file that is not JSON the places mean nothing; the parser raises before it yields a row of it.
    """

    def __init__(self, file: BinaryIO, opening: str = "") -> None:
        """Read from the file's position on.

        Args:
            opening: what is read first, as if it stood there: the brackets that the position is within.
        """
        self._file = file
        self._opening = opening.encode()
        # Where in the file the bytes lie that are looked at next.
        self._base = file.tell() - len(self._opening)
        self._begun: deque[int] = deque()
        # Open brackets, and how many of them enclose a row: not known before the first.
        self._depth, self._row_depth = 0, 0
        self._in_string = self._escaped = False
        # After a list's bracket or comma: where its next row, if there is one, begins.
        self._next: int | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the file; the opening comes whole."""
        data = b""
        # ijson reads nothing once, to see of what type it is.
        if size != 0:
            data, self._opening = self._opening or self._file.read(size), b""
        self._look_at(data)
        self._base += len(data)
        return data

    def next_element(self) -> int:
        """Return the byte from which the next row can be read: after the bracket or comma before it."""
        return self._begun.popleft()

    def _look_at(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._in_string:
                at = self._pass_string(data, at)
            elif self._next is not None:
                at = _end(_SPACE, data, at)
                # An empty list has no row.
                if data[at : at + 1] not in (b"", b"]"):
                    self._begun.append(self._next)
                if at < len(data):
                    self._next = None
            else:
                in_list = self._depth == self._row_depth > 0
                at = _end(_TO_COMMA if in_list else _TO_BRACKET, data, at)
                if at < len(data):
                    self._pass(data[at : at + 1], self._base + at)
                    at += 1

    def _pass_string(self, data: bytes, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        at = _end(_REST_OF_STRING, data, at)
        if at < len(data):
            # A quotation mark, or a backslash at the end of what has been read.
            self._in_string = self._escaped = data[at : at + 1] == b"\\"
        return at + 1

    def _pass(self, mark: bytes, place: int) -> None:
        if mark == b'"':
            self._in_string = True
        elif mark == b",":
            self._next = place + 1
        elif mark in b"{[":
            if self._depth == 0:
                self._row_depth = 1 if mark == b"[" else 2
            self._depth += 1
            if self._depth == self._row_depth:
                self._next = place + 1
        else:
            self._depth -= 1


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Return where what matches at a place ends; a pattern that may be empty always matches."""
    match = pattern.match(data, at)
    assert match is not None
    return match.end()
