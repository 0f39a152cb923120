"""Questions as templates: ``{field}`` stands for a field of the item, and nothing in them is evaluated."""

import math
import string
from collections.abc import Collection

from snakedit.core.errors import ConfigError, did_you_mean
from snakedit.core.records import Item

# The names that older scripts' templates use, beside those of the record.
ALIASES = {
    "edit_instruction": "instruction",
    "original_description": "description",
    "rationale_short": "rationale",
    "subset": "category",
}
FIELDS = ("instruction", "description", "rationale", "category", "tags", "difficulty", "id")
# What stands for no in a field that says yes or no; a table of text can only spell it.
_FALSE_WORDS = ("", "false", "no", "0", "null", "none", "nan")


def fill(template: str, item: Item) -> str:
    """Return a template with ``{field}`` replaced by the item's fields; ``{{`` and ``}}`` are braces.

    Only plain names are replaced: what stands in a stranger's file is never evaluated.

    Raises:
        ConfigError: if the item has no such field.
    """
    parts = []
    for literal, name, _, _ in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(_as_text(_field(item, name)))
    return "".join(parts)


def has(item: Item, name: str) -> bool:
    """Say whether an item's field is there and says something; null, NaN, 'no' and 'false' do not."""
    value = item.extra.get(name) if _attribute(name) is None else getattr(item, str(_attribute(name)))
    if isinstance(value, float) and math.isnan(value):
        return False
    if isinstance(value, str):
        return value.strip().lower() not in _FALSE_WORDS
    return bool(value)


def check_template(template: str, where: str, extra: Collection[str] = ()) -> None:
    """Refuse a template that names what no item has.

    Args:
        template: with ``{field}`` for the item's fields.
        where: for messages.
        extra: names of further fields, as the rubric declares them.

    Raises:
        ConfigError: naming the nearest field, or the brace that was not meant as one.
    """
    known = (*FIELDS, *ALIASES, *extra)
    try:
        names = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(
            f"not a template ({error})", where=where, hint="write a brace that is meant as {{ or }}"
        ) from None
    for _, name, specification, conversion in names:
        if name is None:
            continue
        if name not in known or specification or conversion:
            raise ConfigError(
                f"'{{{name}}}' is no field{did_you_mean(name, known)}",
                where=where,
                allowed=", ".join(f"{{{field}}}" for field in known),
                hint="write a brace that is meant as {{ or }}; the rubric's 'fields' names those of your own",
            )


def _attribute(name: str) -> str | None:
    name = ALIASES.get(name, name)
    return name if name in (*FIELDS, "reference", "mask") else None


def _field(item: Item, name: str) -> object:
    attribute = _attribute(name)
    if attribute is not None:
        return getattr(item, attribute)
    if name not in item.extra:
        raise ConfigError(f"has no field '{name}'{did_you_mean(name, item.extra)}", where=f"item '{item.id}'")
    return item.extra[name]


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
