"""Reading a number from what a judge wrote. What cannot be read for certain is not read."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any


class UnreadableReplyError(ValueError):
    """The reply holds no number on the scale, or more than one."""


_NUMBER = r"(?<![\w.,/-])\d{1,3}(?:\.\d+)?(?![\w%])(?!\.\d)(?!,\d)(?!\s*[-–~]\s*\d)"
_LABEL = r"(?:score|rating|grade|answer|result|评分|得分|分数|打分)"
# From the most explicit form to the barest. The first that is found decides.
PATTERNS = (
    re.compile(
        rf"{_LABEL}[^\d\n]{{0,20}}?(?P<value>{_NUMBER})(?:\s*(?:/|out of)\s*(?P<top>\d+))?", re.IGNORECASE
    ),
    re.compile(rf"(?P<value>{_NUMBER})\s*(?:/|out of)\s*(?P<top>\d+)", re.IGNORECASE),
    re.compile(rf"^\W*(?P<value>{_NUMBER})\W*$"),
    re.compile(rf"(?P<value>{_NUMBER})"),
)
_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)


def read_number(reply: str, low: int, high: int) -> float:
    """Return the one number on the scale that a reply gives.

    Args:
        reply: as the judge wrote it.
        low, high: ends of the scale.

    Raises:
        UnreadableReplyError: if there is none, if two differ, or if it is off the scale.
    """
    text = _REASONING.sub(" ", unicodedata.normalize("NFKC", reply)).replace("**", " ").strip()
    if not text:
        raise UnreadableReplyError("the reply is empty")
    found = set(_from_json(text)) or set(_from_patterns(text, high))
    if not found:
        raise UnreadableReplyError(f"no number in the reply {_short(reply)}")
    if len(found) > 1:
        raise UnreadableReplyError(f"{len(found)} different numbers in the reply {_short(reply)}")
    value = found.pop()
    if not low <= value <= high:
        raise UnreadableReplyError(f"{value:g} is off the scale from {low} to {high}")
    return value


def _from_json(text: str) -> Iterator[float]:
    for match in re.finditer(r"\{[^{}]*\}", text):
        try:
            data = json.loads(match[0])
        except json.JSONDecodeError:
            continue
        yield from (float(v) for k, v in data.items() if re.fullmatch(_LABEL, k, re.I) and _is_number(v))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _from_patterns(text: str, high: int) -> Iterator[float]:
    for pattern in PATTERNS:
        matches = list(pattern.finditer(text))
        for match in matches:
            top = match.groupdict().get("top")
            if top is not None and int(top) != high:
                raise UnreadableReplyError(f"'{match[0].strip()}' is on another scale")
            yield float(match["value"])
        if matches:
            return


def _short(reply: str) -> str:
    line = " ".join(reply.split())
    return f"'{line[:60]}…'" if len(line) > 60 else f"'{line}'"
