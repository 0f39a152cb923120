"""What a benchmark format gives: rows, one in memory at a time, and a stamp that says if they changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from snakedit.config import BenchmarkConfig


@dataclass(frozen=True)
class SourceRow:
    """One row of a benchmark, before its images are decoded.

    Attributes:
        number: its place in the source, from 1.
        category: as the benchmark names it.
        id: as the benchmark names it, or None.
        digest: sha256 of all its content, images included.
        images: the source images' encoded bytes, each read or decoded from base64 when called.
        reference, mask: likewise, or None.
        fields: further fields of `snakedit.records.Item`.
        error: why the row cannot be used, or None.
    """

    number: int
    category: str
    id: str | None
    digest: str
    images: tuple[Callable[[], bytes], ...] = ()
    reference: Callable[[], bytes] | None = None
    mask: Callable[[], bytes] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class Format(Protocol):
    """A benchmark format."""

    def stamp(self, benchmark: BenchmarkConfig) -> str:
        """Return a text that changes when the source may have changed, without reading its content.

        Raises:
            SourceError: if the source is not there.
        """

    def rows(self, benchmark: BenchmarkConfig) -> Iterator[SourceRow]:
        """Yield the rows in the source's order.

        Raises:
            SourceError: naming the file and the line, if the source as a whole cannot be read.
        """


UNCATEGORISED = "uncategorised"


def text_of(raw: dict[str, Any], *keys: str) -> str | None:
    """Return the first of these fields that holds text, stripped, or None."""
    for key in keys:
        value = raw.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def tags_of(value: Any) -> list[str]:
    """Return tags from a list, or from text with commas between them."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return []
    return [str(tag).strip() for tag in value if str(tag).strip()]


def seed_of(value: Any) -> int | None:
    """Return a row's seed, or None for an empty one.

    Raises:
        ValueError: if it is not a whole number of 0 or more.
    """
    if value is None or value == "":
        return None
    seed = int(value)
    if isinstance(value, bool) or seed < 0 or seed != float(value):
        raise ValueError
    return seed
