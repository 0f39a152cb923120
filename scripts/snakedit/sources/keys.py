"""The one table of key names: what benchmarks call the parts of a row, and how a value becomes a part's type.

The names are those of the two formats, and of the field as its files stood in 2026: ImgEdit, KRIS-Bench,
RISEBench, GEdit-Bench, EditReward, TextEditBench, UniEditBench, UniREditBench, Edit-Compass, RE-Edit.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from snakedit.core.names import LANGUAGE_NAMES

# Part of a row → its names, the first of which is used that a row fills. A name in _b64 holds an image.
NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "item_id", "key", "index", "idx", "image_id", "img_id", "save_id", "uid"),
    "category": (
        *("category", "subset", "edit_type", "editing_type", "task_type", "task", "editing_method", "type"),
        *("dimension", "topic"),
    ),
    "image": (
        *("src_img_b64", "original_image_b64", "image_b64", "image", "images", "source", "source_image"),
        *("src_img", "source_img", "input_image", "input_img", "ori_img", "original_image", "image_path"),
        *("source_path", "path_src", "img", "img_path", "path", "original_image_path"),
    ),
    "reference": (
        *("reference_img_b64", "reference_image_b64", "target_img_b64", "reference", "reference_img"),
        *("reference_image", "reference_image_path", "gt_img", "gt_image", "gt", "ground_truth", "target"),
        *("target_image", "target_img", "output_image"),
    ),
    "mask": ("mask_b64", "mask_img_b64", "mask", "mask_image", "mask_img", "mask_path"),
    "instruction": (
        *("instruction", "edit_instruction", "editing_instruction", "edit_prompt", "editing_prompt", "ins"),
        *("edited_prompt", "prompt"),
    ),
    "description": ("description", "original_description", "source_prompt", "source_caption", "caption"),
    "rationale": (
        *("rationale", "rationale_short", "explanation", "explain", "reference_txt", "reference_text"),
        *("reference_effect", "knowledge_prompt"),
    ),
    "tags": ("tags", "tag"),
    "difficulty": ("difficulty", "difficulty_level", "level"),
    "seed": ("seed",),
    "language": ("language", "instruction_language", "lang"),
    "human": ("human",),
}
# Parts of which a row may have one in each language, as PART_LANGUAGE.
TRANSLATED = ("instruction", "description", "rationale")
HUMAN_PREFIX = "human_"
# How base64 of a PNG, JPEG, WebP, GIF, TIFF and BMP begins, and of how many characters it has more than.
_BASE64_BEGINNINGS = ("iVBORw0KGgo", "/9j/", "UklGR", "R0lGOD", "SUkqA", "TU0AK", "Qk0", "Qk1")
_MIN_BASE64 = 60


def names_of(part: str) -> frozenset[str]:
    """Return all names of a part, those in every language too."""
    return frozenset(NAMES[part]) | {
        f"{name}_{ending}"
        for name in (NAMES[part] if part in TRANSLATED else ())
        for endings in LANGUAGE_NAMES.values()
        for ending in endings
    }


def is_known(keys: Iterable[str]) -> bool:
    """Whether one of these keys is a name of a part."""
    return not _ALL.isdisjoint(keys)


_ALL = frozenset().union(*map(names_of, NAMES))


class KeyNames:
    """The names of each part in one format and language, in the order in which they count.

    Args:
        own: part → the format's own names for it, which go first.
        language: the benchmark's.
        bare_languages: name without a language's ending → its language all the same.
    """

    def __init__(
        self,
        own: Mapping[str, tuple[str, ...]],
        language: str,
        bare_languages: Mapping[str, str] | None = None,
    ) -> None:
        self.own, self.language = own, language
        self._of = {part: list(dict.fromkeys((*own.get(part, ()), *names))) for part, names in NAMES.items()}
        self._translated = {part: self._in_languages(part, bare_languages or {}) for part in TRANSLATED}

    def of(self, part: str) -> list[str]:
        """Return the names of a part."""
        return self._of[part]

    def translated(self, part: str) -> dict[str, str | None]:
        """Return name → its language or None: those in the benchmark's language, in none, in others."""
        return self._translated[part]

    def _in_languages(self, part: str, bare_languages: Mapping[str, str]) -> dict[str, str | None]:
        names: dict[str, str | None] = {}
        for language in (self.language, None, *LANGUAGE_NAMES):
            for name in self._of[part]:
                if language is None:
                    names[name] = bare_languages.get(name)
                else:
                    ends = LANGUAGE_NAMES.get(language, (language,))
                    names |= {f"{name}_{end}": language for end in ends}
        return names


def language_name(text: str) -> str:
    """Return the name of a language that has several: `cn` is `zh`."""
    return next((name for name, endings in LANGUAGE_NAMES.items() if text.lower() in endings), text)


def is_empty(value: Any) -> bool:
    """Whether a field holds nothing: null, blanks, or a list or object without an element."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def is_scalar(value: Any) -> bool:
    """Whether a value is text, a number, true or false."""
    return isinstance(value, str | int | float)


def as_text(value: Any) -> str | None:
    """Return a value as text, or None if it is empty: a list joined by commas, an object as JSON.

    >>> as_text(35), as_text(["it must be", "35"]), as_text({"a": True})
    ('35', 'it must be, 35', '{"a": true}')
    """
    if is_empty(value):
        return None
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and not any(isinstance(element, list | dict) for element in value):
        return ", ".join(text for element in value if (text := as_text(element)) is not None) or None
    return str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)


def as_tags(value: Any) -> list[str]:
    """Return tags: the elements of a list, text separated by commas, ``key: value`` of an object.

    >>> as_tags("a, b"), as_tags(["a", None, 3]), as_tags({"size": "large"}), as_tags(5)
    (['a', 'b'], ['a', '3'], ['size: large'], ['5'])
    """
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, dict):
        value = [f"{key}: {as_text(inner) or ''}" for key, inner in value.items()]
    if not isinstance(value, list):
        value = [value]
    return [text for element in value if (text := as_text(element)) is not None]


def is_base64(name: str, value: str) -> bool:
    """Whether a field holds an image in base64 and not a path."""
    if name.endswith("_b64") or value[:100].lstrip().startswith("data:"):
        return True
    return len(value) > _MIN_BASE64 and value.startswith(_BASE64_BEGINNINGS)
