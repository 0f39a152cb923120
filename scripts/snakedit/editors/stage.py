"""The edit stage: all items of one category through one editor, each finished image kept at once."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit import recipe as recipes
from snakedit.config import Config, EditorConfig, read_params
from snakedit.editors import EDITORS
from snakedit.editors.base import CategoryContext, Editor, EditRequest
from snakedit.errors import ImageError, SnakeditError
from snakedit.logs import LOGGER
from snakedit.names import safe_name
from snakedit.records import Edit, Item, Journal, read_journal, read_records, write_records
from snakedit.registry import find
from snakedit.runtime.images import change_between, open_image, png_text, remove_strangers, save_png
from snakedit.runtime.pool import JobContext, Task, Work, run_tasks
from snakedit.runtime.stage import check_devices, check_disk, check_failures
from snakedit.runtime.versions import library_versions
from snakedit.runtime.weights import local_folder

JOURNAL_LAG_SECONDS = 1.0


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
    """One editor, found and checked, and all items of a category in order."""

    editor: EditorConfig
    family: type[Editor]
    recipe: dict[str, Any]
    planned: list[PlannedEdit]


def edit_category(config: Config, editor_name: str, items_path: Path, output: Path, job: JobContext) -> None:
    """Edit what is not done yet and write the category's `edits.jsonl`, whole and last.

    Args:
        config: the experiment.
        editor_name: a key of its `editors`.
        items_path: the category's `items.jsonl`.
        output: `edits.jsonl`; its folder also gets `images/` and `journal.jsonl`.
        job: which job this is, and the devices it may have.

    Raises:
        StageError: if no item succeeded, or more failed than `run.max_failures`; finished images stay.
    """
    plan = plan_category(config, editor_name, items_path, output.parents[2])
    family, planned = plan.family, plan.planned
    folder = output.parent

    folder.mkdir(parents=True, exist_ok=True)
    journal_path = folder / "journal.jsonl"
    edits = {
        p.item.id: dataclasses.replace(blank_edit(p), error=p.error) for p in planned if p.error is not None
    }
    if "edits" not in config.run.refresh:
        edits |= _finished(planned, folder, items_path.parent, journal_path, family)
    todo = {p.item.id: p for p in planned if p.item.id not in edits}
    where = f"edit_category {editor_name}/{job.category}"
    LOGGER.info(
        "%s: %d items, %d done before, %d to edit",
        where,
        len(planned),
        sum(edit.status == "ok" for edit in edits.values()),
        len(todo),
    )
    if todo:
        check_devices(where, family.needs_device, job.device_limit)
        tasks = (Task(p.item.id, edit_payload(p, plan, items_path.parent, folder)) for p in todo.values())
        # Each image is on disk before its outcome comes, and a record that is lost is made again from it.
        with Journal(journal_path, lag=JOURNAL_LAG_SECONDS) as journal:
            for outcome in run_tasks(
                edit_work(plan), load_worker, tasks, config.run, dataclasses.replace(job, total=len(todo))
            ):
                check_disk(where, outcome.error)
                edit = dataclasses.replace(
                    blank_edit(todo[outcome.key]),
                    **(outcome.result or {"error": outcome.error}),
                    seconds=round(outcome.seconds, 4),
                    device=outcome.device,
                    started=outcome.started,
                    attempts=outcome.attempts,
                )
                edits[edit.item] = edit
                journal.append(edit)

    ordered = [edits[p.item.id] for p in planned]
    remove_strangers(folder / "images", {Path(edit.image).name for edit in ordered if edit.image})
    check_failures(
        where,
        [edit.error for edit in ordered],
        config.run.max_failures,
        hint="finished images are kept; run again to try the others",
    )
    write_records(output, ordered)


def plan_category(config: Config, editor_name: str, items_path: Path, edits_folder: Path) -> CategoryPlan:
    """Return what an editor has to do in a category.

    Args:
        editor_name: a key of the configuration's `editors`.
        items_path: the category's `items.jsonl`.
        edits_folder: the benchmark's `edits/`, in which an editor may look at another's edits.
    """
    editor = find(config.editors, editor_name, "editors")
    family = EDITORS.find(editor.type, f"editors.{editor_name}.type")
    params: Any = read_params(family.Params, editor.params, f"editors.{editor_name}.params")
    recipe = recipes.editor_recipe(
        editor,
        family.model_kind,
        recipes.result_params(params, family.execution_params),
        config.run.seed if family.seeded else None,
    )
    items = list(read_records(items_path, Item))
    context = CategoryContext(items, items_path.parent, _edits_in(edits_folder, items_path.parent.name))
    return CategoryPlan(
        editor, family, recipe, [_plan(item, context, family, params, recipe) for item in items]
    )


def load_worker(settings: dict[str, Any], device: str) -> "EditWorker":
    """Load an editor on a device: the loader that the pool calls in each of its workers."""
    family = EDITORS[settings["type"]]
    params = family.Params(**settings["params"])
    return EditWorker(family(settings["model"], params, device), device)


class EditWorker:
    """A loaded editor in a worker process: opens an item's images, edits, and writes the PNG."""

    def __init__(self, editor: Editor, device: str) -> None:
        self.editor = editor
        self.versions = library_versions(device)

    def handle(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Edit one item and write its image; return the fields of its `Edit` record."""
        request = EditRequest(
            item=Item(**payload["item"]),
            sources=[open_image(path) for path in payload["sources"]],
            inputs={role: open_image(path) for role, path in payload["inputs"].items()},
            seed=payload["seed"] or 0,
        )
        image = self.editor.edit(request).convert("RGB")
        return {
            "status": "ok",
            "image": payload["image"],
            "size_policy": self.editor.size_policy,
            "image_sha256": save_png(image, payload["output"], payload["text"]),
            "width": image.width,
            "height": image.height,
            "change": round(change_between(request.sources[0], image), 6),
            "versions": {**self.versions, **self.editor.notes},
            **self.editor.usage,
        }

    def move_to(self, device: str) -> None:
        """Move the editor to another device."""
        self.editor.move_to(device)

    def release_memory(self) -> None:
        """Make room after an out-of-memory."""
        self.editor.release_memory()


def _edits_in(edits_folder: Path, category: str) -> Mapping[str, Path]:
    """Where the finished edits of a category lie, by editor."""
    return {path.parent.parent.name: path.parent for path in edits_folder.glob(f"*/{category}/edits.jsonl")}


def _plan(
    item: Item, context: CategoryContext, family: type[Editor], params: Any, recipe: Mapping[str, Any]
) -> PlannedEdit:
    image = f"images/{safe_name(item.id)}.png"
    seed = recipes.item_seed(recipe["seed"], item)
    try:
        inputs = dict(family.inputs(item, context, params))
        hashes = {role: recipes.file_sha256(path) for role, path in inputs.items()}
    except (SnakeditError, OSError) as error:
        return PlannedEdit(item, {}, "", seed, image, error=f"{type(error).__name__}: {error}")
    return PlannedEdit(item, inputs, recipes.edit_fingerprint(recipe, item, hashes), seed, image)


def _finished(
    planned: Sequence[PlannedEdit],
    folder: Path,
    items_folder: Path,
    journal_path: Path,
    family: type[Editor],
) -> dict[str, Edit]:
    """The edits whose image is whole on disk and carries the expected fingerprint."""
    known = {(edit.item, edit.image_sha256): edit for edit in read_journal(journal_path, Edit)}
    finished = {}
    for plan in planned:
        path = folder / plan.image
        if plan.error is not None or not path.exists():
            continue
        try:
            whole = png_text(path).get("fingerprint") == plan.fingerprint
        except ImageError as error:
            LOGGER.warning("%s; it is edited again", error)
            continue
        if whole:
            sha256 = recipes.file_sha256(path)
            edit = known.get((plan.item.id, sha256))
            finished[plan.item.id] = edit or _from_image(plan, family, path, sha256, items_folder)
    return finished


def _from_image(plan: PlannedEdit, family: type[Editor], path: Path, sha256: str, items_folder: Path) -> Edit:
    """The record of an image that was written just before a crash, and its journal line not."""
    image = open_image(path)
    source = open_image(items_folder / plan.item.images[0])
    return dataclasses.replace(
        blank_edit(plan),
        status="ok",
        image=plan.image,
        size_policy=family.size_policy,
        image_sha256=sha256,
        width=image.width,
        height=image.height,
        change=round(change_between(source, image), 6),
    )


def blank_edit(plan: PlannedEdit) -> Edit:
    """Return the record of an edit that has not been made."""
    return Edit(
        item=plan.item.id,
        status="failed",
        instruction_used=plan.item.instruction,
        fingerprint=plan.fingerprint,
        seed=plan.seed,
    )


def edit_work(plan: CategoryPlan) -> Work:
    """Return what a worker must load for this editor."""
    editor, model = plan.editor, plan.editor.model
    if model is not None and plan.family.model_kind == "checkpoint":
        model = local_folder(model, editor.revision)
    settings = {
        "type": editor.type,
        "model": model,
        "params": dict(editor.params),
        "needs_device": plan.family.needs_device,
    }
    return Work(
        "edit",
        settings,
        recipes.fingerprint(["edit", plan.recipe, settings["params"]]),
        server=plan.family.server(plan.family.Params(**editor.params)),
    )


def edit_payload(
    planned: PlannedEdit, plan: CategoryPlan, items_folder: Path, folder: Path
) -> dict[str, Any]:
    """Return what a worker is told of one edit; `folder` is where its image goes."""
    # Absolute: a resident pool has a working directory of its own.
    return {
        "item": vars(planned.item),
        "sources": [str((items_folder / image).resolve()) for image in planned.item.images],
        "inputs": {role: str(path.resolve()) for role, path in planned.inputs.items()},
        "seed": planned.seed,
        "image": planned.image,
        "output": str((folder / planned.image).resolve()),
        "text": {
            "fingerprint": planned.fingerprint,
            "instruction": planned.item.instruction,
            "editor": plan.editor.name,
            "model": str(plan.editor.model or plan.editor.type),
            "revision": str(plan.recipe["revision"] or ""),
            "seed": "" if planned.seed is None else str(planned.seed),
        },
    }
