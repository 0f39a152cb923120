"""Append-only files of records, which outlive a crash."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from snakedit.core.errors import RecordError
from snakedit.core.records import Record, from_line, to_line

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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
