"""What a benchmark format gives: rows, one in memory at a time, and a stamp that says if they changed."""

import hashlib
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from snakedit.config.load import BenchmarkConfig
from snakedit.config.params import NoParams
from snakedit.core.hashing import canonical


@dataclass(frozen=True)
class Place:
    """A place in a source at which a reader can begin.

    Attributes:
        row: the number of the first row that it then yields.
        byte: where in the file to go on, counted from 0.
        line: lines before it, for messages; 0 where a format counts none.
        opening: what a reader would have read before, as far as it matters for what follows.
    """

    row: int
    byte: int
    line: int = 0
    opening: str = ""


@dataclass(frozen=True)
class SourceRow:
    """One row of a benchmark, before its images are decoded.

    Attributes:
        place: from where it can be read without what stands before it.
        category: as the benchmark names it.
        id: as the benchmark names it, or None.
        digest: sha256 of all its content, images included.
        images: the source images' encoded bytes, each read or decoded from base64 when called.
        reference, mask: likewise, or None.
        fields: further fields of `snakedit.core.records.Item`.
        error: why the row cannot be used, or None.
    """

    place: Place
    category: str
    id: str | None
    digest: str
    images: tuple[Callable[[], bytes], ...] = ()
    reference: Callable[[], bytes] | None = None
    mask: Callable[[], bytes] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    error: str | None = None

    @property
    def number(self) -> int:
        """Its number in the source, from 1."""
        return self.place.row


class Format(ABC):
    """A benchmark format, opened on one benchmark.

    Class attributes:
        Params: a frozen dataclass; its fields are the keys allowed in the benchmark's `params`.
        languages: the languages of instructions that a benchmark may ask for; None for any.
    """

    Params: ClassVar[type] = NoParams
    languages: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, benchmark: BenchmarkConfig, params: Any) -> None:
        """Open a benchmark; nothing is read yet.

        Args:
            params: an instance of `Params`.
        """
        self.benchmark, self.params = benchmark, params

    @abstractmethod
    def stamp(self) -> str:
        """Return a text that changes when the source may have changed, without reading its content.

        Raises:
            SourceError: if the source is not there.
        """

    @abstractmethod
    def rows(self, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the rows in the source's order.

        Args:
            start: the place of a row to begin with, if the source has not changed since. It saves time only:
                a format may yield those before it all the same.

        Raises:
            SourceError: naming the file and the line, if the source as a whole cannot be read.
        """


UNCATEGORISED = "uncategorised"
MAX_DEPTH = 100
MAX_EXTRA_CHARACTERS = 10_000


def examine(raw: Any) -> tuple[str, str | None]:
    """Return a row's sha256, and why no format could use it or None.

    Rows nested too deep, which no further step could walk through, all have the same hash.
    """
    if _is_deeper(raw, MAX_DEPTH):
        too_deep = f"nested more than {MAX_DEPTH} levels deep"
        return hashlib.sha256(too_deep.encode()).hexdigest(), too_deep
    text = canonical(raw)
    problem = None if isinstance(raw, dict) else f"not an object but of type {type(raw).__name__}"
    try:
        content = text.encode()
    except UnicodeEncodeError:
        # JSON can spell what no UTF-8 file can hold.
        content, problem = text.encode("utf-8", "surrogatepass"), "holds half of a surrogate pair"
    return hashlib.sha256(content).hexdigest(), problem


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(element, levels - 1) for element in inner)


def text_of(raw: dict[str, Any], *keys: str) -> str | None:
    """Return the first of these fields that holds text, stripped, or None."""
    for key in keys:
        value = raw.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def label_of(raw: dict[str, Any], key: str) -> str | None:
    """Return a field that names something, text or a number, as text in UTF-8, or None."""
    value = raw.get(key)
    text = text_of({key: str(value) if isinstance(value, int | float) else value}, key)
    return None if text is None else text.encode("utf-8", "replace").decode()


def extra_of(raw: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the fields that are not known, without those that hold an image or are very long."""
    return {
        key: value
        for key, value in raw.items()
        if key not in known
        and not key.endswith("_b64")
        and not (isinstance(value, str) and value.startswith("data:"))
        and len(canonical(value)) <= MAX_EXTRA_CHARACTERS
    }


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
        ValueError: saying what it is, if it is not a whole number of 0 or more.
    """
    if value is None or value == "":
        return None
    number = value
    try:
        if isinstance(value, str):
            # A table's column with gaps is often written as 5.0.
            number = float(value) if "." in value else int(value)
    except ValueError:
        number = None
    whole = isinstance(number, int) or (isinstance(number, float) and number.is_integer())
    if isinstance(number, bool) or not whole or number < 0:
        raise ValueError(f"{reprlib.repr(value)} is not a whole number of 0 or more")
    return int(number)
