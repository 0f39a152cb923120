"""The score stage: one judge scores one editor's edits of a category, in batches."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

from snakedit.config.schema import RunConfig
from snakedit.core.errors import StageError
from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.journal import Journal, read_journal
from snakedit.core.logs import LOGGER
from snakedit.core.records import Edit, Score, read_records, to_line
from snakedit.core.seals import write_sealed
from snakedit.core.shards import Items, Shard
from snakedit.runtime.host.latency import wait_for_pictures
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext
from snakedit.stages.edit_planning import pictures_of
from snakedit.stages.gather import category_folder, forget_shards, take_over
from snakedit.stages.judging import (
    ahead_journal,
    expected_fingerprints,
    judge_payload,
    judge_work,
    load_score_worker,
    scores_of,
    shown_extras,
)
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
    pictures = [edits_folder / edit.image for edit in edits if edit.image is not None]
    pictures += [items_path.parent / name for item in items.values() for name in pictures_of(item)]
    wait_for_pictures(pictures, f"score_category {judge.name}/{editor}/{job.part}")
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
        for score in read_journal(ahead_journal(output), Score):
            if score.fingerprint == expected.get(score.item):
                scores.setdefault(score.item, score)
    todo = [edit for edit in edits if edit.item not in scores]
    where = f"score_category {judge.name}/{editor}/{job.part}"
    # Only of work that goes on where it had stopped a user need know.
    level = logging.INFO if 0 < len(todo) < len(expected) else logging.DEBUG
    LOGGER.log(level, "%s: %d edits, %d to judge", where, len(edits), len(todo))
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
                judged = scores_of(by_key[outcome.key], outcome, expected)
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
    for path in output.parent.glob(ahead_journal(output, "*").name):
        path.unlink()
    if shard is None:
        forget_shards(output)


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
