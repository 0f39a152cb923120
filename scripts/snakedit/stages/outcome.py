"""Shared by the stages: when a job cannot begin, when it has failed, and how its causes are counted."""

import errno
from collections import Counter
from collections.abc import Iterable

from snakedit.core.errors import DISK_HINT, DeviceError, StageError
from snakedit.core.logs import LOGGER
from snakedit.core.records import Score


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
    max_failures: int | None,
    hint: str,
    some_must_succeed: bool = True,
) -> None:
    """Say how many items failed and why; fail if that was all of them, or more than are allowed.

    Args:
        where: names the job.
        errors: for each item that was to be done its error, or None where it succeeded.
        max_failures: `run.max_failures`; None allows any number but all.
        hint: how to go on once the cause is mended.
        some_must_succeed: False where they are too few to say that the rest would fail as well.

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
    if len(failed) == len(outcomes) and some_must_succeed:
        raise StageError(summary, where=where, hint=hint)
    if max_failures is not None and len(failed) > max_failures:
        raise StageError(summary, where=where, allowed=f"run.max_failures: {max_failures}", hint=hint)
    LOGGER.warning("%s: %s", where, summary)


def score_cause(score: Score) -> str | None:
    """Return why an edit got no score, or None if it has one."""
    return None if score.status == "ok" else f"{score.status}: {score.error or 'no reason given'}"
