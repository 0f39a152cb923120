"""The score stage: one judge scores one editor's edits of a category, in batches."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snakedit import recipe as recipes
from snakedit.config.schema import RunConfig
from snakedit.core.errors import StageError
from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.images import open_image
from snakedit.core.journal import Journal, read_journal
from snakedit.core.logs import LOGGER
from snakedit.core.records import Edit, Item, Score, read_records, to_line
from snakedit.core.seals import write_sealed
from snakedit.core.shards import Items, Shard
from snakedit.judges import JUDGES
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings
from snakedit.judges.rubrics.rubric import EXTRA_IMAGES, Rubric
from snakedit.runtime.host.versions import library_versions
from snakedit.runtime.pool.attempt import TimedResult
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext, Work
from snakedit.stages.gather import category_folder, forget_shards, take_over
from snakedit.stages.outcome import check_devices, check_failures, score_cause
from snakedit.stages.stale import mark_stale
from snakedit.workflow.resolved import ResolvedJudge


def score_category(
    judge: ResolvedJudge,
    editor: str,
    run: RunConfig,
    items_path: Path,
    edits_path: Path,
    output: Path,
    job: JobContext,
    shard: Shard | None = None,
) -> None:
    """Judge what is not judged yet and write `scores.jsonl`, whole and last.

    Args:
        judge: who judges.
        editor: whose edits they are.
        run: how the run is carried out.
        items_path, edits_path: the category's items, and the edits of them that are to be judged.
        output: `scores.jsonl`; its folder also gets `journal.jsonl`.
        job: which job this is, and the devices it may have.
        shard: whose edits these are, or None for the whole category.

    Raises:
        StageError: if an edited image is missing or altered, if no edit got a score for a cause that is not
            the edits', or if more were left without one than `run.max_failures`.
    """
    mark_stale(items_path.parents[2])
    category = Items(items_path)
    items = {item.id: item for item in (category[:] if shard is None else shard.of(category))}
    edits = list(read_records(edits_path, Edit))
    edits_folder = category_folder(edits_path, shard)
    _check_images(edits, edits_folder, edits_path)

    extras = shown_extras(judge, items.values(), items_path.parent)
    expected = expected_fingerprints(judge, items, edits, extras)
    scores = {
        edit.item: Score(edit.item, "no_edit", error=edit.error)
        for edit in edits
        if edit.item not in expected
    }
    journal_path = output.parent / "journal.jsonl"
    take_over(output, shard, Score, set(expected))
    if "scores" not in run.refresh:
        for score in read_journal(journal_path, Score):
            if score.status == "ok" and score.fingerprint == expected.get(score.item):
                scores[score.item] = score
    todo = [edit for edit in edits if edit.item not in scores]
    where = f"score_category {judge.name}/{editor}/{job.part}"
    LOGGER.info("%s: %d edits, %d to judge", where, len(edits), len(todo))
    if todo:
        check_devices(where, judge.needs_device, job.device_limit)
        # Batches of similar sizes waste no padding.
        todo.sort(
            key=lambda edit: ((edit.width or 0) * (edit.height or 0), len(items[edit.item].instruction))
        )
        work = judge_work(judge)
        size = 1 if work.server else judge.batch_size
        batches = [todo[i : i + size] for i in range(0, len(todo), size)]
        by_key = {batch[0].item: batch for batch in batches}
        tasks = (
            Task(
                key,
                judge_payload(batch, items, extras, items_path.parent, edits_folder),
                weight=len(batch),
            )
            for key, batch in by_key.items()
        )
        with Journal(journal_path) as journal:
            for outcome in run_tasks(
                work,
                load_score_worker,
                tasks,
                run,
                dataclasses.replace(job, total=len(todo)),
            ):
                batch = by_key[outcome.key]
                results = (outcome.result or {}).get("scores") or [
                    {"status": "failed", "error": outcome.error} for _ in batch
                ]
                judged = [
                    Score(
                        item=edit.item,
                        fingerprint=expected[edit.item],
                        seconds=round(outcome.seconds / len(batch), 4),
                        **result,
                    )
                    for edit, result in zip(batch, results, strict=True)
                ]
                journal.extend(judged)
                scores |= {score.item: score for score in judged}

    ordered = [scores[edit.item] for edit in edits]
    check_failures(
        where,
        [score_cause(score) for score in ordered if score.status != "no_edit"],
        run.max_failures,
        hint="scores that could be read are kept; run again to try the others",
        shard=shard,
    )
    lines = (to_line(score) + "\n" for score in ordered)
    write_sealed(output, lines, fingerprint(judge.recipe), [items_path, edits_path])
    if shard is None:
        forget_shards(output)


def shown_extras(
    judge: ResolvedJudge, items: Iterable[Item], items_folder: Path
) -> dict[str, dict[str, Path]]:
    """Return item → its reference and its mask, by role, as far as the judge's rubric shows them."""
    shown = {role for metric in judge.rubric["metrics"] for role in metric["shows"]}
    roles = sorted(EXTRA_IMAGES & shown)
    return {
        item.id: {role: items_folder / path for role in roles if (path := getattr(item, role)) is not None}
        for item in items
    }


