"""What a YAML file can say and a configuration cannot hold: dates, NaN, sets, and a list within itself."""

import math
from typing import Any

from snakedit.errors import ConfigError

# A list within itself has no end.
MAX_DEPTH = 50


def check_plain(value: Any, where: str, key: str = "", depth: int = 0) -> None:
    """Refuse what JSON has no word for, as a fingerprint is made of JSON.

    Args:
        value: as read from YAML.
        where: the file's name, for messages.
        key: where the value stands in it, from the top.
        depth: how many lists and mappings the value lies in.

    Raises:
        ConfigError: naming the key.
    """
    if depth > MAX_DEPTH:
        raise ConfigError(f"'{_start_of(key)}' is nested more than {MAX_DEPTH} levels deep", where=where)
    if isinstance(value, dict):
        for name, entry in value.items():
            inner = f"{key}.{name}" if key else str(name)
            _check_one(name, where, inner)
            check_plain(entry, where, inner, depth + 1)
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            check_plain(entry, where, f"{key}.{place}", depth + 1)
    else:
        _check_one(value, where, key)


def _check_one(value: Any, where: str, key: str) -> None:
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return
    hint = "" if isinstance(value, float) else "put it in quotes if it is a text"
    raise ConfigError(
        f"'{key}': {value} is of type {type(value).__name__}",
        where=where,
        allowed="a text, a finite number, true, false, null, a list or a mapping",
        hint=hint,
    )


def _start_of(key: str) -> str:
    return ".".join(key.split(".")[:3])
