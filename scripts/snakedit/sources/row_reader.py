"""From a row as its file has it to a `SourceRow`: which key is which part, and what its value means."""

import reprlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from snakedit.core.errors import SourceError
from snakedit.core.names import PICTURE_SUFFIXES
from snakedit.sources.embedded import decode_base64, probe_base64
from snakedit.sources.json_rows import TableRow
from snakedit.sources.keys import (
    HUMAN_PREFIX,
    KeyNames,
    as_tags,
    as_text,
    is_base64,
    is_empty,
    is_scalar,
    language_name,
)
from snakedit.sources.picture_folder import PictureFolder
from snakedit.sources.ratings import human_ratings
from snakedit.sources.rows import UNCATEGORISED, NamedImage, SourceRow, extra_of, row_digest, seed_of

# A row that is read otherwise than by version 1 has another digest, so that its category is prepared again.
READING_VERSION = 2


@dataclass(frozen=True)
class RowReader:
    """How a format reads its rows.

    Attributes:
        names: of each part of a row.
        known: names that are not kept in `extra`, used or not; every row had them before there was a table.
        pictures: where named pictures lie, or None in a format whose rows hold their images.
        path_with_id: a key of a path whose stem is the id of a row without one.
        word: what the format calls a key.
    """

    names: KeyNames
    known: frozenset[str]
    pictures: PictureFolder | None = None
    path_with_id: str | None = None
    word: str = "key"

    def read(self, row: TableRow) -> SourceRow:
        """Return a row of the benchmark; what is wrong with it is in its `error`."""
        return _Row(self, row).read()


