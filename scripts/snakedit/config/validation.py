"""Checking data against a pydantic model, with errors of one line: file, line, key and what is allowed."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from snakedit.config.strict_yaml import place_of
from snakedit.core.errors import ConfigError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)

_TYPES = {
    "array": "a list",
    "boolean": "true, false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping of keys to values",
    "string": "a text",
}
# What pydantic's type of an error contains → what is said of the value.
_REASONS = {
    "greater_than": "is out of range",
    "less_than": "is out of range",
    "multiple_of": "is out of range",
    "finite_number": "is not a finite number",
    "literal_error": "is not known",
    "too_short": "is too short",
    "too_long": "is too long",
}


def validated(kind: type[Model], data: Any, file: str, key: str = "") -> Model:
    """Return data as a model.

    Args:
        data: plain values, as read from YAML.
        file: the file that they come from, for messages; may be empty.
        key: the place of `data` in the file, for messages; empty for the whole file.

    Raises:
        ConfigError: for the first error; an unknown key comes before all others, as it often causes them.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
        raise _config_error(first, kind, data, file, key) from None


def _config_error(error: ErrorDetails, kind: type[BaseModel], data: Any, file: str, key: str) -> ConfigError:
    path, value = _follow(error["loc"], data)
    schema = _schema_at(kind.model_json_schema(), path)
    place = ".".join([*([key] if key else []), *map(str, path)])
    subject = f"'{place}': " if place else ""
    match error["type"]:
        case "extra_forbidden":
            *_, unknown = path
            known = _schema_at(kind.model_json_schema(), path[:-1]).get("properties", {})
            what = f"unknown key '{place}'{did_you_mean(str(unknown), known)}"
            allowed = ", ".join(name for name in known if name != "name") or "no keys"
        case "missing":
            what, allowed = f"{subject}the key '{error['loc'][-1]}' is missing", ""
        case "value_error":
            what, _, allowed = f"{subject}{error['ctx']['error']}".partition("; allowed: ")
        case kind_of_error:
            reasons = (words for part, words in _REASONS.items() if part in kind_of_error)
            reason = next(reasons, "has the wrong type")
            reason = "is empty" if reason == "is too short" and not value else reason
            given = "null" if value is None else repr(value)
            similar = did_you_mean(value, map(str, schema["enum"])) if "enum" in schema else ""
            what = f"{subject}{given} {reason}{similar}"
            allowed = in_words(schema)
    return ConfigError(what, where=place_of(file, place, value), allowed=allowed)


def _follow(location: tuple[int | str, ...], data: Any) -> tuple[list[int | str], Any]:
    """Return the part of pydantic's location that is a path in the data, and the value there.

    pydantic adds the branch of a union, ``[key]`` for an error of a key, and the name of a missing key.
    """
    path: list[int | str] = []
    for part in location:
        try:
            data = data[part]
        except (LookupError, TypeError):
            break
        path.append(part)
    return path, data


def _schema_at(root: Mapping[str, Any], path: list[int | str]) -> Mapping[str, Any]:
    """Return the JSON schema of the value at a path; empty where anything is allowed."""
    schema = resolved(root, root)
    for part in path:
        branches = [resolved(root, branch) for branch in schema.get("anyOf", [schema])]
        schema = next((b for b in branches if b.get("type") in ("object", "array")), {})
        inner = schema.get("properties", {}).get(part)
        if inner is None:
            inner = schema.get("items" if schema.get("type") == "array" else "additionalProperties")
        schema = resolved(root, inner if isinstance(inner, dict) else {})
    return schema


def resolved(root: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a JSON schema with its reference to a definition of `root` replaced by that definition."""
    reference = schema.get("$ref")
    return schema if reference is None else {**root["$defs"][reference.rpartition("/")[2]], **schema}


def in_words(schema: Mapping[str, Any], choice: str = "{}") -> str:
    """Return in words which values a JSON schema allows.

    Args:
        choice: the format of a single allowed value, such as "`{}`" for Markdown.
    """
    if "anyOf" in schema:
        return ", ".join(dict.fromkeys(in_words(branch, choice) for branch in schema["anyOf"]))
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if values:
        return ", ".join(choice.format(value) for value in values)
    words = _TYPES.get(schema.get("type", ""), "any value")
    low, high, above, below = (
        schema.get(name) for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    )
    if above is not None and below is not None:
        words += f" between {above} and {below}"
    elif low is not None and high is not None:
        words += f" from {low} to {high}"
    elif low is not None:
        words += f" of {low} or more"
    elif above is not None:
        words += f" above {above}"
    if "multipleOf" in schema:
        words += f", a multiple of {schema['multipleOf']}"
    inner = schema.get("items") or schema.get("additionalProperties")
    return (
        f"{words}, each {in_words(inner, choice)}"
        if isinstance(inner, dict) and "$ref" not in inner
        else words
    )
