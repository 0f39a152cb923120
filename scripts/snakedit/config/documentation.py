"""The tables of config/README.md, generated from the models of the configuration."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from snakedit.config.params import FamilyParams
from snakedit.config.schema import RERUNS, BenchmarkConfig, EditorConfig, JudgeConfig, ReportConfig, RunConfig
from snakedit.config.validation import in_words, resolved
from snakedit.core.errors import ConfigError

SECTIONS: Mapping[str, type[BaseModel]] = {
    "benchmarks": BenchmarkConfig,
    "editors": EditorConfig,
    "judges": JudgeConfig,
    "run": RunConfig,
    "report": ReportConfig,
}
_BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def write_tables(text: str, families: Mapping[str, Mapping[str, Any]], shared: type[FamilyParams]) -> str:
    """Return the documentation with the content of its generated blocks made anew.

    A block stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. Its name is a section of the
    configuration, ``SECTION.TYPE`` for the params of a type, or ``servers`` for the shared params.

    Args:
        families: section → type → class with `Params` and, where it has some, `execution_params`.
        shared: the params of all types that ask a server. The tables of these types show only their own.

    Raises:
        ConfigError: if a table has no block, a block no table, or a type is not mentioned.
    """
    tables = {name: _section_table(kind) for name, kind in SECTIONS.items()}
    execution: set[str] = set()
    for section, types in families.items():
        for name, family in types.items():
            if f"`{name}`" not in text:
                raise ConfigError(f"the type `{name}` is not mentioned", where="the documentation")
            marked: Collection[str] = getattr(family, "execution_params", frozenset())
            if issubclass(family.Params, shared):
                execution.update(marked)
            base = shared if issubclass(family.Params, shared) else FamilyParams
            if family.Params.model_fields != base.model_fields:
                tables[f"{section}.{name}"] = _params_table(family.Params, marked, base)
    tables["servers"] = _params_table(shared, execution, FamilyParams)
    blocks = [match[2] for match in _BLOCK.finditer(text)]
    if sorted(blocks) != sorted(tables):
        wrong = ", ".join(sorted(set(blocks) ^ set(tables))) or "a block given twice"
        raise ConfigError(f"blocks and tables differ: {wrong}", where="the documentation")
    return _BLOCK.sub(lambda match: f"{match[1]}{tables[match[2]]}{match[3]}", text)


def _section_table(kind: type[BaseModel]) -> str:
    rows = [
        (f"`{key}`", allowed, default, meaning, reruns)
        for key, allowed, default, meaning, reruns in _keys(kind.model_json_schema())
    ]
    return _markdown(("key", "allowed", "default", "meaning", RERUNS), rows)


def _params_table(kind: type[FamilyParams], execution: Collection[str], base: type[FamilyParams]) -> str:
    inherited = list(_keys(base.model_json_schema()))
    rows = [
        (f"`{key}`", allowed, default, f"{meaning} (–)" if key in execution else meaning)
        for key, allowed, default, meaning, reruns in _keys(kind.model_json_schema())
        if (key, allowed, default, meaning, reruns) not in inherited
    ]
    return _markdown(("key", "allowed", "default", "meaning"), rows)


def _keys(
    root: Mapping[str, Any], schema: Mapping[str, Any] | None = None, above: str = ""
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield key, allowed values, default, meaning and what a change runs again, of each key of a model."""
    for name, given in (schema or root).get("properties", {}).items():
        part = resolved(root, given)
        if "properties" in part:
            yield from _keys(root, part, f"{above}{name}.")
        elif "description" in part:  # the name of an entry has none: no file sets it
            default = _as_text(part["default"]) if "default" in part else "required"
            yield f"{above}{name}", in_words(part, "`{}`"), default, part["description"], part.get(RERUNS, "")


def _as_text(default: Any) -> str:
    if default in (None, [], {}):
        return "none"
    if isinstance(default, str):
        return f"`{default}`" if default.strip() else f"`{json.dumps(default)}`"
    return f"`{json.dumps(default)}`".replace(".0`", "`")


def _markdown(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