class _Row:
    """Reads one row; notes which of its keys were used, and how."""

    def __init__(self, reader: RowReader, row: TableRow) -> None:
        self._reader, self._names, self._row = reader, reader.names, row
        self._raw: dict[str, Any] = row.value if isinstance(row.value, dict) else {}
        self._used: set[str] = set()
        # Names that the format knows, with a value that it has no use for.
        self._kept: set[str] = set()
        self._notes: list[str] = []
        self._is_read_anew = False
        self._files: dict[str, str] = {}
        self._error: str | None = None
        self._misfit = ""

    def read(self) -> SourceRow:
        digest, problem = row_digest(self._row.value)
        category = self._category()
        if problem is not None:
            return SourceRow(self._row.place, category, self._id(None), digest, error=problem)
        images = self._images("image", category)
        path_as_id = None if images else self._path_as_id()
        if path_as_id is not None and self._reader.pictures is not None:
            images = self._files_of("id", [path_as_id], category)
        if not images:
            self._fail(self._no_image())
        reference, mask = (self._single(part, category) for part in ("reference", "mask"))
        row_id = self._id(path_as_id)
        fields = self._fields()
        read_anew = {"reading": READING_VERSION} if self._is_read_anew else {}
        if self._reader.pictures is not None or read_anew:
            digest = row_digest({"row": digest, "files": self._files, **read_anew})[0]
        known = (self._reader.known - self._kept) | self._used
        return SourceRow(
            place=self._row.place,
            category=category,
            id=row_id,
            digest=digest,
            images=tuple(images),
            reference=reference,
            mask=mask,
            fields={**fields, "extra": extra_of(self._raw, known)},
            error=self._error,
            unused=tuple(key for key in self._raw if key not in known),
            notes=tuple(self._notes),
        )

    def _fail(self, error: str | None) -> None:
        self._error = self._error or error

    def _key_named(self, name: str) -> str:
        return f"the {self._reader.word} '{name}'"

    def _filled(self, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Yield the names that this row fills, with the values."""
        for name in names:
            value = self._raw.get(name)
            if not is_empty(value):
                yield name, value

    def _use(self, name: str, *, as_before: bool = True) -> None:
        """Note that a key is used, and whether versions before `READING_VERSION` read it so too."""
        self._used.add(name)
        if name not in self._reader.known or not as_before:
            self._is_read_anew = True

    def _first(self, names: Iterable[str]) -> tuple[str, Any] | None:
        return next(self._filled(names), None)

    def _label(self, names: Iterable[str]) -> str | None:
        """Return a name as text that UTF-8 can encode."""
        match = self._first(names)
        if match is None:
            return None
        name, value = match
        self._use(name, as_before=is_scalar(value))
        text = as_text(value)
        return None if text is None else text.encode("utf-8", "replace").decode()

    def _category(self) -> str:
        own = list(self._names.own.get("category", ()))
        others = [name for name in self._names.of("category") if name not in own]
        # What encloses the row says more than a name that others use for something else.
        return self._label(own) or self._row.category or self._label(others) or UNCATEGORISED

    def _path_as_id(self) -> str | None:
        """Return the `id` if it is a picture's path, as in ImgEdit."""
        value = self._raw.get("id")
        return value if isinstance(value, str) and value.lower().endswith(PICTURE_SUFFIXES) else None

    def _id(self, path_as_id: str | None) -> str | None:
        if path_as_id is not None:
            return self._row.key or Path(path_as_id.replace("\\", "/")).stem
        own = self._label(["id"])
        if own is None and self._reader.path_with_id is not None:
            path = self._label([self._reader.path_with_id])
            own = Path(path.replace("\\", "/")).stem or None if path else None
        return own or self._row.key or self._label(self._names.of("id"))

    def _images(self, part: str, category: str) -> list[Callable[[], bytes]]:
        """Return the readers of a part's images: of the first of its keys that holds one."""
        for name, value in self._filled(self._names.of(part)):
            values = [v for v in (value if isinstance(value, list) else [value]) if not is_empty(v)]
            if not values or name == self._reader.path_with_id:
                continue
            if part == "reference" and self._is_sentence(values, name):
                continue
            if not all(isinstance(element, str) for element in values):
                misfit = f"{self._key_named(name)} holds no picture but {reprlib.repr(value)}"
                if part != "image":
                    self._fail(misfit)
                self._misfit = self._misfit or f" ({misfit})"
                continue
            self._use(name)
            if any(is_base64(name, element) for element in values):
                return self._encoded(name, values)
            return self._files_of(name, values, category)
        return []

    def _single(self, part: str, category: str) -> Callable[[], bytes] | None:
        images = self._images(part, category)
        if len(images) > 1:
            self._notes.append(f"of several pictures under '{part}' the first is used")
        return images[0] if images else None

    def _is_sentence(self, values: list[Any], name: str) -> bool:
        """Whether a right answer is put in words, as in RISEBench, and names no picture."""
        if len(values) != 1 or isinstance(values[0], list | dict):
            return False
        text = str(values[0])
        if is_base64(name, text) or text.lower().endswith(PICTURE_SUFFIXES) or "\0" in text:
            return False
        return self._reader.pictures is None or not self._reader.pictures.has(text)

    def _encoded(self, name: str, values: list[str]) -> list[Callable[[], bytes]]:
        try:
            for value in values:
                probe_base64(value, name)
        except SourceError as error:
            self._fail(str(error))
        return [NamedImage(self._key_named(name), partial(decode_base64, value, name)) for value in values]

    def _files_of(self, name: str, values: list[str], category: str) -> list[Callable[[], bytes]]:
        self._use(name, as_before=name != "id")
        if self._reader.pictures is None:
            self._fail(
                f"{self._key_named(name)}: {reprlib.repr(values[0])} is a path; the format 'folder' reads"
                " files whose rows name pictures"
            )
            return []
        found = self._reader.pictures.row_pictures({name: values}, category, self._reader.word)
        self._files |= found.sha256s
        self._fail(found.error)
        return found.readers[name]

    def _no_image(self) -> str:
        names = self._names.of("image")
        empty = next((name for name in names if name in self._raw), None)
        if empty is not None and self._reader.pictures is not None and not self._misfit:
            return f"{self._key_named(empty)} is empty"
        return f"no image under any of the {self._reader.word}s {', '.join(names)}{self._misfit}"

    def _fields(self) -> dict[str, Any]:
        instruction, language = self._instruction()
        return {
            "instruction": instruction,
            "language": language,
            "description": self._text("description"),
            "rationale": self._rationale(),
            "tags": self._tags(),
            "difficulty": self._label(self._names.of("difficulty")),
            "seed": self._seed(),
            "human": self._human(),
        }

    def _tags(self) -> list[str]:
        name, value = self._first(self._names.of("tags")) or ("tags", [])
        elements = value if isinstance(value, list) else [value]
        self._use(name, as_before=isinstance(value, list | str) and all(map(is_scalar, elements)))
        return as_tags(value)

    def _instruction(self) -> tuple[str, str]:
        languages = self._names.translated("instruction")
        match = self._first(languages)
        if match is None:
            return "", self._row_language()
        name, value = match
        self._use(name, as_before=isinstance(value, str))
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, list | dict):
            count = f"a list of {len(value)}" if isinstance(value, list) else "an object"
            self._fail(f"{self._key_named(name)} holds {count}; allowed: one text, since an item is one edit")
            return "", self._row_language()
        return as_text(value) or "", languages[name] or self._row_language()

    def _row_language(self) -> str:
        label = self._label(self._names.of("language"))
        return language_name(label) if label else self._names.language

    def _text(self, part: str) -> str | None:
        match = self._first(self._names.translated(part))
        if match is None:
            return None
        self._use(match[0], as_before=isinstance(match[1], str))
        return as_text(match[1])

    def _rationale(self) -> str | None:
        """Return the rationale; without one, a right answer that is put in words."""
        text = self._text("rationale")
        for name, value in self._filled([n for n in self._names.of("reference") if n not in self._used]):
            values = value if isinstance(value, list) else [value]
            if not self._is_sentence(values, name):
                continue
            if text is not None:
                self._kept.add(name)
            else:
                self._use(name, as_before=False)
                self._notes.append(f"'{name}' is a text and no picture, and is read as the rationale")
                text = as_text(value)
        return text

    def _seed(self) -> int | None:
        self._used.add("seed")
        try:
            return seed_of(self._raw.get("seed"))
        except ValueError as caught:
            self._fail(f"{self._key_named('seed')}: {caught}")
            return None

    def _human(self) -> dict[str, float] | None:
        self._used |= {key for key in self._raw if key.startswith(HUMAN_PREFIX)}
        if not is_empty(self._raw.get("human")):
            self._use("human")
        try:
            return human_ratings(self._raw, self._reader.word)
        except SourceError as caught:
            self._fail(str(caught))
            return None
