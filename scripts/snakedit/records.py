"""The records that the stages hand to each other, and their JSON Lines files.

One record is one JSON object on one line, in UTF-8. Unknown and missing keys are errors, so that a file
of another version is noticed where it is read. Paths in a record are relative to its file's folder.
"""

import dataclasses
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from snakedit.errors import RecordError, did_you_mean

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


def read_journal(path: str | Path, kind: type[Record]) -> Iterator[Record]:
    """Yield a journal's records; a last line cut short by a crash is passed over.

    A journal that does not exist yet is empty.

    Raises:
        RecordError: if any line but the last is not a record.
    """
    path = Path(path)
    if not path.exists():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith("\n"):
                yield from_journal(line, kind, f"{path}:{number}")


def from_journal(line: str, kind: type[Record], where: str) -> Record:
    """Return the record in a journal's line; see `from_line`. The message says how to go on without it."""
    try:
        return from_line(line, kind, where)
    except RecordError as error:
        hint = "delete that line, and what it tells of is done again"
        raise RecordError(error.what, where=where, hint=hint) from None


class Journal:
    """An append-only file of records: after each `append` the system has it, and the disk at once or soon."""

    def __init__(self, path: str | Path, lag: float = 0.0) -> None:
        """Open it, or begin it.

        Args:
            lag: seconds of records that may be lost with the machine's power, never with the process.
        """
        self.path, self._lag, self._synced = Path(path), lag, time.monotonic()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = open(self.path, "a+b")
        self._drop_cut_line()

    def _drop_cut_line(self) -> None:
        # What is appended after half a line would be lost with it.
        end, whole = self._file.seek(0, os.SEEK_END), 0
        while end > 0 and not whole:
            start = max(0, end - (1 << 20))
            self._file.seek(start)
            whole = self._file.read(end - start).rfind(b"\n") + 1
            end = start + whole
        self._file.truncate(end)

    def append(self, record: "DataclassInstance") -> None:
        """Write one record; see `extend`."""
        self.extend([record])

    def extend(self, records: Iterable["DataclassInstance"]) -> None:
        """Write some records and wait, once, until the disk has them, unless it had others within the lag."""
        self._file.writelines(to_line(record).encode() + b"\n" for record in records)
        self._file.flush()
        if time.monotonic() - self._synced >= self._lag:
            self._sync()

    def close(self) -> None:
        """Close the file, whole on disk; the journal stays."""
        self._sync()
        self._file.close()

    def _sync(self) -> None:
        os.fdatasync(self._file.fileno())
        self._synced = time.monotonic()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def write_records(path: str | Path, records: Iterable["DataclassInstance"]) -> None:
    """Write a JSON Lines file whole: to a temporary name, flushed to disk, then renamed."""
    write_whole(path, (to_line(record) + "\n" for record in records))


def write_whole(path: str | Path, chunks: Iterable[str]) -> None:
    """Write a text file so that it is there whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
