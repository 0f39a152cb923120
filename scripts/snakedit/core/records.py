"""The records that the stages hand to each other, and their JSON Lines files.

One record is one JSON object on one line, in UTF-8. Unknown and missing keys are errors, so that a file
of another version is noticed where it is read. Paths in a record are relative to its file's folder.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from snakedit.core.atomic import write_whole
from snakedit.core.errors import RecordError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EDIT_STATUSES = ("ok", "failed")
SCORE_STATUSES = ("ok", "unparsed", "refused", "failed", "no_edit")


@dataclass(frozen=True)
class Item:
    """One benchmark task: source image(s) and an instruction.

    Attributes:
        id: as the benchmark names it; unique within its category.
        images: decoded source PNGs, one or more.
        image_sha256s: sha256 of each of those files.
        reference: PNG of a right answer, or None.
        mask: PNG of the region to edit, or None.
        previous: id of the item whose edit is this one's source, or None.
        seed: the row's own seed, or None to derive one from the run's.
        human: ratings by people, editor → value, or None.
        extra: the row's further fields, kept as they came.
    """

    id: str
    category: str
    images: list[str]
    image_sha256s: list[str]
    instruction: str
    language: str = "en"
    reference: str | None = None
    mask: str | None = None
    previous: str | None = None
    description: str | None = None
    rationale: str | None = None
    tags: list[str] = field(default_factory=list)
    difficulty: str | None = None
    seed: int | None = None
    human: dict[str, float] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edit:
    """What one editor made of one item.

    Attributes:
        item: the item's id.
        status: one of `EDIT_STATUSES`; a failed edit has an error and no image.
        image_sha256: sha256 of the PNG file, checked again before it is judged.
        width, height: in pixels.
        size_policy: how the edit's size follows from the source's.
        fingerprint: of everything the pixels depend on (`snakedit.recipe`).
        seconds: time the editor took, without loading.
        started: UTC, ISO 8601.
        attempts: how often it was tried in this run.
        change: mean absolute pixel difference to the source, 0–1.
        tokens, requests: as in `Score`; None for an editor that runs here.
        versions: library versions and the processor's name.
    """

    item: str
    status: str
    image: str | None = None
    image_sha256: str | None = None
    width: int | None = None
    height: int | None = None
    size_policy: str | None = None
    instruction_used: str | None = None
    fingerprint: str = ""
    seed: int | None = None
    seconds: float | None = None
    device: str | None = None
    started: str | None = None
    attempts: int = 1
    change: float | None = None
    tokens: int | None = None
    requests: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    @property
    def was_planned(self) -> bool:
        """Whether the editor could be asked for it. A control without its references could not."""
        return self.status == "ok" or self.fingerprint != ""


@dataclass(frozen=True)
class Score:
    """What one judge said of one edit.

    Attributes:
        item: the item's id.
        status: one of `SCORE_STATUSES`; only `ok` has a score.
        values: metric → number on the rubric's scale, or None where it could not be read.
        spread: metric → standard deviation over samples, or None for a single one.
        score: the item's score by the rubric's formula, or None.
        replies: metric → list of what was said: text, or expected value with the scale's mass.
        fingerprint: of everything the score depends on (`snakedit.recipe`).
        batch_size: the largest batch this item was judged in; batching moves the last digits.
        tokens: prompt and reply tokens of this item's calls, None where a server did not count them.
        requests: how often a server was asked, retries included; None for a judge that runs here.
    """

    item: str
    status: str
    values: dict[str, float | None] = field(default_factory=dict)
    spread: dict[str, float | None] = field(default_factory=dict)
    score: float | None = None
    replies: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    seconds: float | None = None
    batch_size: int | None = None
    tokens: int | None = None
    requests: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """A row of the benchmark that preparation left out; a line of `excluded.jsonl`.

    Attributes:
        row: its number in the source.
        id: its id, cut where it is too long to show.
        error: why it cannot be used.
    """

    row: int | None = None
    id: str | None = None
    error: str

    @property
    def name(self) -> str:
        """The id, or the row's number where it has none."""
        return f"row {self.row}" if self.id is None else str(self.id)


# Any frozen dataclass of what JSON knows.
Record = TypeVar("Record", bound="DataclassInstance")


@cache
def _keys(kind: "type[DataclassInstance]") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys that a record of a kind may have, and those that it must have."""
    fields = dataclasses.fields(kind)
    required = [
        f.name
        for f in fields
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    return tuple(f.name for f in fields), tuple(required)


def to_line(record: "DataclassInstance") -> str:
    """Return the record as one line of JSON, without the newline."""
    # Not asdict, which copies everything that is only to be read here: a third of a driver's time.
    return json.dumps(vars(record), ensure_ascii=False, allow_nan=False)


def from_line(line: str | bytes, kind: type[Record], where: str) -> Record:
    """Return the record in ``line``, text or UTF-8.

    Raises:
        RecordError: if it is not one JSON object with exactly the record's keys.
    """
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        # JSON's own error; bytes that are no UTF-8; a number too long, or lists too deep, for Python.
        raise RecordError(f"not JSON ({getattr(error, 'msg', error)})", where=where) from None
    if not isinstance(data, dict):
        raise RecordError(f"a {type(data).__name__}, not an object", where=where)
    known, required = _keys(kind)
    for key in data:
        if key not in known:
            raise RecordError(
                f"unknown key '{key}' in a record of type {kind.__name__}{did_you_mean(key, known)}",
                where=where,
            )
    missing = [name for name in required if name not in data]
    if missing:
        raise RecordError(f"a record of type {kind.__name__} lacks '{missing[0]}'", where=where)
    return kind(**data)


def read_records(path: str | Path, kind: type[Record]) -> Iterator[Record]:
    """Yield the records of a JSON Lines file, one line in memory at a time.

    Raises:
        RecordError: naming the file and the line, if one is not a record of this kind.
    """
    try:
        # In bytes, so that a line which is no UTF-8 is known by its number.
        file = open(path, "rb")
    except FileNotFoundError:
        raise RecordError("no such file", where=str(path)) from None
    with file:
        for number, line in enumerate(file, start=1):
            yield from_line(line, kind, f"{path}:{number}")


def write_records(path: str | Path, records: Iterable["DataclassInstance"]) -> None:
    """Write a JSON Lines file whole: to a temporary name, flushed to disk, then renamed."""
    write_whole(path, (to_line(record) + "\n" for record in records))
