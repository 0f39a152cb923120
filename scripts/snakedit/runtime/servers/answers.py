"""From the bytes of a server's answer to its JSON, in bounded time and memory."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snakedit.runtime.servers.errors import BrokenAnswerError, UnboundedAnswerError
from snakedit.runtime.servers.keys import Cleaner

# Small objects take some thirty times as much memory as their JSON.
MAX_JSON_BYTES = 4_000_000
_PICTURE = re.compile(rb"(?<![A-Za-z0-9+/=\\])[A-Za-z0-9+/=\\]{65536,}")
_SHOWN = 80


@dataclass(frozen=True)
class ParsedAnswer:
    """An answer's JSON. Of a long one, `pictures` holds the base64 that its marks in the JSON stand for."""

    data: Any
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def picture(self, text: str) -> bytes:
        """Return the base64 of a picture, as the answer's JSON holds it or a mark of it."""
        data_url = re.fullmatch(r"data:[\w/+.-]{0,60};base64,(.*)", text, re.DOTALL)
        text = data_url[1] if data_url else text
        return self.pictures[text].replace(b"\\/", b"/") if text in self.pictures else text.encode()


def parse_answer(body: bytearray, cleaner: Cleaner) -> ParsedAnswer:
    """Return a body's JSON without the key.

    The text of a long body would be held several times over, and four times as long if one character of
    it is wide. So its base64 is set apart as bytes before it is read; `body` is emptied then.

    Raises:
        UnboundedAnswerError: if there are over `MAX_JSON_BYTES` beside pictures.
        BrokenAnswerError: if it is no JSON that Python can hold.
    """
    pictures: dict[str, bytes] = {}
    if len(body) > MAX_JSON_BYTES:
        rest, pictures = _set_apart(body)
        body.clear()
        body = rest
    try:
        return ParsedAnswer(cleaner.parsed(body.decode("utf-8-sig", errors="replace")), pictures)
    except (ValueError, RecursionError):
        raise BrokenAnswerError(
            f"the server's answer is no JSON object: {excerpt_of(body, cleaner)!r}"
        ) from None


def excerpt_of(body: bytearray, cleaner: Cleaner) -> str:
    """Return the beginning of a body as text, without the key."""
    return cleaner.excerpt(bytes(body[:4000]).decode(errors="replace"), _SHOWN)


def _set_apart(body: bytearray) -> tuple[bytearray, dict[str, bytes]]:
    """Return a copy of a body with marks for its pictures, and the pictures by their marks."""
    pictures: dict[str, bytes] = {}
    rest, end = bytearray(), 0
    for match in _PICTURE.finditer(body):
        mark = f"<picture {len(pictures)}>"
        rest += memoryview(body)[end : match.start()]
        rest += mark.encode()
        pictures[mark], end = match[0], match.end()
        if len(rest) > MAX_JSON_BYTES:
            break
    length = len(rest) + len(body) - end
    if length > MAX_JSON_BYTES:
        raise UnboundedAnswerError(
            f"the server's answer has {length / 1e6:.0f} MB beside its pictures",
            allowed=f"{MAX_JSON_BYTES / 1e6:g} MB",
        )
    rest += memoryview(body)[end:]
    return rest, pictures
