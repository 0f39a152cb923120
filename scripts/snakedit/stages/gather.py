"""Shards: blocks of a large category's items, each edited and judged by a job of its own.

A shard is named by the places of its first and last item, counted from 1: ``000501-001000``. So a shard of
another size is another shard, and items added at the end change the name of none. Its JSON Lines and its
journal lie in ``{category}/shards/{shard}/``; its images, and what its records call them, are the category's.
"""

import json
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from snakedit.core.images import remove_strangers
from snakedit.core.journal import Journal, from_journal, read_journal
from snakedit.core.names import image_name
from snakedit.core.records import Edit, Score, read_records, write_records
from snakedit.core.seals import MIXED, read_seal, write_sealed
from snakedit.core.shards import Shard
from snakedit.stages.outcome import check_failures, score_cause
from snakedit.workflow.shard_rules import again

FOLDER = "shards"
JOURNAL = "journal.jsonl"
Done = TypeVar("Done", Edit, Score)
_SHARD = re.compile(r"\d+-\d+")
_ITEM_KEY = '{"item": '


def category_folder(output: Path, shard: Shard | None) -> Path:
    """Return the category's folder of a job's output."""
    return output.parent if shard is None else output.parents[2]


def take_over(output: Path, shard: Shard | None, kind: type[Done], wanted: set[str]) -> None:
    """Copy records from the category's other journals into the job's own: its items', or all without a shard.

    They are of shards of another size, or of the whole category before it had shards or while it had some.
    So nothing that is done is done again because the category has crossed `run.shard_items`, or because a
    lower limit has left an item out for a while.

    Args:
        output: the job's; its journal stands beside it.
        shard: the job's, or None for the whole category.
        kind: the records of the journals.
        wanted: ids of the shard's items.
    """
    own = output.with_name(JOURNAL)
    folder: Path = category_folder(output, shard)
    journals = [folder / JOURNAL, *sorted((folder / FOLDER).glob(f"*/{JOURNAL}"))]
    others = [path for path in journals if path != own and path.exists()]
    _copy(others, own, kind, None if shard is None else wanted)


def _copy(others: Sequence[Path], own: Path, kind: type[Done], wanted: Collection[str] | None) -> None:
    """Copy what succeeded and is not there yet, of all items or of those wanted."""
    if not others:
        return
    known = {(record.item, record.fingerprint) for record in read_journal(own, kind)}
    records = [
        record
        for path in others
        for record in _records_of(path, kind, wanted)
        if record.status == "ok" and (record.item, record.fingerprint) not in known
    ]
    if records:
        with Journal(own) as journal:
            journal.extend(records)


def forget_shards(output: Path, kept: Collection[str] = ()) -> None:
    """Remove the shards that a category no longer has; its own journal holds their records.

    Args:
        kept: names of those that it has.
    """
    folder = output.parent / FOLDER
    for path in folder.glob("*-*"):
        if path.name not in kept and _SHARD.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def gather_edits(
    shards: Sequence[Shard],
    output: Path,
    max_failures: float | None,
    where: str,
    is_control: bool = False,
) -> None:
    """Write a category's `edits.jsonl` from its shards', and put the images of other items aside.

    Args:
        is_control: whether the editor is one. A control that the category cannot have has not failed.

    Raises:
        StageError: as `check_failures`.
    """
    errors, images, is_absent = [], set(), is_control
    for path in _outputs(shards, output):
        for edit in read_records(path, Edit):
            errors.append(edit.error)
            images.add(image_name(edit.item))
            is_absent &= not edit.was_planned
    check_failures(where, [] if is_absent else errors, max_failures, hint=again("edit_category"))
    remove_strangers(output.parent / "images", images)
    _gather(shards, output, Edit)


def gather_scores(shards: Sequence[Shard], output: Path, max_failures: float | None, where: str) -> None:
    """Write a category's `scores.jsonl` from its shards'.

    Raises:
        StageError: as `check_failures`; edits that failed do not count.
    """
    scores = (score for path in _outputs(shards, output) for score in read_records(path, Score))
    causes = [score_cause(score) for score in scores if score.status != "no_edit"]
    check_failures(where, causes, max_failures, hint=again("score_category"))
    _gather(shards, output, Score)


def _outputs(shards: Sequence[Shard], output: Path) -> list[Path]:
    return [output.parent / FOLDER / str(shard) / output.name for shard in shards]


def _gather(shards: Sequence[Shard], output: Path, kind: type[Done]) -> None:
    paths = _outputs(shards, output)
    recipes = {seal.recipe if seal else "" for seal in map(read_seal, paths)}
    # Their pictures and what they were made from are in the shards' seals.
    write_sealed(output, _texts(paths), recipes.pop() if len(recipes) == 1 else MIXED)
    names = set(map(str, shards))
    folder = output.parent / FOLDER
    gone = [path for path in folder.glob(f"*/{JOURNAL}") if path.parent.name not in names]
    own = output.parent / JOURNAL
    if gone or own.exists():
        _keep_others(own, gone, kind, {record.item for path in paths for record in read_records(path, kind)})
    forget_shards(output, names)


def _keep_others(own: Path, gone: Sequence[Path], kind: type[Done], present: Collection[str]) -> None:
    """Leave in a category's journal what its shards' have not: the records of items it does not have now.

    Args:
        gone: journals of shards that it does not have now.
        present: ids of its items.
    """
    _copy(gone, own, kind, None)
    others = [record for record in read_journal(own, kind) if record.item not in present]
    if others:
        write_records(own, others)
    else:
        own.unlink(missing_ok=True)


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in paths)


def _records_of(path: Path, kind: type[Done], wanted: Collection[str] | None) -> Iterator[Done]:
    """Yield a journal's records, of some items or of all; only the id is read of other lines."""
    decode = json.JSONDecoder().raw_decode
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            # Another job may be in the middle of the last line.
            if not line.endswith("\n"):
                return
            is_item = line.startswith(_ITEM_KEY)
            if wanted is not None and is_item and decode(line, len(_ITEM_KEY))[0] not in wanted:
                continue
            record = from_journal(line, kind, f"{path}:{number}")
            if wanted is None or record.item in wanted:
                yield record
