"""Failures: every reason why an item is in no mean, and the most frequent reasons."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snakedit.report.data.read import Category


@dataclass(frozen=True)
class Failure:
    """Why an item is not in a mean; `editor` and `judge` are empty if the cause lies in an earlier stage."""

    category: str
    item: str
    stage: str
    status: str
    error: str
    editor: str = ""
    judge: str = ""

    @property
    def gallery_status(self) -> str:
        """The status in the gallery's filter; empty for a row that became no item."""
        if self.stage == "prepare":
            return ""
        with_stage = self.stage == "edit" or self.status == "missing"
        return f"{self.stage} {self.status}" if with_stage else self.status


@dataclass(frozen=True)
class Cause:
    """Failures of one stage, editor, judge and status whose errors begin with the same line."""

    count: int
    reason: str
    first: Failure


class Causes:
    """Counts failures by cause."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, str, str]] = Counter()
        self._first: dict[tuple[str, str, str, str, str], Failure] = {}

    def add(self, failure: Failure) -> None:
        """Count one failure."""
        reason = failure.error.strip().split("\n", 1)[0]
        key = (failure.stage, failure.editor, failure.judge, failure.status, reason)
        self._first.setdefault(key, failure)
        self._counts[key] += 1

    @property
    def total(self) -> int:
        """The number of failures."""
        return self._counts.total()

    def most_frequent(self) -> list[Cause]:
        """Return the causes over all categories, the most frequent first."""
        return [Cause(count, key[-1], self._first[key]) for key, count in self._counts.most_common()]


def failures(category: Category, editors: Sequence[str], judges: Sequence[str]) -> Iterator[Failure]:
    """Yield every reason why an item has no edit or no score, once, at the stage where it arose.

    A failed edit is not repeated as a missing score.
    """
    for row in category.excluded:
        yield Failure(category.name, row.name, "prepare", "excluded", str(row.error))
    for editor in editors:
        for item in category.items:
            edit = category.edits[editor].get(item.id)
            if edit is None:
                yield Failure(category.name, item.id, "edit", "missing", "no record of an edit", editor)
                continue
            if edit.status != "ok":
                yield Failure(category.name, item.id, "edit", edit.status, edit.error or "", editor)
                continue
            for judge in judges:
                score = category.scores[judge, editor].get(item.id)
                status = score.status if score else "missing"
                error = (score.error or "") if score else "no record of a score"
                if status != "ok":
                    yield Failure(category.name, item.id, "score", status, error, editor, judge)
