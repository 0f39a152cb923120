"""YAML without the values that a configuration cannot hold: a key given twice, dates, NaN, sets, cycles."""

import math
from pathlib import Path
from typing import Any

import yaml

from snakedit.core.errors import ConfigError

# A list that contains itself has no end.
MAX_DEPTH = 50
# Values, with those of an alias counted wherever it stands. The largest configurations have thousands.
MAX_VALUES = 100_000
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML or JSON file.

    Raises:
        ConfigError: if it cannot be read, is not YAML, has over `MAX_VALUES` values, or gives a key twice,
            where PyYAML takes the last.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.SafeLoader)
        _check_size(root, str(path))
        _check_keys_once(root, str(path))
        return yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read ({error})", where=str(path)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # PyYAML passes on Python's errors: a month 13, a number too long, lists too deep.
        raise ConfigError(f"not YAML ({error})", where=str(path)) from None


def _check_size(root: yaml.Node | None, where: str) -> None:
    """Refuse aliases of aliases, with which a few lines stand for billions of values."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if id(node) not in sizes:
            # What contains itself is refused by its depth.
            sizes[id(node)] = 1
            inner = node.value if isinstance(node, yaml.CollectionNode) else []
            parts = [part for entry in inner for part in (entry if isinstance(entry, tuple) else (entry,))]
            sizes[id(node)] = 1 + sum(map(size, parts))
        return sizes[id(node)]

    count = 0 if root is None else size(root)
    if count > MAX_VALUES:
        raise ConfigError(
            f"{count:,} values, with those of each alias counted wherever it stands",
            where=where,
            allowed=f"at most {MAX_VALUES:,}",
        )


def _check_keys_once(root: yaml.Node | None, where: str) -> None:
    # An anchor's node exists once, however often it is used, and may contain itself.
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


def check_json_values(value: Any, where: str, key: str = "", depth: int = 0) -> None:
    """Refuse values that JSON does not have, since fingerprints are computed from JSON.

    Args:
        value: as read from YAML.
        where: the file's name, for messages.
        key: the place of the value in the file.
        depth: how many lists and mappings contain the value.

    Raises:
        ConfigError: naming the key.
    """
    if depth > MAX_DEPTH:
        start = ".".join(key.split(".")[:3])
        raise ConfigError(f"'{start}' is nested more than {MAX_DEPTH} levels deep", where=where)
    if isinstance(value, dict):
        for name, entry in value.items():
            inner = f"{key}.{name}" if key else str(name)
            _check_scalar(name, where, inner)
            check_json_values(entry, where, inner, depth + 1)
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            check_json_values(entry, where, f"{key}.{place}", depth + 1)
    else:
        _check_scalar(value, where, key)


def _check_scalar(value: Any, where: str, key: str) -> None:
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return
    hint = "" if isinstance(value, float) else "put it in quotes if it is a text"
    raise ConfigError(
        f"'{key}': {value} is of type {type(value).__name__}",
        where=place_of(where, key, value),
        allowed="a text, a finite number, true, false, null, a list or a mapping",
        hint=hint,
    )


def place_of(file: str, key: str, value: Any) -> str:
    """Return ``file:line`` for a key of a YAML file, or the file's name alone.

    There is no line where the file does not hold the key, or holds another value: then the value comes from
    the command line.

    Args:
        key: the keys from the top, joined by dots.
    """
    try:
        loader = yaml.SafeLoader(Path(file).read_text(encoding="utf-8"))
        match = _find(loader.get_single_node(), key)
        if match is None:
            return file
        line, node = match
        if isinstance(node, yaml.ScalarNode) and loader.construct_object(node) != value:
            return file
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return file
    return f"{file}:{line}"


def _find(node: yaml.Node | None, key: str) -> tuple[int, yaml.Node] | None:
    """Return the line and the node of a key below a node."""
    entries: list[tuple[str, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        entries = [(str(name.value), name, value) for name, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        entries = [(str(place), value, value) for place, value in enumerate(node.value)]
    for name, start, value in entries:
        if name == key:
            return start.start_mark.line + 1, value
        match = None
        if start.tag == _MERGE:
            match = _find(value, key)
        elif key.startswith(f"{name}."):  # names may contain dots too
            match = _find(value, key.removeprefix(f"{name}."))
        if match is not None:
            return match
    return None
