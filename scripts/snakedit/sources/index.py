"""The index of a benchmark: its categories, how many rows each has, and a hash of their content."""

import dataclasses
import hashlib
import json
import sys
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snakedit.config.schema import BenchmarkConfig
from snakedit.core.atomic import write_whole
from snakedit.core.errors import ConfigError, RecordError, SourceError, did_you_mean
from snakedit.core.names import safe_name
from snakedit.recipe import changed_params
from snakedit.sources import open_source
from snakedit.sources.format import Format
from snakedit.sources.rows import Place, SourceRow

# Raised by hand when rows are read or hashed differently.
VERSION = 4
_EXAMPLES, _MAX_KEYS, _MAX_SHOWN = 3, 12, 120


@dataclass(frozen=True)
class CategoryIndex:
    """One category.

    Attributes:
        name: as the benchmark names it.
        count: the number of its rows, usable or not.
        sha256: over the content of its rows, in order.
        first: the place of its first row, where reading can begin.
        last_row: the number of its last row, after which reading can stop.
        left_out: the places in the category, from 1, of the rows of which it is known that they cannot be
            used. Images are decoded later, so there may be more.
        reasons: of the first few of these, with the rows' numbers in the source.
    """

    name: str
    count: int
    sha256: str
    first: Place
    last_row: int
    left_out: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


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


def last_index(benchmark: BenchmarkConfig, path: Path) -> Index:
    """Return a benchmark's index as its last run has left it, whatever its source is by now.

    Args:
        path: index.json.

    Raises:
        ConfigError: for an unknown category.
        RecordError: if there is no such index.
    """
    categories = _cached(path, None)
    if categories is None:
        raise RecordError("no run has begun here", where=str(path), hint="run snakemake first")
    return Index(_chosen(benchmark, categories), frozenset(entry.name for entry in categories.values()), {})


def _cached(path: Path, stamp: dict[str, Any] | None) -> dict[str, CategoryIndex] | None:
    """Return the index file's categories, or None if it is damaged, or not of the source with a stamp."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if stamp is not None and content["source"] != stamp:
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
    scanned: dict[str, _Scanned] = {}
    unused: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for row in source.rows():
        scanned.setdefault(row.category, _Scanned(row.place)).add(row)
        unused.update(row.unused)
        notes.update(row.notes)
    if not scanned:
        raise SourceError("holds no rows", where=path)
    for note, count in notes.items():
        print(f"snakedit: {path}: {count} rows: {_shown(note)}", file=sys.stderr)
    if unused:
        print(f"snakedit: {path}: keys without a meaning here: {_counts(unused)}", file=sys.stderr)
    return {safe_name(name): category.index(name) for name, category in scanned.items()}


class _Scanned:
    """What is known of a category while its rows come."""

    def __init__(self, first: Place) -> None:
        self._first, self._last, self._count = first, 0, 0
        self._digest = Digest()
        self._left_out: list[int] = []
        self._reasons: list[str] = []

    def add(self, row: SourceRow) -> None:
        self._count += 1
        self._last = row.number
        self._digest.add(row)
        problem = row.problem
        if problem is not None:
            self._left_out.append(self._count)
            if len(self._reasons) < _EXAMPLES:
                self._reasons.append(f"row {row.number}: {_shown(problem)}")

    def index(self, name: str) -> CategoryIndex:
        sha256 = self._digest.sha256()
        return CategoryIndex(
            name, self._count, sha256, self._first, self._last, self._left_out, self._reasons
        )


def check_usable(benchmark: BenchmarkConfig, index: Index) -> None:
    """Say how many rows of each chosen category are left out, within the benchmark's limit.

    Raises:
        SourceError: if these are all rows of a category.
    """
    for category in index.categories.values():
        rows = min(category.count, benchmark.limit or category.count)
        bad = bisect_right(category.left_out, rows)
        examples = "; ".join(category.reasons[:bad])
        if bad == rows:
            raise SourceError(
                f"none of the {rows} rows of the category '{_shown(category.name)}' can be used ({examples})",
                where=benchmark.path,
            )
        if bad:
            print(
                f"snakedit: warning: {benchmark.path}: {bad} of {rows} rows of the category"
                f" '{_shown(category.name)}' are left out ({examples})",
                file=sys.stderr,
            )


def _counts(names: Counter[str]) -> str:
    """Return names with how many rows have them, the most frequent first."""
    shown = [f"{_shown(name)} ({count})" for name, count in names.most_common(_MAX_KEYS)]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _shown(text: str) -> str:
    """Return a stranger's text for a line: shortened, and without control characters."""
    shown = "".join(c if c.isprintable() else "�" for c in text[:_MAX_SHOWN])
    return shown + ("…" if len(text) > _MAX_SHOWN else "")


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
