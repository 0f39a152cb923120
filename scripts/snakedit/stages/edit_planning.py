"""The edits that an editor has to make in a category, planned before it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit import recipe as recipes
from snakedit.core.errors import ImageError, SnakeditError, unread_picture
from snakedit.core.hashing import file_sha256
from snakedit.core.names import image_name
from snakedit.core.records import Edit, Item, read_records
from snakedit.core.shards import Items, Shard
from snakedit.editors.editor import CategoryContext, Editor
from snakedit.runtime.host.latency import wait_for_pictures
from snakedit.workflow.resolved import ResolvedEditor


@dataclass(frozen=True)
class PlannedEdit:
    """One item, ready to be edited: what it depends on and where its image goes.

    Attributes:
        inputs: further images the editor looks at, role → path.
        error: why it cannot be edited, or None.
    """

    item: Item
    inputs: dict[str, Path]
    fingerprint: str
    seed: int | None
    image: str
    error: str | None = None


@dataclass(frozen=True)
class CategoryPlan:
    """One editor, and what it has to do for a category's items, or a shard's, in order."""

    editor: ResolvedEditor
    planned: list[PlannedEdit]


def plan_category(
    editor: ResolvedEditor, items_path: Path, edits_folder: Path, shard: Shard | None = None
) -> CategoryPlan:
    """Return what an editor has to do in a category.

    Args:
        items_path: the category's `items.jsonl`.
        edits_folder: the benchmark's `edits/`, in which an editor may look at another's edits.
        shard: which of the items, or None for all.
    """
    family, params = editor.family, editor.typed_params
    category = Items(items_path)
    context = CategoryContext(category, items_path.parent, _edits_in(edits_folder, items_path.parent.name))
    items = category[:] if shard is None else shard.of(category)
    pictures = [items_path.parent / name for item in items for name in pictures_of(item)]
    for folder in filter(None, map(context.edits.get, family.shows(params))):
        edits = read_records(folder / "edits.jsonl", Edit)
        pictures += [folder / edit.image for edit in edits if edit.image is not None]
    wait_for_pictures(pictures, f"edit_category {editor.name}/{items_path.parent.name}")
    return CategoryPlan(editor, [_plan(item, context, family, params, editor.recipe) for item in items])


def pictures_of(item: Item) -> list[str]:
    """Return the pictures of an item, relative to its category's folder."""
    return [*item.images, *filter(None, (item.reference, item.mask))]


def blank_edit(plan: PlannedEdit) -> Edit:
    """Return the record of an edit that has not been made."""
    return Edit(
        item=plan.item.id,
        status="failed",
        instruction_used=plan.item.instruction,
        fingerprint=plan.fingerprint,
        seed=plan.seed,
    )


def _edits_in(edits_folder: Path, category: str) -> Mapping[str, Path]:
    """Where the finished edits of a category lie, by editor."""
    return {path.parent.parent.name: path.parent for path in edits_folder.glob(f"*/{category}/edits.jsonl")}


def _check_needs(item: Item, family: type[Editor]) -> None:
    missing = [field for field in sorted(family.needs) if not getattr(item, field)]
    if missing:
        raise ImageError(
            f"the item has no {' and no '.join(missing)}", hint="where none has one, leave this editor out"
        )


def _plan(
    item: Item, context: CategoryContext, family: type[Editor], params: Any, recipe: Mapping[str, Any]
) -> PlannedEdit:
    image = f"images/{image_name(item.id)}"
    seed = recipes.edit_seed(recipe, item)
    try:
        _check_needs(item, family)
        inputs = dict(family.inputs(item, context, params))
        hashes = {role: file_sha256(path) for role, path in inputs.items()}
    except (SnakeditError, OSError) as error:
        cause = unread_picture(str(error.filename), error) if isinstance(error, OSError) else error
        return PlannedEdit(item, {}, "", seed, image, error=f"{type(cause).__name__}: {cause}")
    return PlannedEdit(item, inputs, recipes.edit_fingerprint(recipe, item, hashes), seed, image)
