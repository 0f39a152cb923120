"""Where each row of a JSON benchmark begins in its file. The streaming parser, ijson, does not report it."""

import re
from collections import deque
from typing import BinaryIO

# Only strings, brackets and commas matter here. In UTF-8 their bytes are part of no other character.
# No possessive quantifiers are used: before Python 3.11.5 they match too little.
_REST_OF_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
_TO_COMMA = re.compile(rb'(?:[^"{}\[\],]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*")


class PlacedFile:
    """A file that records where rows begin while a parser reads it: a list of rows, or a dict of such lists.

    It scans each block before the parser gets it, so a row's place is known before the parser yields the row.
    If the file is not JSON the places mean nothing, but then the parser raises before it yields a row.
    """

    def __init__(self, file: BinaryIO, opening: str = "") -> None:
        """Begin at the file's position.

        Args:
            opening: text that is read first, as if the file had it: the brackets that enclose the position.
        """
        self._file = file
        self._opening = opening.encode()
        # The file's position of the next byte to be scanned.
        self._base = file.tell() - len(self._opening)
        self._begun: deque[int] = deque()
        # How many brackets are open, and how many of them enclose a row; 0 until the first is read.
        self._depth, self._row_depth = 0, 0
        self._in_string = self._escaped = False
        # After a list's bracket or comma: where the list's next row begins, if there is one.
        self._next: int | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the file; the opening is returned whole."""
        data = b""
        # ijson reads 0 bytes once, to learn the type.
        if size != 0:
            data, self._opening = self._opening or self._file.read(size), b""
        self._scan(data)
        self._base += len(data)
        return data

    def next_element(self) -> int:
        """Return the byte after the bracket or comma before the next row."""
        return self._begun.popleft()

    def _scan(self, data: bytes) -> None:
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
    """Return where the match at a position ends. These patterns match the empty text too, so one is there."""
    match = pattern.match(data, at)
    assert match is not None
    return match.end()
