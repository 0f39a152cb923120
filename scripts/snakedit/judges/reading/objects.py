"""Find the objects of a reply: JSON, and what is nearly JSON (bare keys, single quotes, a quote in a text).

Every character is looked at once: an object that is broken is left out with all that follows it up to the
last brace.
"""

import json
import re
from dataclasses import dataclass
from typing import TypeAlias

# No reply of a judge has more.
MAX_TOKENS = 20_000
MAX_DEPTH = 20

# A quote ends a text where a comma, a colon or a bracket follows: judges forget to escape the others.
_TEXT = r"(?P<{0}>[^{1}\\]*+(?:(?:\\.|{1}(?!\s*+[,:}}\]]))[^{1}\\]*+)*+){1}"
_TOKEN = re.compile(
    r"\s*+(?:(?P<mark>[{}\[\]:,])|"
    + '"'
    + _TEXT.format("double", '"')
    + "|'"
    + _TEXT.format("single", "'")
    + r"|(?P<bare>[^\s{}\[\]:,\"'][^{}\[\]:,\n\"]*+))",
    re.DOTALL,
)
_OBJECT = re.compile(r"""\{\s*+(["']?)[^\W\d][\w &/().-]{0,60}\1\s*+:""")


@dataclass(frozen=True)
class ReplyScalar:
    """A text, a number or a word of an object; `is_quoted` tells a text from the others."""

    text: str
    is_quoted: bool


ReplyPairs: TypeAlias = "list[tuple[str, ReplyValue]]"
ReplyValue: TypeAlias = "ReplyScalar | ReplyObject | list[ReplyValue]"


@dataclass(frozen=True)
class ReplyObject:
    """An object within an object."""

    pairs: "ReplyPairs"


class _BrokenError(Exception):
    pass


def reply_objects(text: str) -> tuple[list["ReplyPairs"], str]:
    """Return the objects of a reply as pairs, repeated keys included, and the reply without them.

    Raises:
        ValueError: if there is more of them than a reply has.
    """
    objects: list[ReplyPairs] = []
    outside: list[str] = []
    at = 0
    reader = _Reader(text)
    while begin := _OBJECT.search(text, at):
        outside.append(text[at : begin.start()])
        try:
            value, at = reader.read(begin.start())
        except _BrokenError:
            last = text.rfind("}", begin.start())
            at = len(text) if last < 0 else last + 1
        else:
            objects.append(value.pairs)
    return objects, "\n".join([*outside, text[at:]])


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens = 0

    def read(self, at: int) -> tuple[ReplyObject, int]:
        """Return the object that begins at a brace, and where it ends."""
        self._at = at
        self._next()
        return self._object(0), self._at

    def _next(self) -> re.Match[str]:
        self._tokens += 1
        if self._tokens > MAX_TOKENS:
            raise ValueError(f"objects of more than {MAX_TOKENS} parts")
        token = _TOKEN.match(self._text, self._at)
        if token is None:
            raise _BrokenError
        self._at = token.end()
        return token

    def _object(self, depth: int) -> ReplyObject:
        pairs: ReplyPairs = []
        while True:
            token = self._next()
            if token["mark"] == "}":
                return ReplyObject(pairs)
            if token["mark"] is not None or self._next()["mark"] != ":":
                raise _BrokenError
            key = _scalar(token).text
            value, mark = self._value(self._next(), depth)
            pairs.append((key, value))
            if mark == "}":
                return ReplyObject(pairs)
            if mark != ",":
                raise _BrokenError

    def _value(self, token: re.Match[str], depth: int) -> tuple["ReplyValue", str | None]:
        """Return a value and the mark behind it."""
        if depth > MAX_DEPTH:
            raise _BrokenError
        if token["mark"] is None:
            value: ReplyValue = _scalar(token)
        elif token["mark"] == "{":
            value = self._object(depth + 1)
        elif token["mark"] == "[":
            value = self._list(depth + 1)
        else:
            raise _BrokenError
        return value, self._next()["mark"]

    def _list(self, depth: int) -> list["ReplyValue"]:
        values: list[ReplyValue] = []
        while True:
            token = self._next()
            if token["mark"] == "]":
                return values
            value, mark = self._value(token, depth)
            values.append(value)
            if mark == "]":
                return values
            if mark != ",":
                raise _BrokenError


def _scalar(token: re.Match[str]) -> ReplyScalar:
    text = token["double"]
    if text is None:
        text = token["single"]
    if text is None:
        return ReplyScalar(token["bare"].strip(), is_quoted=False)
    if "\\" in text:
        try:
            return ReplyScalar(str(json.loads(f'"{text}"', strict=False)), is_quoted=True)
        except ValueError:
            pass
    return ReplyScalar(text, is_quoted=True)
