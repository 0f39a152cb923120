"""Seals: what a file of records, and its pictures, were when their job ended.

A seal lies beside its records, ``edits.seal.json`` beside ``edits.jsonl``. By it a later run notices cheaply
what was changed or deleted since, and whether the records belong to its configuration. Records of an earlier
version have none and are believed.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from snakedit.core.atomic import write_whole
from snakedit.core.errors import RecordError
from snakedit.core.hashing import file_sha256

MIXED = "mixed"


class Picture(NamedTuple):
    """A picture as its job left it: bytes, time of change in ns, sha256."""

    size: int
    changed: int
    sha256: str


@dataclass(frozen=True)
class Seal:
    """What is known of a file of records.

    Attributes:
        sha256: of the file.
        recipe: the fingerprint of what all its records depend on; `MIXED` if of several.
        made_from: name of a file of records that they were made from → its sha256.
        pictures: file name → picture, in the folder that `broken_pictures` is told.
    """

    sha256: str
    recipe: str
    made_from: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)


def write_sealed(
    path: Path,
    chunks: Iterable[str],
    recipe: str,
    made_from: Iterable[Path] = (),
    pictures: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Write a file of records, whole, and its seal.

    Args:
        recipe: the fingerprint of what the records depend on.
        made_from: the files of records that these were made from.
        pictures: file name → sha256 of each picture that the records name.
        folder: where the pictures are.
    """
    # Between the two writes there is no seal, and never one of other records.
    seal_path(path).unlink(missing_ok=True)
    write_whole(path, chunks)
    seal = Seal(
        file_sha256(path),
        recipe,
        {source.name: file_sha256(source) for source in made_from},
        _pictures(folder, pictures or {}),
    )
    write_whole(seal_path(path), [json.dumps(vars(seal), ensure_ascii=False)])


def seal_path(path: Path) -> Path:
    """Return where the seal of a file of records is."""
    return path.with_suffix(".seal.json")


def read_seal(path: Path) -> Seal | None:
    """Return the seal of a file of records; None where either is missing or the seal cannot be read."""
    if not path.exists():
        return None
    try:
        content = json.loads(seal_path(path).read_text(encoding="utf-8"))
        pictures = {name: Picture(*known) for name, known in content.pop("pictures").items()}
        return Seal(**content, pictures=pictures)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def check_unchanged(path: Path, seal: Seal) -> None:
    """Refuse records that are not those that their job wrote.

    Raises:
        RecordError: with how to go on.
    """
    # Not if a job has written it meanwhile, as beside a dry run.
    if file_sha256(path) != seal.sha256 and read_seal(path) == seal:
        raise RecordError(
            "was changed since its job wrote it",
            where=str(path),
            hint="put the written file back, or delete this one and run again: what is finished is kept",
        )


def broken_pictures(path: Path, seal: Seal, folder: Path) -> list[str]:
    """Return the names of sealed pictures that were deleted or altered, sorted.

    Pictures of another time but the same size, as after a copy, are read; if they are whole, the seal is
    written again with their times, so that they are read once.

    Args:
        path: the file of records.
        folder: where the pictures are.
    """
    present = _sizes_and_times(folder)
    broken, copied = [], {}
    for name, known in seal.pictures.items():
        size, changed = present.get(name, (-1, -1))
        if size != known.size:
            broken.append(name)
        elif changed != known.changed:
            if file_sha256(folder / name) == known.sha256:
                copied[name] = Picture(size, changed, known.sha256)
            else:
                broken.append(name)
    if copied and os.access(path.parent, os.W_OK):
        read = replace(seal, pictures={**seal.pictures, **copied})
        write_whole(seal_path(path), [json.dumps(vars(read), ensure_ascii=False)])
    return sorted(broken)


def _pictures(folder: Path | None, sha256s: Mapping[str, str]) -> dict[str, Picture]:
    present = _sizes_and_times(folder) if folder and sha256s else {}
    return {name: Picture(*present[name], sha256) for name, sha256 in sha256s.items() if name in present}


def _sizes_and_times(folder: Path) -> dict[str, tuple[int, int]]:
    """File name → bytes and time of change, of a folder's files in one pass; empty if it is not there."""
    present: dict[str, tuple[int, int]] = {}
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                # Another job's temporary file may be gone.
                with suppress(FileNotFoundError):
                    state = entry.stat()
                    present[entry.name] = (state.st_size, state.st_mtime_ns)
    return present
