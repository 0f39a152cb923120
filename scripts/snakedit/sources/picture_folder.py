"""Folders of pictures that a benchmark's table names."""

import hashlib
from pathlib import Path

from snakedit.core.errors import SourceError


def folder_stamp(folder: Path) -> str:
    """Return a sha256 that changes with the name, size or mtime of any file below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


def picture_in(folder: Path, name: str) -> Path:
    """Return the file of this name in a folder; neither the name nor a link may lead out of it.

    Raises:
        SourceError: if it would, or there is no such file.
    """
    path = folder / name
    try:
        if Path(name).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
            raise SourceError(f"'{name}' leaves the folder", allowed="a path relative to it")
        if not path.is_file():
            raise SourceError(f"there is no file '{name}'")
    except (ValueError, RuntimeError) as error:
        # Python 3.11 says so of a NUL in a name and of links in a circle.
        raise SourceError(f"'{name}' is no path ({error})") from None
    return path


def read_picture(path: Path, column: str) -> bytes:
    """Return a picture file's bytes.

    Args:
        column: that names it, for messages.

    Raises:
        SourceError: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"'{path.name}' cannot be read ({error.strerror})", where=f"the column '{column}'"
        ) from None
