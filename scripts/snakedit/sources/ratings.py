"""People's ratings of edits, as a row of a benchmark holds them."""

import json
import math
import reprlib
from typing import Any

from snakedit.core.errors import SourceError
from snakedit.sources.keys import HUMAN_PREFIX, is_empty


def human_ratings(raw: dict[str, Any], word: str) -> dict[str, float] | None:
    """Return people's ratings, editor → number: from `human`, a JSON object, and keys `human_EDITOR`.

    A null, a NaN or an empty field is no rating.

    Args:
        word: what the format calls a key, for messages.

    Raises:
        SourceError: naming the key whose value is not a number.
    """
    ratings = {f"human.{editor}": (editor, rating) for editor, rating in _object(raw, word).items()}
    for key, rating in raw.items():
        if key.startswith(HUMAN_PREFIX):
            ratings[key] = (key.removeprefix(HUMAN_PREFIX), rating)
    return {
        editor: _number(rating, f"the {word} '{key}'")
        for key, (editor, rating) in ratings.items()
        if not is_empty(rating)
    } or None


def _object(raw: dict[str, Any], word: str) -> dict[str, Any]:
    value = raw.get("human")
    if is_empty(value):
        return {}
    try:
        ratings = json.loads(value, parse_constant=_constant) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        ratings = None
    if not isinstance(ratings, dict):
        raise SourceError(
            f"{reprlib.repr(value)} is not a JSON object of numbers", where=f"the {word} 'human'"
        )
    return ratings


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name


def _number(value: Any, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SourceError(f"{reprlib.repr(value)} is not a number", where=where)
    return number
