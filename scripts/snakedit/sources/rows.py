"""A row of a benchmark, and the functions with which formats read its fields."""

import hashlib
import reprlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from snakedit.core.hashing import canonical

UNCATEGORISED = "uncategorised"
MAX_DEPTH = 100
MAX_EXTRA_CHARACTERS = 10_000


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
    """

    row: int
    byte: int = 0
    line: int = 0
    opening: str = ""


@dataclass(frozen=True)
class SourceRow:
    """One row of a benchmark, before its images are decoded.

    Attributes:
        place: where it begins in the source.
        category: as the benchmark names it.
        id: as the benchmark names it, or None.
        digest: sha256 of its whole content, images included.
        images: one function for each source image, which returns the encoded bytes or raises SourceError.
        reference, mask: such a function, or None.
        fields: further fields of `snakedit.core.records.Item`; `instruction` is required.
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
        """The row's number in the source, from 1."""
        return self.place.row


def row_digest(raw: Any) -> tuple[str, str | None]:
    """Return the sha256 of a row's content, and why the row cannot be used or None.

    Rows that are nested too deep cannot be serialised; they all have the same hash.
    """
    if _is_deeper(raw, MAX_DEPTH):
        too_deep = f"nested more than {MAX_DEPTH} levels deep"
        return hashlib.sha256(too_deep.encode()).hexdigest(), too_deep
    text = canonical(raw)
    problem = None if isinstance(raw, dict) else f"not an object but of type {type(raw).__name__}"
    try:
        content = text.encode()
    except UnicodeEncodeError:
        # JSON escapes can spell characters that UTF-8 cannot encode.
        content, problem = text.encode("utf-8", "surrogatepass"), "holds half of a surrogate pair"
    return hashlib.sha256(content).hexdigest(), problem


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(element, levels - 1) for element in inner)


def text_of(raw: dict[str, Any], *keys: str) -> str | None:
    """Return the first of these fields that holds text, without surrounding blanks, or None."""
    for key in keys:
        value = raw.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def label_of(raw: dict[str, Any], key: str) -> str | None:
    """Return a name, which may be text or a number, as text that UTF-8 can encode, or None."""
    value = raw.get(key)
    text = text_of({key: str(value) if isinstance(value, int | float) else value}, key)
    return None if text is None else text.encode("utf-8", "replace").decode()


def extra_of(raw: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the fields that are not known, except images and values of over `MAX_EXTRA_CHARACTERS`."""
    return {
        key: value
        for key, value in raw.items()
        if key not in known
        and not key.endswith("_b64")
        and not (isinstance(value, str) and value.startswith("data:"))
        and len(canonical(value)) <= MAX_EXTRA_CHARACTERS
    }


def tags_of(value: Any) -> list[str]:
    """Return the tags of a list, or of text separated by commas."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return []
    return [str(tag).strip() for tag in value if str(tag).strip()]


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
