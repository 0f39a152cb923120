"""The edit stage: one editor edits all items of a category, and each finished image is kept at once."""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from snakedit.config.schema import RunConfig
from snakedit.core.errors import ImageError
from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.images import bring_back, change_between, open_image, png_text, remove_strangers, save_png
from snakedit.core.journal import Journal, read_journal
from snakedit.core.logs import LOGGER
from snakedit.core.records import Edit, Item, to_line
from snakedit.core.seals import write_sealed
from snakedit.core.shards import Shard
from snakedit.editors import EDITORS
from snakedit.editors.editor import Editor, EditRequest
from snakedit.runtime.host.picture_process import read_apart
from snakedit.runtime.host.versions import library_versions
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext, Work
from snakedit.stages.edit_planning import CategoryPlan, PlannedEdit, blank_edit, plan_category
from snakedit.stages.gather import category_folder, forget_shards, take_over
from snakedit.stages.judge_ahead import JudgeAhead
from snakedit.stages.outcome import check_devices, check_disk, check_failures
from snakedit.stages.stale import mark_stale
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge

JOURNAL_LAG_SECONDS = 1.0


def edit_category(
    editor: ResolvedEditor,
    run: RunConfig,
    items_path: Path,
    output: Path,
    job: JobContext,
    shard: Shard | None = None,
    judges: Sequence[ResolvedJudge] = (),
) -> None:
    """Edit what is not done yet and write the category's `edits.jsonl`, whole and last.

    Args:
        editor: who edits.
        run: how the run is carried out.
        items_path: the category's `items.jsonl`.
        output: `edits.jsonl`; its folder also gets `journal.jsonl`, and the category's also `images/`.
        job: which job this is, and the devices it may have.
        shard: which of the items are to be edited, or None for all.
        judges: those that judge each edit as soon as it is made.

    Raises:
        StageError: for a cause that is not the items', or if more failed than `run.max_failures`; finished
            images stay.
    """
    mark_stale(items_path.parents[2])
    folder = category_folder(output, shard)
    plan = plan_category(editor, items_path, folder.parents[1], shard)
    planned = plan.planned

    folder.mkdir(parents=True, exist_ok=True)
    journal_path = output.with_name("journal.jsonl")
    edits = {
        p.item.id: dataclasses.replace(blank_edit(p), error=p.error) for p in planned if p.error is not None
    }
    take_over(output, shard, Edit, {p.item.id for p in planned})
    if "edits" not in run.refresh:
        edits |= _finished(planned, folder, items_path.parent, journal_path, editor.family)
    todo = {p.item.id: p for p in planned if p.item.id not in edits}
    where = f"edit_category {editor.name}/{job.part}"
    done = sum(edit.status == "ok" for edit in edits.values())
    # Only of work that goes on where it had stopped a user need know.
    level = logging.INFO if done and todo else logging.DEBUG
    LOGGER.log(level, "%s: %d items, %d done before, %d to edit", where, len(planned), done, len(todo))
    if todo:
        check_devices(where, editor.needs_device, job.device_limit)
        payloads = (edit_payload(p, plan, items_path.parent, folder) for p in todo.values())
        tasks = (
            Task(item, payload, writes=payload["output"])
            for item, payload in zip(todo, payloads, strict=True)
        )
        # Each image is on disk before its outcome comes, so a lost record is rebuilt from it.
        items = [p.item for p in planned]
        with (
            Journal(journal_path, lag=JOURNAL_LAG_SECONDS) as journal,
            JudgeAhead(judges, run, items, items_path.parent, folder, output, job, shard) as ahead,
        ):
            for edit in edits.values():
                ahead.offer(edit)
            for outcome in run_tasks(
                edit_work(editor), load_edit_worker, tasks, run, dataclasses.replace(job, total=len(todo))
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
                ahead.offer(edit)

    ordered = [edits[p.item.id] for p in planned]
    if shard is None:
        # Images made with an earlier recipe are kept, in case it is restored.
        remove_strangers(folder / "images", {Path(p.image).name for p in planned})
    # A control that the category cannot have, such as references where there are none, has not failed.
    is_absent = editor.role == "control" and all(p.error is not None for p in planned)
    check_failures(
        where,
        [] if is_absent else [edit.error for edit in ordered],
        run.max_failures,
        hint="finished images are kept; run again to try the others",
        shard=shard,
    )
    seal_edits(output, ordered, editor.recipe, items_path, folder)
    if shard is None:
        forget_shards(output)


def seal_edits(
    output: Path, edits: Sequence[Edit], recipe: Mapping[str, Any], items_path: Path, folder: Path
) -> None:
    """Write `edits.jsonl` and its seal.

    Args:
        recipe: the editor's.
        folder: the category's, in which the records' images lie.
    """
    images = {Path(edit.image).name: edit.image_sha256 for edit in edits if edit.image and edit.image_sha256}
    lines = (to_line(edit) + "\n" for edit in edits)
    write_sealed(output, lines, fingerprint(recipe), [items_path], images, folder / "images")


def load_edit_worker(settings: dict[str, Any], device: str) -> "EditWorker":
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
            inputs={role: _stranger(path) for role, path in payload["inputs"].items()},
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

    def release_memory(self) -> str | None:
        """Make room after an out-of-memory; return how the retry differs."""
        return self.editor.release_memory()


def _stranger(path: str) -> Image.Image:
    """Open an image that another program made."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror})", where=path) from None
    return read_apart(data, path)


def _finished(
    planned: Sequence[PlannedEdit],
    folder: Path,
    items_folder: Path,
    journal_path: Path,
    family: type[Editor],
) -> dict[str, Edit]:
    """The edits whose image is whole on disk, carries the expected fingerprint, and was not altered since."""
    known = {(edit.item, edit.image_sha256): edit for edit in read_journal(journal_path, Edit)}
    recorded = {(edit.item, edit.fingerprint) for edit in known.values() if edit.status == "ok"}
    finished = {}
    for plan in planned:
        path = folder / plan.image
        bring_back(path)
        if plan.error is not None or not path.exists():
            continue
        try:
            whole = png_text(path).get("fingerprint") == plan.fingerprint
        except ImageError as error:
            LOGGER.warning("%s; it is edited again", error)
            continue
        if whole:
            sha256 = file_sha256(path)
            edit = known.get((plan.item.id, sha256))
            if edit is None and (plan.item.id, plan.fingerprint) in recorded:
                LOGGER.warning("%s is not the image that was recorded; it is edited again", path)
                continue
            finished[plan.item.id] = edit or _from_image(plan, family, path, sha256, items_folder)
    return finished


def _from_image(plan: PlannedEdit, family: type[Editor], path: Path, sha256: str, items_folder: Path) -> Edit:
    """The record of an image that was written just before a crash, without its journal line."""
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


def edit_work(editor: ResolvedEditor) -> Work:
    """Return what a worker must load for this editor."""
    model, params = editor.weights(), editor.typed_params
    settings = {
        "type": editor.type,
        "model": model,
        "params": editor.params,
    }
    return Work(
        "edit",
        settings,
        fingerprint(["edit", editor.recipe, editor.params]),
        needs_device=editor.needs_device,
        need=editor.family.memory_need(model, params),
        server=editor.server,
    )


def edit_payload(
    planned: PlannedEdit, plan: CategoryPlan, items_folder: Path, folder: Path
) -> dict[str, Any]:
    """Return a worker's payload for one edit; its image goes into `folder`."""
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
            "revision": str(plan.editor.revision or ""),
            "seed": "" if planned.seed is None else str(planned.seed),
        },
    }
