"""Shared by the stages: when a job cannot begin, when it has failed, and how its causes are counted."""

import errno
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from snakedit.core.errors import DISK_HINT, DeviceError, StageError
from snakedit.core.logs import LOGGER
from snakedit.core.records import Score
from snakedit.core.shards import Shard

# Exceptions that tell of one item, and exceptions that tell of what all items need.
_OF_ITEMS = "ImageError|RefusedError"
_SURROUNDINGS = {"CheckpointError", "ConfigError", "DeviceError", "EndpointError", "StageError"}
# A picture that could not be opened may be there in the next run.
_PASSING = "UnopenedError"
# The name of any other exception's class.
_EXCEPTION = re.compile(rf"(?!(?:{_OF_ITEMS})\b)[A-Z]\w+")
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|/\S+|\d+(?:\.\d+)?")


def check_devices(where: str, needed: bool, granted: int) -> None:
    """Refuse to begin without a device where one is needed.

    Raises:
        DeviceError: as Snakemake lets a job run that was granted none.
    """
    if needed and granted < 1:
        raise DeviceError(
            "was granted no GPU but needs one", where=where, hint="raise --resources gpu= to 1 or more"
        )


def check_disk(where: str, error: str | None) -> None:
    """End the job if an item failed because the disk is full, which is not the item's fault.

    Raises:
        StageError: with what to do.
    """
    if error is not None and f"[Errno {errno.ENOSPC}]" in error:
        raise StageError(error, where=where, hint=DISK_HINT)


def check_failures(
    where: str,
    errors: Iterable[str | None],
    max_failures: float | None,
    hint: str,
    shard: Shard | None = None,
) -> None:
    """Say how many items failed and why; fail if the cause is not theirs, or more failed than are allowed.

    A job in which no item succeeded has a result all the same, with no coverage, unless `is_fault` holds. One
    with a picture that could not be opened has none, since the next run may open it.

    Args:
        where: names the job.
        errors: for each item that was to be done its error, or None where it succeeded.
        max_failures: `run.max_failures`: a number, a share of the items, or None for any number.
        hint: how to go on once the cause is mended.
        shard: which of the category's items they are, or None for all. The last shard may be too small to say
            that all items would fail, and a share is one of the whole category.

    Raises:
        StageError: with the causes counted, the most frequent first.
    """
    outcomes = list(errors)
    failed = [error for error in outcomes if error is not None]
    if not failed:
        return
    # Messages name their item, so they are counted by kind, and the first of each kind is shown.
    kinds = Counter(error.partition(":")[0] for error in failed)
    first = {error.partition(":")[0]: error for error in reversed(failed)}
    counted = "; ".join(f"{count} × {first[kind]}" for kind, count in kinds.most_common(5))
    summary = f"{len(failed)} of {len(outcomes)} items failed: {counted}"
    if _PASSING in kinds:
        # A record would make it a failure for good.
        raise StageError(summary, where=where, hint=hint)
    tells_of_all = shard is None or len(outcomes) == shard.size
    if tells_of_all and len(failed) == len(outcomes) and is_fault(failed):
        raise StageError(summary, where=where, hint=hint)
    if max_failures is not None:
        is_share = isinstance(max_failures, float)
        limit = max_failures * len(outcomes) if is_share else max_failures
        if len(failed) > limit and (shard is None or not is_share):
            raise StageError(summary, where=where, allowed=f"run.max_failures: {max_failures}", hint=hint)
    LOGGER.warning("%s: %s", where, summary)


def is_fault(errors: Sequence[str]) -> bool:
    """Return whether the errors of a job without a success have a cause that is not its items'.

    They have if a server, a folder or a device was not as it should be for any item, or if at least two items
    failed and all raised the same exception, which no item can pass then. An `ImageError`, a refusal, and an
    answer that cannot be read are outcomes of an item.

    Args:
        errors: each begins with the exception's type, or with a score's status.
    """
    kinds = {_kind(error) for error in errors}
    types = {error.partition(":")[0] for error in errors}
    if types <= _SURROUNDINGS:
        return True
    return len(errors) > 1 and len(kinds) == 1 and _EXCEPTION.fullmatch(types.pop()) is not None


def _kind(error: str) -> str:
    """An error without what differs from item to item: numbers, paths and quoted names."""
    return _VARYING.sub("*", error)


def score_cause(score: Score) -> str | None:
    """Return why an edit got no score, or None if it has one.

    It begins with the score's status, or with the exception's type where one was raised.
    """
    if score.status == "ok":
        return None
    error = score.error or "no reason given"
    raised = score.status == "failed" and _EXCEPTION.fullmatch(error.partition(":")[0])
    return error if raised else f"{score.status}: {error}"
