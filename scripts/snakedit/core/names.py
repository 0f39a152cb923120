"""File names made from ids: readable in every script, never outside their folder, never two the same."""

import hashlib
import os
import unicodedata
from pathlib import Path

MAX_BYTES = 120
# Language → how names of keys, files and folders call it.
LANGUAGE_NAMES = {"en": ("en", "english"), "zh": ("zh", "cn", "chinese")}
# Of files of pictures, in small letters. What Pillow can read of them it reads by their content.
PICTURE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif", ".jp2"),
    *(".j2k", ".jfif", ".ppm", ".pgm", ".tga"),
)


def safe_name(name: str) -> str:
    """Return a file or folder name for an id or a category of any script.

    Letters, digits, combining marks, ``_`` and ``-``, and dots between them stay. A name that had to be
    changed or cut ends in ``~`` and 16 hex digits of its sha256; as ``~`` is never kept, no other name
    can be made to look like it.

    >>> safe_name("物理"), safe_name("a b")[:4]
    ('物理', 'a_b~')
    """
    kept = "".join(c if _is_kept(c) else "_" for c in unicodedata.normalize("NFC", name))
    while kept.startswith("."):
        kept = "_" + kept[1:]
    kept = kept.replace("..", "__")
    if kept == name and 0 < len(kept.encode()) <= MAX_BYTES and not kept.endswith("."):
        return kept
    stem = kept.encode()[: MAX_BYTES - 17].decode(errors="ignore")
    return f"{stem}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def image_name(item_id: str) -> str:
    """Return the file name of an item's edit."""
    return f"{safe_name(item_id)}.png"


def _is_kept(character: str) -> bool:
    return character in "_-." or unicodedata.category(character)[0] in "LMN"


def expanded(path: str) -> Path:
    """Return a path with the home folder in the place of `~`, or of `~somebody` if there is one."""
    # Path.expanduser raises where there is nobody of that name.
    return Path(os.path.expanduser(path))
