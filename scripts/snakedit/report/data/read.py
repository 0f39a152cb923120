"""Reading a benchmark's records for the report, and refusing records that do not fit together."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from snakedit.core.errors import RecordError
from snakedit.core.records import EDIT_STATUSES, SCORE_STATUSES, Edit, Excluded, Item, Score, read_records

RUN_AGAIN = "run snakemake again, so that every stage has seen the same items"

AnyRecord = TypeVar("AnyRecord", Item, Edit, Score)


@dataclass(frozen=True)
class CategoryFiles:
    """Paths of one category's records.

    Attributes:
        folder: the name of its folders; not always the category's own name.
        items: its items.jsonl; rows left out at preparation may be in an excluded.jsonl beside it.
        edits: editor → edits.jsonl.
        scores: (judge, editor) → scores.jsonl.
    """

    folder: str
    items: Path
    edits: dict[str, Path]
    scores: dict[tuple[str, str], Path]


@dataclass(frozen=True)
class Category:
    """One category's records, in its items' order.

    Attributes:
        name: as the benchmark calls it, in any script.
        files: the files read; the images' paths are relative to those files' folders.
        edits: editor → item id → record. A record may be missing.
        scores: (judge, editor) → item id → record. A record may be missing.
    """

    name: str
    files: CategoryFiles
    items: list[Item]
    excluded: list[Excluded]
    edits: dict[str, dict[str, Edit]]
    scores: dict[tuple[str, str], dict[str, Score]]


def category_files(
    results: Path, folder: str, editors: Iterable[str], judges: Iterable[str]
) -> CategoryFiles:
    """Return the paths of a category's records in a benchmark's results folder."""
    editors = tuple(editors)
    return CategoryFiles(
        folder=folder,
        items=results / "items" / folder / "items.jsonl",
        edits={editor: results / "edits" / editor / folder / "edits.jsonl" for editor in editors},
        scores={
            (judge, editor): results / "scores" / judge / editor / folder / "scores.jsonl"
            for judge in judges
            for editor in editors
        },
    )


def read_category(files: CategoryFiles) -> Category:
    """Read one category.

    Raises:
        RecordError: if a file is missing, an item comes twice, a record belongs to no item, or a record's
            status and score contradict each other.
    """
    return checked_category(
        files,
        read_items(files),
        {editor: _by_item(path, Edit, lambda edit: edit.item) for editor, path in files.edits.items()},
        {key: _by_item(path, Score, lambda score: score.item) for key, path in files.scores.items()},
    )


def read_items(files: CategoryFiles) -> dict[str, Item]:
    """Read a category's items, by id."""
    return _by_item(files.items, Item, lambda item: item.id)


def checked_category(
    files: CategoryFiles,
    items: dict[str, Item],
    edits: dict[str, dict[str, Edit]],
    scores: dict[tuple[str, str], dict[str, Score]],
) -> Category:
    """Return a category of records that belong together.

    Raises:
        RecordError: see `read_category`.
    """
    names = {item.category for item in items.values()}
    if len(names) > 1:
        raise RecordError(f"items of several categories: {', '.join(sorted(names))}", where=str(files.items))
    _check_items(items.values(), files.items)
    for editor, path in files.edits.items():
        _check_belongs(edits[editor], items, path)
        _check_edits(edits[editor].values(), path)
    for key, path in files.scores.items():
        _check_belongs(scores[key], items, path)
        _check_scores(scores[key].values(), path)
    return Category(
        name=names.pop() if names else files.folder,
        files=files,
        items=list(items.values()),
        excluded=_read_excluded(files.items.with_name("excluded.jsonl")),
        edits=edits,
        scores=scores,
    )


def read_categories(
    categories: Iterable[CategoryFiles], read: Callable[[CategoryFiles], Category] = read_category
) -> Iterator[Category]:
    """Yield the categories, each read only when it is asked for; see `read_category` for the errors."""
    taken: set[str] = set()
    for files in categories:
        category = read(files)
        if category.name in taken:
            raise RecordError(f"the category '{category.name}' comes twice", where=str(files.items))
        taken.add(category.name)
        yield category


def _by_item(path: Path, kind: type[AnyRecord], key: Callable[[AnyRecord], str]) -> dict[str, AnyRecord]:
    records: dict[str, AnyRecord] = {}
    for record in read_records(path, kind):
        if key(record) in records:
            raise RecordError(f"the item '{key(record)}' comes twice", where=str(path))
        records[key(record)] = record
    return records


def _check_belongs(records: Iterable[str], items: dict[str, Item], path: Path) -> None:
    for item in records:
        if item not in items:
            raise RecordError(
                f"the item '{item}' is not in the category's items.jsonl", where=str(path), hint=RUN_AGAIN
            )


def _check_items(items: Iterable[Item], path: Path) -> None:
    for item in items:
        where = f"{path}: item '{item.id}'"
        if not item.images or not item.image_sha256s:
            raise RecordError("an item has an image, and its sha256", where=where)
        _check_numbers({f"human.{name}": value for name, value in (item.human or {}).items()}, where)


def _check_edits(edits: Iterable[Edit], path: Path) -> None:
    for edit in edits:
        where = f"{path}: item '{edit.item}'"
        _check_status(edit.status, EDIT_STATUSES, where)
        if (edit.status == "ok") != (edit.image is not None):
            raise RecordError("an edit has an image if, and only if, its status is 'ok'", where=where)
        _check_numbers({"change": edit.change, "seconds": edit.seconds}, where)


def _check_scores(scores: Iterable[Score], path: Path) -> None:
    for score in scores:
        where = f"{path}: item '{score.item}'"
        _check_status(score.status, SCORE_STATUSES, where)
        if (score.status == "ok") != (score.score is not None):
            raise RecordError("a record has a score if, and only if, its status is 'ok'", where=where)
        _check_numbers({**score.values, "score": score.score}, where)
        _check_numbers({f"spread.{name}": value for name, value in score.spread.items()}, where)
        _check_numbers({"seconds": score.seconds, "tokens": score.tokens, "requests": score.requests}, where)
        if "score" in score.values:
            raise RecordError(
                "a metric called 'score', which is the name of the item's own score",
                where=where,
                hint="give the metric another name in the rubric",
            )


def _check_status(status: str, known: tuple[str, ...], where: str) -> None:
    if status not in known:
        raise RecordError(f"status {status!r} is not known", where=where, allowed=", ".join(known))


def _check_numbers(values: Mapping[str, object], where: str) -> None:
    for name, value in values.items():
        if value is not None and not _is_number(value):
            raise RecordError(f"'{name}' is {value!r}", where=where, allowed="a finite number, or null")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _read_excluded(path: Path) -> list[Excluded]:
    rows = list(read_records(path, Excluded)) if path.exists() else []
    for number, row in enumerate(rows, start=1):
        if row.id is None and row.row is None:
            raise RecordError("a row with neither an id nor a number", where=f"{path}:{number}")
    return rows
