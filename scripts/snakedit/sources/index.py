"""The index of a benchmark: its categories, how many rows each has, and a hash of their content."""

import dataclasses
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.config.schema import BenchmarkConfig
from snakedit.core.atomic import write_whole
from snakedit.core.errors import ConfigError, SourceError, did_you_mean
from snakedit.core.names import safe_name
from snakedit.recipe import changed_params
from snakedit.sources import open_source
from snakedit.sources.format import Format
from snakedit.sources.rows import Place, SourceRow

# Raised by hand when rows are read or hashed differently.
VERSION = 3


@dataclass(frozen=True)
class CategoryIndex:
    """One category.

    Attributes:
        name: as the benchmark names it.
        count: the number of its rows, usable or not.
        sha256: over the content of its rows, in order.
        first: the place of its first row, where reading can begin.
        last_row: the number of its last row, after which reading can stop.
    """

    name: str
    count: int
    sha256: str
    first: Place
    last_row: int


@dataclass(frozen=True)
class Index:
    """The categories of a benchmark.

    Attributes:
        categories: those that the configuration chooses, by the name of their folder, in its order.
        names: of all its categories.
        params: of its format, those that are not at their default.
    """

    categories: dict[str, CategoryIndex]
    names: frozenset[str]
    params: dict[str, Any]


class Digest:
    """A running sha256 over the content of a category's rows, which are added in order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, row: SourceRow) -> None:
        """Add the next row."""
        self._digest.update(row.digest.encode())

    def sha256(self) -> str:
        """Return the sha256 of the rows so far."""
        return self._digest.hexdigest()


def read_index(benchmark: BenchmarkConfig, path: Path) -> Index:
    """Return a benchmark's index. It is made again only if the source may have changed.

    Args:
        path: index.json, which has all categories, chosen or not.

    Raises:
        ConfigError: for an unknown format or category, or params that the format does not take.
        SourceError: if the source cannot be read or holds no rows.
    """
    source = open_source(benchmark)
    params = changed_params(source.params)
    stamp = {
        "version": VERSION,
        "format": benchmark.format,
        "path": benchmark.path,
        "stamp": source.stamp(),
        **({"params": params} if params else {}),
    }
    categories = _cached(path, stamp)
    if categories is None:
        categories = _scan(source)
        write_whole(path, [_as_json({"source": stamp, "categories": categories})])
    names = frozenset(entry.name for entry in categories.values())
    return Index(_chosen(benchmark, categories), names, params)


def _cached(path: Path, stamp: dict[str, Any]) -> dict[str, CategoryIndex] | None:
    """Return the index file's categories, or None if it is of another source or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["source"] != stamp:
            return None
        return {
            name: CategoryIndex(**{**entry, "first": Place(**entry["first"])})
            for name, entry in content["categories"].items()
        }
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _scan(source: Format) -> dict[str, CategoryIndex]:
    path = source.benchmark.path
    print(f"snakedit: indexing {path}", file=sys.stderr)
    counts: dict[str, int] = {}
    first: dict[str, Place] = {}
    last: dict[str, int] = {}
    digests: dict[str, Digest] = {}
    for row in source.rows():
        counts[row.category] = counts.get(row.category, 0) + 1
        first.setdefault(row.category, row.place)
        last[row.category] = row.number
        digests.setdefault(row.category, Digest()).add(row)
    if not counts:
        raise SourceError("holds no rows", where=path)
    return {
        safe_name(name): CategoryIndex(name, counts[name], digests[name].sha256(), first[name], last[name])
        for name in counts
    }


def _chosen(benchmark: BenchmarkConfig, categories: dict[str, CategoryIndex]) -> dict[str, CategoryIndex]:
    if benchmark.categories is None:
        return categories
    names = {entry.name: folder for folder, entry in categories.items()}
    for name in benchmark.categories:
        if name not in names:
            raise ConfigError(
                f"{benchmark.path} has no category '{name}'{did_you_mean(name, names)}",
                where=f"benchmarks.{benchmark.name}.categories",
                allowed=", ".join(names),
            )
    return {names[name]: categories[names[name]] for name in benchmark.categories}


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, default=dataclasses.asdict, ensure_ascii=False, indent=1)
