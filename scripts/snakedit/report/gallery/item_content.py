"""One item's content in the gallery: its texts, its pictures, its edits and their scores."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from snakedit.core.records import Item, Score
from snakedit.report.data.read import Category

# The most characters of one text on a page; the records hold all of it.
MAX_TEXT = 4000


def item_content(
    item: Item,
    category: Category,
    editors: Sequence[str],
    judges: Sequence[str],
    thumbnails: Mapping[Path, str],
) -> dict[str, Any]:
    """Return an item with every editor's edit, None where there is none, and every judge's score.

    A picture is its address below a folder of the index, and its thumbnail's or None.
    """
    folder = category.files.items.parent
    return {
        "id": item.id,
        "instruction": cut(item.instruction),
        "language": item.language,
        "description": cut(item.description),
        "rationale": cut(item.rationale),
        "tags": [cut(tag) for tag in item.tags],
        "difficulty": cut(item.difficulty),
        "sources": [_picture(folder, image, thumbnails) for image in item.images],
        "reference": _picture(folder, item.reference, thumbnails) if item.reference else None,
        "edits": [_edit_content(item, category, editor, judges, thumbnails) for editor in editors],
    }


def words(replies: Any) -> list[str]:
    """Return a judge's replies as lines of text, whatever form its record has.

    >>> words(["Good: 4", {"expected": 3.25, "mass": 0.998}])
    ['Good: 4', 'expected 3.25 · mass 0.998']
    """
    if isinstance(replies, list):
        return [line for reply in replies for line in words(reply)]
    if isinstance(replies, dict):
        return [" · ".join(f"{name} {_word(value)}" for name, value in replies.items())]
    return [_word(replies)]


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _edit_content(
    item: Item, category: Category, editor: str, judges: Sequence[str], thumbnails: Mapping[Path, str]
) -> dict[str, Any] | None:
    edit = category.edits[editor].get(item.id)
    if edit is None:
        return None
    folder = category.files.edits[editor].parent
    used = edit.instruction_used
    return {
        "picture": _picture(folder, edit.image, thumbnails) if edit.image else None,
        "error": cut(edit.error),
        "size": [edit.width, edit.height] if edit.width and edit.height else None,
        "seconds": edit.seconds,
        "seed": edit.seed,
        "change": edit.change,
        "used": cut(used) if used and used != item.instruction else None,
        "scores": [_score_content(category.scores[judge, editor].get(item.id)) for judge in judges],
    }


def _score_content(score: Score | None) -> dict[str, Any] | None:
    if score is None or score.status == "no_edit":
        return None
    return {
        "score": score.score,
        "values": [[name, value, score.spread.get(name)] for name, value in score.values.items()],
        "words": [[name, [cut(line) for line in words(reply)]] for name, reply in score.replies.items()],
        "error": cut(score.error),
    }


def _picture(folder: Path, image: str, thumbnails: Mapping[Path, str]) -> list[str | None]:
    """The picture's address below its folder's, and its thumbnail's."""
    return [quote(image), thumbnails.get(folder / image)]


def cut(text: str | None) -> str | None:
    """Return a text, cut to the length that a page shows."""
    if text is None or len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}… ({len(text) - MAX_TEXT:,} more characters in the records)"
