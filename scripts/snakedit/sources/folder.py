"""The format `folder`: pictures, and tables whose rows name them."""

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import SourceError
from snakedit.core.names import expanded
from snakedit.sources.format import Format
from snakedit.sources.keys import KeyNames
from snakedit.sources.picture_folder import PictureFolder, folder_stamp
from snakedit.sources.row_reader import RowReader
from snakedit.sources.rows import Place, SourceRow
from snakedit.sources.tables import TABLE_SUFFIXES, is_table, read_table

TABLES = ("items.csv", "items.jsonl")
REQUIRED_PARTS = ("image", "instruction")
_MAX_SHOWN = 5
_OWN = {"category": ("category",)}
_KNOWN = frozenset(
    {
        *("image", "reference", "mask", "id", "category", "instruction", "description", "rationale", "tags"),
        *("difficulty", "seed", "human", "language"),
    }
)


class FolderParams(FamilyParams):
    """Parameters of `Folder`."""

    pictures: str | None = Field(
        None,
        description="The folder that the rows' names of pictures are relative to; by default the table's.",
    )
    follow_links: bool = Field(
        False,
        description="Read pictures through links that lead out of the folder, as in a hub cache's snapshot.",
    )


class Folder(Format):
    """The format `folder`; config/README.md lists its columns."""

    Params: ClassVar[type[FamilyParams]] = FolderParams
    params: FolderParams

    def stamp(self) -> str:
        """Return a hash of the paths, sizes and mtimes of the tables, and of all files below the folder."""
        tables = self._tables
        path = Path(self.benchmark.path)
        if self.params.pictures is None and path.is_dir():
            return folder_stamp(path, self.params.follow_links)
        stats = [table.stat() for table in tables]
        places = {str(self._pictures(table).root): self._pictures(table) for table in tables}
        stamps = [folder_stamp(pictures.root, self.params.follow_links) for pictures in places.values()]
        return " ".join([*(f"{stat.st_size} {stat.st_mtime_ns}" for stat in stats), *stamps])

    def rows(self, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the tables' rows."""
        number, waiting = 0, start
        names = KeyNames(_OWN, self.benchmark.language)
        for table, category in self._tables.items():
            name = table.name if category is None else f"{category}/{table.name}"
            if waiting is not None and waiting.table not in ("", name):
                continue
            before = 0 if waiting is not None else number
            reader = RowReader(names, _KNOWN, pictures=self._pictures(table), word="column")
            for row in read_table(table, waiting, REQUIRED_PARTS):
                number = row.place.row + before
                place = dataclasses.replace(
                    row.place, row=number, table="" if len(self._tables) == 1 else name
                )
                yield reader.read(row._replace(place=place, category=row.category or category))
            waiting = None

    def _pictures(self, table: Path) -> PictureFolder:
        root = table.parent if self.params.pictures is None else expanded(self.params.pictures)
        if not root.is_dir():
            raise SourceError("no such folder of pictures", where=str(root))
        return PictureFolder(root, self.params.follow_links)

    @cached_property
    def _tables(self) -> dict[Path, str | None]:
        """The tables, each with the category that its folder stands for, or None."""
        path = Path(self.benchmark.path)
        if path.is_file():
            return {path: None}
        if not path.is_dir():
            raise SourceError("no such folder or table", where=str(path))
        own = [path / name for name in TABLES if (path / name).is_file()]
        tables = own or _tables_in(path)
        if len(tables) == 1:
            return {tables[0]: None}
        if tables:
            names = ", ".join(table.name for table in tables[:_MAX_SHOWN])
            count = "both tables" if own else f"{len(tables)} tables ({names})"
            hint = "name the table's file as the path"
            raise SourceError(
                f"holds {count}", where=str(path), allowed=f"one of {', '.join(TABLES)}", hint=hint
            )
        below = {folder: _tables_in(folder) for folder in sorted(path.iterdir()) if folder.is_dir()}
        for folder, found in below.items():
            if len(found) > 1:
                raise SourceError(
                    f"holds {len(found)} tables", where=str(folder), allowed="one in each folder"
                )
        if not any(below.values()):
            raise SourceError(
                "holds no table",
                where=str(path),
                allowed=f"one file that ends in {', '.join(TABLE_SUFFIXES)}, or one in each folder",
            )
        return {found[0]: folder.name for folder, found in below.items() if found}


def _tables_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and is_table(path))
