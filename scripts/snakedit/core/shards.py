"""Blocks of a large category's items, each with a job of its own.

A shard is named by the places of its first and last item, counted from 1: ``000501-001000``. So a shard of
another size is another shard, and items added at the end change the name of none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from snakedit.core.errors import RecordError
from snakedit.core.records import Item, from_line


@dataclass(frozen=True)
class Shard:
    """The items of a category from one place to another, both included and counted from 1."""

    first: int
    last: int

    @classmethod
    def parse(cls, name: str) -> "Shard":
        """Return the shard of that name.

        Raises:
            ValueError: if it is no shard's name.
        """
        first, last = map(int, name.split("-"))
        if not 1 <= first <= last:
            raise ValueError(f"'{name}' is not a shard, such as 000001-000500")
        return cls(first, last)

    def __str__(self) -> str:
        return f"{self.first:06}-{self.last:06}"

    @property
    def size(self) -> int:
        """How many items it has, but for the last of a category."""
        return self.last - self.first + 1

    def count_of(self, total: int) -> int:
        """Return how many items it has in a category of so many."""
        return max(0, min(self.last, total) - self.first + 1)

    def of(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return its items; fewer than its size, or none, at the category's end."""
        return items[self.first - 1 : self.last]


class Items(Sequence[Item]):
    """A category's items, each made of its line when it is asked for.

    Every shard's job reads the file of the whole category, so most of its lines are not its own.
    """

    def __init__(self, path: Path) -> None:
        """Read the lines.

        Raises:
            RecordError: if there is no such file; later for a line that is not an item.
        """
        self._path = path
        try:
            self._lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            raise RecordError("no such file", where=str(path)) from None

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Item: ...

    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...

    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        return from_line(self._lines[place], Item, f"{self._path}:{range(len(self))[place] + 1}")


def shards_of(count: int, size: int) -> list[Shard]:
    """Return the shards of a category with so many items, in order; none where it fits into one."""
    if count <= size:
        return []
    return [Shard(first, first + size - 1) for first in range(1, count + 1, size)]
