"""The format `base64_json`: a JSON file of rows with images as base64.

Such files reach gigabytes, so one row is in memory at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from snakedit.core.errors import SourceError
from snakedit.sources.format import Format
from snakedit.sources.json_rows import json_rows
from snakedit.sources.keys import KeyNames
from snakedit.sources.row_reader import RowReader
from snakedit.sources.rows import Place, SourceRow

_OWN = {
    "category": ("subset",),
    "instruction": ("edit_instruction",),
    "description": ("original_description",),
    "rationale": ("rationale_short",),
    "image": ("src_img_b64", "original_image_b64", "image_b64"),
}
_KNOWN = frozenset(
    {
        *(*_OWN["image"], "reference_img_b64", "mask_b64", "id", "subset", "original_image_path", "tags"),
        *("difficulty", "seed", "edit_instruction", "edit_instruction_en", "original_description"),
        *("original_description_en", "rationale_short", "rationale_short_en"),
    }
)


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
        reader = RowReader(
            KeyNames(_OWN, self.benchmark.language, {"edit_instruction": "zh"}),
            _KNOWN,
            path_with_id="original_image_path",
        )
        for row in json_rows(self.benchmark.path, start):
            yield reader.read(row)
