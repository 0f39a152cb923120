"""Folders of pictures that a table's rows name: their stamp, and safe access to one picture."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from snakedit.core.errors import SourceError
from snakedit.core.hashing import file_sha256


@dataclass
class RowPictures:
    """The picture files that one row names.

    Attributes:
        readers: column → for each of its files a function that returns the file's bytes, or raises
            SourceError.
        sha256s: ``COLUMN NUMBER``, from 0 → the file's sha256; it belongs in the row's digest.
        error: why one of the files cannot be used, or None.
    """

    readers: dict[str, list[Callable[[], bytes]]] = field(default_factory=dict)
    sha256s: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    def first(self, column: str) -> Callable[[], bytes] | None:
        """Return a column's first reader, or None if it names no file."""
        return next(iter(self.readers[column]), None)


def folder_stamp(folder: Path) -> str:
    """Return a text that changes with the path, size or mtime of any file below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


def row_pictures(folder: Path, columns: Mapping[str, Any]) -> RowPictures:
    """Find the pictures of a row.

    Args:
        folder: that the names are relative to, and may not leave.
        columns: column → a file's name, a list of names, or an empty value.
    """
    pictures = RowPictures({column: [] for column in columns})
    for column, names in columns.items():
        for number, value in enumerate(names if isinstance(names, list) else [names]):
            name = "" if value is None else str(value).strip()
            if not name:
                continue
            try:
                path = picture_in(folder, name)
                pictures.sha256s[f"{column} {number}"] = file_sha256(path)
                pictures.readers[column].append(partial(_read, path, column))
            except SourceError as error:
                pictures.error = f"the column '{column}': {error}"
            except OSError as error:
                pictures.error = f"the column '{column}': '{value}' cannot be read ({error.strerror})"
    return pictures


def picture_in(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder.

    Raises:
        SourceError: if there is no such file, or if the name or a link leads out of the folder.
    """
    path = folder / name
    try:
        if Path(name).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
            raise SourceError(f"'{name}' leaves the folder", allowed="a path relative to it")
        if not path.is_file():
            raise SourceError(f"there is no file '{name}'")
    except (ValueError, RuntimeError) as error:
        # Python 3.11 raises these for a NUL in a name and for links in a circle.
        raise SourceError(f"'{name}' is no path ({error})") from None
    return path


def _read(path: Path, column: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"'{path.name}' cannot be read ({error.strerror})", where=f"the column '{column}'"
        ) from None
