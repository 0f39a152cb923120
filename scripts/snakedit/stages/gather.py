"""Shards: blocks of a large category's items, each edited and judged by a job of its own.

A shard is named by the places of its first and last item, counted from 1: ``000501-001000``. So a shard of
another size is another shard, and items added at the end change the name of none. Its JSON Lines and its
journal lie in ``{category}/shards/{shard}/``; its images, and what its records call them, are the category's.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from snakedit.core.atomic import write_whole
from snakedit.core.images import remove_strangers
from snakedit.core.journal import Journal, from_journal, read_journal
from snakedit.core.names import image_name
from snakedit.core.records import Edit, Score, read_records
from snakedit.core.shards import Shard
from snakedit.stages.outcome import check_failures, score_cause
from snakedit.workflow.shard_rules import again

FOLDER = "shards"
JOURNAL = "journal.jsonl"
Done = TypeVar("Done", Edit, Score)
_ITEM_KEY = '{"item": '


def category_folder(output: Path, shard: Shard | None) -> Path:
    """Return the category's folder of a job's output."""
    return output.parent if shard is None else output.parents[2]


def take_over(output: Path, shard: Shard | None, kind: type[Done], wanted: set[str]) -> None:
    """Copy the records of a job's items from the category's other journals into its own.

    They are of shards of another size, or of the whole category before it had shards or while it had some.
    So nothing that is done is done again because the category has crossed `run.shard_items`.

    Args:
        output: the job's; its journal stands beside it.
        kind: the records of the journals.
        wanted: ids of the job's items.
    """
    own = output.with_name(JOURNAL)
    folder: Path = category_folder(output, shard)
    journals = [folder / JOURNAL, *sorted((folder / FOLDER).glob(f"*/{JOURNAL}"))]
    others = [path for path in journals if path != own and path.exists()]
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


def forget_shards(output: Path) -> None:
    """Remove the shards of a category that no longer has any; its own journal holds their records."""
    shutil.rmtree(output.parent / FOLDER, ignore_errors=True)


def gather_edits(shards: Sequence[Shard], output: Path, max_failures: float | None, where: str) -> None:
    """Write a category's `edits.jsonl` from its shards', and remove the images of other items.

    Raises:
        StageError: as `check_failures`.
    """
    errors, images = [], set()
    for path in _outputs(shards, output):
        for edit in read_records(path, Edit):
            errors.append(edit.error)
            images.add(image_name(edit.item))
    check_failures(where, errors, max_failures, hint=again("edit_category"))
    remove_strangers(output.parent / "images", images)
    _gather(shards, output)


def gather_scores(shards: Sequence[Shard], output: Path, max_failures: float | None, where: str) -> None:
    """Write a category's `scores.jsonl` from its shards'.

    Raises:
        StageError: as `check_failures`; edits that failed do not count.
    """
    scores = (score for path in _outputs(shards, output) for score in read_records(path, Score))
    causes = [score_cause(score) for score in scores if score.status != "no_edit"]
    check_failures(where, causes, max_failures, hint=again("score_category"))
    _gather(shards, output)


def _outputs(shards: Sequence[Shard], output: Path) -> list[Path]:
    return [output.parent / FOLDER / str(shard) / output.name for shard in shards]


def _gather(shards: Sequence[Shard], output: Path) -> None:
    write_whole(output, _texts(_outputs(shards, output)))
    # Records from before the category had these shards are in their journals now.
    (output.parent / JOURNAL).unlink(missing_ok=True)
    names = set(map(str, shards))
    for folder in (output.parent / FOLDER).iterdir():
        if folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in paths)


def _records_of(path: Path, kind: type[Done], wanted: set[str]) -> Iterator[Done]:
    """Yield a journal's records of some items; only the id is read of other lines."""
    decode = json.JSONDecoder().raw_decode
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            # Another job may be in the middle of the last line.
            if not line.endswith("\n"):
                return
            if line.startswith(_ITEM_KEY) and decode(line, len(_ITEM_KEY))[0] not in wanted:
                continue
            record = from_journal(line, kind, f"{path}:{number}")
            if record.item in wanted:
                yield record
