"""Folders of pictures that a table's rows name: their stamp, and safe access to one picture."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from snakedit.core.errors import SourceError
from snakedit.core.hashing import file_sha256
from snakedit.sources.rows import NamedImage


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


def folder_stamp(folder: Path, follow_links: bool = False) -> str:
    """Return a text that changes with the path, size or mtime of any file below a folder.

    Args:
        follow_links: look into linked folders too.
    """
    digest = hashlib.sha256()
    for path in sorted(_below(folder) if follow_links else folder.rglob("*")):
        if path.is_file():
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


def _below(folder: Path) -> Iterator[Path]:
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        # Links may lead in a circle.
        if os.path.realpath(place) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(place))
        yield from (Path(place, name) for name in files)


@dataclass(frozen=True)
class PictureFolder:
    """A folder of pictures.

    Attributes:
        root: that names are relative to, and may not leave.
        follow_links: whether a link in it may lead out of it.
    """

    root: Path
    follow_links: bool = False

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            return (self.root / name).is_file()
        except (OSError, ValueError):
            # Longer than a name may be, for one.
            return False

    def row_pictures(
        self, columns: Mapping[str, Any], category: str = "", word: str = "column"
    ) -> RowPictures:
        """Find the pictures of a row.

        Args:
            columns: column → a file's name, a list of names, or an empty value.
            category: of the row; a file that is not there is looked for in the folder of this name too.
            word: what a column is called in messages.
        """
        pictures = RowPictures({column: [] for column in columns})
        for column, names in columns.items():
            for number, value in enumerate(names if isinstance(names, list) else [names]):
                name = "" if value is None else str(value).strip()
                if not name:
                    continue
                try:
                    path = self.find(name, category)
                    pictures.sha256s[f"{column} {number}"] = file_sha256(path)
                    where = f"the {word} '{column}'"
                    pictures.readers[column].append(
                        NamedImage(f"{where}: '{name}'", partial(_read, path, where))
                    )
                except SourceError as error:
                    pictures.error = f"the {word} '{column}': {error}"
                except OSError as error:
                    pictures.error = f"the {word} '{column}': '{value}' cannot be read ({error.strerror})"
        return pictures

    def find(self, name: str, category: str = "") -> Path:
        """Return the path of a picture; a name that is not there with ``\\`` for ``/`` is one of Windows.

        Raises:
            SourceError: if there is no such file, or if the name or a link leads out of the folder.
        """
        names = [name, name.replace("\\", "/")] if "\\" in name else [name]
        if category and not category.startswith("."):
            names += [f"{category}/{names[-1]}"]
        return self._checked(next((other for other in names if self.has(other)), names[0]))

    def _checked(self, name: str) -> Path:
        plain = os.path.normpath(name)
        # Through a link, `..` leads elsewhere than the name says.
        path = self.root / (plain if self.follow_links else name)
        try:
            leaves = os.path.isabs(name) or plain.split(os.sep)[0] == ".."
            if leaves:
                raise SourceError(f"'{name}' leaves the folder", allowed="a path relative to it")
            if not self.follow_links and not path.resolve().is_relative_to(self.root.resolve()):
                raise SourceError(
                    f"'{name}' is a link, or lies behind one, that leaves the folder",
                    hint="to read it, set params: {follow_links: true} for this benchmark",
                )
            path.resolve()
            if not path.is_file():
                raise SourceError(f"there is no file '{name}'")
        except (ValueError, RuntimeError) as error:
            # Python 3.11 raises these for a NUL in a name and for links in a circle.
            raise SourceError(f"'{name}' is no path ({error})") from None
        return path


def _read(path: Path, where: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"'{path.name}' cannot be read ({error.strerror})", where=where) from None