def expected_fingerprints(
    judge: ResolvedJudge,
    items: Mapping[str, Item],
    edits: Iterable[Edit],
    extras: Mapping[str, Mapping[str, Path]],
) -> dict[str, str]:
    """Return item → the fingerprint of a score of its edit, for those that have an image."""
    return {
        edit.item: recipes.score_fingerprint(
            judge.recipe,
            items[edit.item],
            edit.image_sha256,
            {role: file_sha256(path) for role, path in extras[edit.item].items()},
        )
        for edit in edits
        if edit.image_sha256 is not None
    }


def load_score_worker(settings: dict[str, Any], device: str) -> "JudgeWorker":
    """Load a judge on a device: the loader that the pool calls in each of its workers."""
    family = JUDGES[settings["type"]]
    # The planned rubric, not the file, which may have changed since.
    rubric = Rubric.from_content(settings["rubric"])
    judge = family(
        settings["model"],
        family.Params(**settings["params"]),
        device,
        JudgeSettings(rubric, settings["reading"], settings["min_scale_mass"], settings["samples"]),
    )
    return JudgeWorker(judge, device)


class JudgeWorker:
    """A loaded judge in a worker process: opens a batch's images and judges them."""

    def __init__(self, judge: Judge, device: str) -> None:
        self.judge = judge
        self.versions = library_versions(device)

    def handle(self, payload: dict[str, Any]) -> TimedResult:
        """Judge one batch; return for each of its edits the fields of its `Score` record.

        An exception at one of them is the result's fault, and its score `failed`.
        """
        requests = [
            JudgeRequest(
                item=Item(**entry["item"]),
                sources=[open_image(path) for path in entry["sources"]],
                edit=open_image(entry["edit"]),
                seed=entry["seed"],
                **{role: open_image(path) for role, path in entry["extras"].items()},
            )
            for entry in payload["batch"]
        ]
        verdicts = self.judge.judge(requests)
        scores = [
            {**dataclasses.asdict(verdict), "versions": {**self.versions, **verdict.versions}}
            for verdict in verdicts
        ]
        # A verdict with replies failed by what they say, whatever the device.
        faults = [verdict.error for verdict in verdicts if verdict.status == "failed" and not verdict.replies]
        return TimedResult({"scores": scores}, fault=faults[0] if faults else None)

    def move_to(self, device: str) -> None:
        """Move the judge to another device."""
        self.judge.move_to(device)

    def release_memory(self) -> None:
        """Make room after an out-of-memory."""
        self.judge.release_memory()


def _check_images(edits: Sequence[Edit], folder: Path, edits_path: Path) -> None:
    """Score nothing if an image is not the one that its record describes."""
    broken = []
    for edit in edits:
        if edit.image is None:
            continue
        path = folder / edit.image
        if not path.exists():
            broken.append(f"{path} is missing")
        elif file_sha256(path) != edit.image_sha256:
            broken.append(f"{path} was altered")
    if broken:
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        raise StageError(
            f"{', '.join(broken[:5])}{more}; nothing was scored",
            where=str(edits_path),
            hint=f"make them again with: snakemake {edits_path} --force --cores all",
        )


def judge_work(judge: ResolvedJudge) -> Work:
    """Return what a worker must load for this judge."""
    model, params = judge.weights(), judge.typed_params
    settings = {
        "type": judge.type,
        "model": model,
        "params": judge.params,
        "rubric": judge.rubric,
        "reading": judge.reading,
        "min_scale_mass": judge.min_scale_mass,
        "samples": judge.samples,
    }
    return Work(
        "score",
        settings,
        fingerprint(["score", judge.recipe, judge.params]),
        needs_device=judge.needs_device,
        weights=judge.family.weights(model, params),
        server=judge.family.server(params),
    )


def judge_payload(
    batch: Sequence[Edit],
    items: Mapping[str, Item],
    extras: Mapping[str, Mapping[str, Path]],
    items_folder: Path,
    edits_folder: Path,
) -> dict[str, Any]:
    """Return a worker's payload for one batch; `extras` come from `shown_extras`."""
    # Absolute: a resident pool has a working directory of its own.
    return {
        "batch": [
            {
                "item": vars(items[edit.item]),
                "sources": [str((items_folder / image).resolve()) for image in items[edit.item].images],
                "edit": str((edits_folder / str(edit.image)).resolve()),
                "extras": {role: str(path.resolve()) for role, path in extras[edit.item].items()},
                "seed": recipes.item_seed(0, items[edit.item]) or 0,
            }
            for edit in batch
        ]
    }
