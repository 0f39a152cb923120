"""What YAML can say and a configuration cannot hold: a key twice, dates, NaN, sets, a list within itself.

And the words for what it can hold.
"""

import math
import types
import typing
from pathlib import Path
from typing import Any

import yaml

from snakedit.core.errors import ConfigError

# A list within itself has no end.
MAX_DEPTH = 50
_MERGE = "tag:yaml.org,2002:merge"
# By JSON schema's names and Python's.
_WORDS = {
    **dict.fromkeys(("object", "dict"), "a mapping of keys to values"),
    **dict.fromkeys(("array", "list"), "a list"),
    **dict.fromkeys(("string", "str"), "a text"),
    **dict.fromkeys(("integer", "int"), "a whole number"),
    **dict.fromkeys(("number", "float"), "a number"),
    **dict.fromkeys(("boolean", "bool"), "true, false"),
    **dict.fromkeys(("null", "NoneType"), "null"),
}


def read_yaml(path: str | Path) -> Any:
    """Return what a YAML or JSON file holds.

    Raises:
        ConfigError: if it cannot be read, is not YAML, or gives a key twice, where PyYAML takes the last.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        _check_keys_once(yaml.compose(text, yaml.SafeLoader), str(path))
        return yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read ({error})", where=str(path)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # PyYAML lets through what Python says of a month 13, of a number too long, of lists too deep.
        raise ConfigError(f"not YAML ({error})", where=str(path)) from None


def _check_keys_once(root: yaml.Node | None, where: str) -> None:
    # An anchor's node is there once, however often it is named; it may lie within itself.
    seen: set[int] = set()
    nodes = [root] if root else []
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            first: dict[tuple[str, str], int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                name = (key.tag, str(key.value))
                if name in first and key.tag != _MERGE:
                    raise ConfigError(
                        f"the key '{key.value}' is there already, in line {first[name]}",
                        where=f"{where}:{line}",
                    )
                first.setdefault(name, line)
                nodes.append(value)


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


def wrong_type(subject: str, value: object, kinds: Any, where: str) -> ConfigError:
    """Return the error for a value of the wrong type.

    Args:
        subject: what a message begins with, such as a key; may be empty.
        kinds: what is allowed: JSON schema's name of a type, a list of them, or a type hint.
        where: the file's name, or the key.
    """
    given = "null" if value is None else repr(value)
    return ConfigError(f"{subject}{given} has the wrong type", where=where, allowed=_in_words(kinds))


def _in_words(kinds: Any) -> str:
    if isinstance(kinds, list | types.UnionType):
        return ", ".join(map(_in_words, kinds if isinstance(kinds, list) else typing.get_args(kinds)))
    kind = typing.get_origin(kinds) or kinds
    word = _WORDS[kind if isinstance(kind, str) else kind.__name__]
    inner = typing.get_args(kinds)[-1:]
    return word if inner in ((), (Any,)) else f"{word}, each {_in_words(*inner)}"


def _start_of(key: str) -> str:
    return ".".join(key.split(".")[:3])
