"""The format `base64_json`: a JSON file of rows with images as base64, in a list or a dict of lists.

The keys of a dict are the categories. Such files reach gigabytes, so they are streamed, and one row is in
memory at a time.
"""

import base64
import binascii
import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import ijson

from snakedit.core.errors import SourceError
from snakedit.sources.format import Format
from snakedit.sources.json_places import PlacedFile
from snakedit.sources.rows import (
    UNCATEGORISED,
    Place,
    SourceRow,
    extra_of,
    label_of,
    row_digest,
    seed_of,
    tags_of,
    text_of,
)

IMAGE_KEYS = ("src_img_b64", "original_image_b64", "image_b64")
REFERENCE_KEY, MASK_KEY = "reference_img_b64", "mask_b64"
_KNOWN = {
    *(*IMAGE_KEYS, REFERENCE_KEY, MASK_KEY, "id", "subset", "original_image_path", "tags", "difficulty"),
    *("seed", "edit_instruction", "edit_instruction_en", "original_description", "original_description_en"),
    *("rationale_short", "rationale_short_en"),
}


class Base64Json(Format):
    """The format `base64_json`; config/README.md lists its keys."""

    languages: ClassVar[tuple[str, ...] | None] = ("en", "zh")

    def stamp(self) -> str:
        """Return the file's size and mtime."""
        path = self.benchmark.path
        try:
            stat = Path(path).stat()
        except OSError as error:
            raise SourceError(f"cannot be read ({error.strerror})", where=path) from None
        return f"{stat.st_size} {stat.st_mtime_ns}"

    def rows(self, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the file's rows."""
        path, number = self.benchmark.path, start.row - 1 if start else 0
        try:
            with open(path, "rb") as file:
                if start is not None:
                    file.seek(start.byte)
                elif file.read(len(BOM_UTF8)) != BOM_UTF8:
                    file.seek(0)
                placed = PlacedFile(file, start.opening if start else "")
                for category, raw in _elements(placed, path):
                    number += 1
                    # With these brackets before it, a parser can read on from this row.
                    opening = "[" if category is None else f"{{{json.dumps(category)}:["
                    place = Place(number, placed.next_element(), opening=opening)
                    yield _row(place, category, raw, self.benchmark.language)
        except OSError as error:
            raise SourceError(f"cannot be read ({error.strerror})", where=path) from None
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise _not_json(error, number, path) from None


def _not_json(error: Exception, number: int, path: str) -> SourceError:
    reason = error.args[0] if error.args else ""
    if isinstance(reason, bytes):
        reason = reason.decode("utf-8", "replace")
    # The lines after the first draw the place, with up to 80 characters of base64.
    first = str(reason).strip().partition("\n")[0]
    hint = "write so large a number as text" if "overflow" in first else ""
    return SourceError(f"not JSON in UTF-8 after row {number} ({first})", where=path, hint=hint)


def _elements(file: Any, path: str) -> Iterator[tuple[str | None, Any]]:
    """Yield (category or None, row) from a list of rows or a dict of such lists."""
    # With use_float, ijson 3.6 refuses integers of over 64 bits. Without it, one of over 4,300 digits can
    # crash the process.
    events = ijson.basic_parse(file, use_float=True)
    event, _ = next(events, (None, None))
    if event == "start_array":
        for row in _array(events):
            yield None, row
    elif event == "start_map":
        for event, value in events:
            if event == "map_key":
                if next(events)[0] != "start_array":
                    raise SourceError(
                        f"the category '{value}' does not hold a list", where=path, allowed="a list of rows"
                    )
                for row in _array(events):
                    yield value, row
    else:
        raise SourceError(
            "holds no benchmark", where=path, allowed="a list of rows, or a dict of lists by category"
        )
    # ijson complains of text after the end only when the next event is asked for.
    next(events, None)


def _array(events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    """Yield the elements of the array whose start event has been read, each as one value."""
    steps = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}
    for event, value in events:
        if event == "end_array":
            return
        builder = ijson.ObjectBuilder()
        depth = 0
        while True:
            builder.event(event, value)
            depth += steps.get(event, 0)
            if depth == 0:
                break
            event, value = next(events)
        yield builder.value


def _row(place: Place, category: str | None, raw: Any, language: str) -> SourceRow:
    digest, error = row_digest(raw)
    named = raw if isinstance(raw, dict) else {}
    category = label_of(named, "subset") or category or UNCATEGORISED
    path = label_of(named, "original_image_path")
    row_id = label_of(named, "id")
    if row_id is None and path is not None:
        row_id = Path(path.replace("\\", "/")).stem or None
    if error is not None:
        return SourceRow(place, category, row_id, digest, error=error)
    other = {"en": "zh", "zh": "en"}[language]
    used = language if text_of(raw, _key("edit_instruction", language)) else other
    image = next((key for key in IMAGE_KEYS if text_of(raw, key)), None)
    seed: int | None = None
    try:
        seed = seed_of(raw.get("seed"))
    except ValueError as caught:
        error = f"the key 'seed': {caught}"
    if image is None:
        error = f"no image under any of the keys {', '.join(IMAGE_KEYS)}"
    return SourceRow(
        place=place,
        category=category,
        id=row_id,
        digest=digest,
        images=(_bytes_of(raw, image),) if image else (),
        reference=_bytes_of(raw, REFERENCE_KEY) if text_of(raw, REFERENCE_KEY) else None,
        mask=_bytes_of(raw, MASK_KEY) if text_of(raw, MASK_KEY) else None,
        fields={
            "instruction": text_of(raw, _key("edit_instruction", used)) or "",
            "language": used,
            "description": _in_language(raw, "original_description", language, other),
            "rationale": _in_language(raw, "rationale_short", language, other),
            "tags": tags_of(raw.get("tags")),
            "difficulty": label_of(raw, "difficulty"),
            "seed": seed,
            "extra": extra_of(raw, _KNOWN),
        },
        error=error,
    )


def _key(name: str, language: str) -> str:
    return f"{name}_en" if language == "en" else name


def _in_language(raw: dict[str, Any], name: str, language: str, other: str) -> str | None:
    return text_of(raw, _key(name, language), _key(name, other))


def _bytes_of(raw: dict[str, Any], key: str) -> Callable[[], bytes]:
    return partial(_decode, raw[key].strip(), key)


def _decode(text: str, key: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SourceError(f"not base64 ({error})", where=f"the key '{key}'") from None
