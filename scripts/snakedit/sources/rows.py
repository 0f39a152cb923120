"""A row of a benchmark, and the functions with which formats read its fields."""

import hashlib
import reprlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from snakedit.core.hashing import canonical

UNCATEGORISED = "uncategorised"
MAX_DEPTH = 100
MAX_EXTRA_CHARACTERS = 10_000
_LONG = 4_096
_ESCAPED = bytes(range(32)) + b'"\\'


@dataclass(frozen=True)
class Place:
    """Where a row begins in its source.

    All but `row` is private to the format, which uses it to begin reading there. A format that always reads
    from the first row gives the number alone.

    Attributes:
        row: the row's number in the source, from 1.
        byte: in the file, where reading can begin.
        line: how many lines are before it, for messages.
        opening: the JSON brackets that enclose it.
        table: the file's name, where a source has several.
    """

    row: int
    byte: int = 0
    line: int = 0
    opening: str = ""
    table: str = ""


@dataclass(frozen=True)
class NamedImage:
    """An image's bytes when they are asked for.

    Attributes:
        name: the file or key as the user knows it, for messages.
        read: returns the bytes, or raises SourceError.
    """

    name: str
    read: Callable[[], bytes]

    def __call__(self) -> bytes:
        """Return the bytes."""
        return self.read()


@dataclass(frozen=True)
class SourceRow:
    """One row of a benchmark, before its images are decoded.

    Attributes:
        place: where it begins in the source.
        category: as the benchmark names it.
        id: as the benchmark names it, or None.
        digest: sha256 of its whole content, images included.
        images: one function for each source image, which returns the encoded bytes or raises SourceError;
            a `NamedImage` is called by its name in messages.
        reference, mask: such a function, or None.
        fields: further fields of `snakedit.core.records.Item`; `instruction` is required.
        error: why the row cannot be used, or None.
        unused: its keys that are kept in the item's `extra`, or nowhere.
        notes: what was understood otherwise than it was named; the same words for each such row.
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
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def problem(self) -> str | None:
        """Why the row cannot be used, as far as this is known before its images are decoded."""
        return self.error or (None if self.fields["instruction"] else "the instruction is empty")

    @property
    def number(self) -> int:
        """The row's number in the source, from 1."""
        return self.place.row


def row_digest(raw: Any) -> tuple[str, str | None]:
    """Return the sha256 of a row's content, and why the row cannot be used or None.

    Rows that are nested too deep cannot be serialised; they all have the same hash.
    """
    if _is_deeper(raw, MAX_DEPTH):
        too_deep = f"nested more than {MAX_DEPTH} levels deep"
        return hashlib.sha256(too_deep.encode()).hexdigest(), too_deep
    problem = None if isinstance(raw, dict) else f"not an object but of type {type(raw).__name__}"
    digest = hashlib.sha256()
    for part in _canonical_parts(raw) if isinstance(raw, dict) else [canonical(raw)]:
        try:
            digest.update(part.encode() if isinstance(part, str) else part)
        except UnicodeEncodeError:
            # JSON escapes can spell characters that UTF-8 cannot encode.
            digest.update(str(part).encode("utf-8", "surrogatepass"))
            problem = "holds half of a surrogate pair"
    return digest.hexdigest(), problem


def _canonical_parts(raw: dict[str, Any]) -> Iterator[str | bytes]:
    """Yield `canonical(raw)` in parts, with base64 as it is: to quote it takes longer than all else."""
    yield "{"
    for number, key in enumerate(sorted(raw)):
        yield ("," if number else "") + canonical(key) + ":"
        value = raw[key]
        encoded = value.encode() if isinstance(value, str) and _is_long_ascii(value) else b""
        # Nothing in it needs a backslash in JSON.
        if encoded and len(encoded.translate(None, _ESCAPED)) == len(encoded):
            yield from (b'"', encoded, b'"')
        else:
            yield canonical(value)
    yield "}"


def _is_long_ascii(text: str) -> bool:
    return len(text) > _LONG and text.isascii()


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(element, levels - 1) for element in inner)


def extra_of(raw: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return the fields that are not known, except images and values of over `MAX_EXTRA_CHARACTERS`."""
    return {
        key: value
        for key, value in raw.items()
        if key not in known
        and not key.endswith("_b64")
        and not (isinstance(value, str) and value.startswith("data:"))
        and len(canonical(value)) <= MAX_EXTRA_CHARACTERS
    }


def seed_of(value: Any) -> int | None:
    """Return a row's seed, or None if the field is empty.

    Raises:
        ValueError: if it is not a whole number of 0 or more.
    """
    if value is None or value == "":
        return None
    number = value
    try:
        if isinstance(value, str):
            # Programs often write a whole-number column with gaps as 5.0.
            number = float(value) if "." in value else int(value)
    except ValueError:
        number = None
    whole = isinstance(number, int) or (isinstance(number, float) and number.is_integer())
    if isinstance(number, bool) or not whole or number < 0:
        raise ValueError(f"{reprlib.repr(value)} is not a whole number of 0 or more")
    return int(number)
