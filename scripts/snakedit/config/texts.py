"""Texts of the command line, read by the type that a schema wants in their place.

Snakemake hands nested values of ``--config`` over as text: of ``run={"seed": 7}`` comes ``{"seed": "7"}``.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from snakedit.config.validation import resolved

_SPELLINGS = {"true": True, "false": False, "null": None, "~": None}
# Python's type of a value → its types in a JSON schema.
_KINDS: dict[type, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    type(None): ("null",),
}


def typed_texts(kind: type[BaseModel], data: Any, given: Any) -> Any:
    """Return data in which the texts that were given on the command line have their schema's types.

    A text stays one where the schema wants a text, or what it spells is not of a type that the schema allows.
    Where any value is allowed, it becomes what it spells.

    Args:
        kind: the model that `data` is for.
        data: plain values.
        given: the part of `data` that was given on the command line.
    """
    root = kind.model_json_schema()
    return _typed(root, root, data, given)


def _typed(root: Mapping[str, Any], schema: Mapping[str, Any], data: Any, given: Any) -> Any:
    schema = resolved(root, schema)
    branches = [resolved(root, branch) for branch in schema.get("anyOf", [schema])]
    if isinstance(data, dict) and isinstance(given, Mapping):
        branch = next((branch for branch in branches if branch.get("type") == "object"), {})
        return {
            key: _typed(root, _inner(branch, key), value, given[key]) if key in given else value
            for key, value in data.items()
        }
    if isinstance(data, list) and data == given:
        branch = next((branch for branch in branches if branch.get("type") == "array"), {})
        return [_typed(root, branch.get("items", {}), value, value) for value in data]
    return _spelled(data, branches) if isinstance(data, str) and data == given else data


def _inner(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
    return inner if isinstance(inner, dict) else {}


def _spelled(text: str, branches: list[Mapping[str, Any]]) -> Any:
    """What a text spells, if a branch of the schema allows that; else the text."""
    kinds = {branch.get("type") for branch in branches}
    value = _scalar(text)
    # A branch without a type allows any value.
    return value if None in kinds or kinds.intersection(_KINDS.get(type(value), ())) else text


def _scalar(text: str) -> Any:
    """The number, truth value or null that a text spells; else the text."""
    if text.lower() in _SPELLINGS:
        return _SPELLINGS[text.lower()]
    for read in (json.loads, float):
        try:
            number = read(text)
        except ValueError:
            continue
        if isinstance(number, int | float) and math.isfinite(number):
            return number
    return text
