"""One item of the serial side, measured, and the journal in which a measurement that was stopped goes on."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.core.hashing import file_sha256
from snakedit.core.journal import read_journal
from snakedit.core.records import Edit, Score
from snakedit.runtime.pool.tasks import Outcome
from snakedit.stages.edit_planning import PlannedEdit, blank_edit

# Beside `serial.json` until that is written: a finished measurement that is made again is made whole.
JOURNAL = "journal.jsonl"


@dataclass(frozen=True)
class Measured:
    """What came of one item and how long it took; one line of the journal.

    Attributes:
        depends_on: fingerprint of all that its result and its time depend on.
        seconds: from its taking to its end.
        started: UTC, ISO 8601.
        edit: fields of its `Edit`, as the worker gave them.
        scores: judge → fields of its `Score`.
        spans: what was done in turn: name, start (seconds since 1970), seconds.
    """

    item: str
    depends_on: str
    device: str
    seconds: float
    started: str
    attempts: int
    edit: dict[str, Any]
    scores: dict[str, dict[str, Any]]
    spans: list[dict[str, Any]]

    def to_edit(self, planned: PlannedEdit) -> Edit:
        """Return its record."""
        return dataclasses.replace(
            blank_edit(planned),
            **self.edit,
            seconds=next((span["seconds"] for span in self.spans if span["name"] == "edit"), None),
            device=self.device,
            started=self.started,
            attempts=self.attempts,
        )

    def to_score(self, judge: str) -> Score:
        """Return what a judge said of it."""
        return Score(item=self.item, **self.scores[judge])


def measured(outcome: Outcome, depends_on: str) -> Measured:
    """Return what a worker has measured; an outcome with an error has no scores and no spans."""
    result = outcome.result or {"edit": {"error": outcome.error}, "judges": {}, "spans": []}
    return Measured(
        item=outcome.key,
        depends_on=depends_on,
        device=outcome.device,
        seconds=outcome.seconds,
        started=outcome.started,
        attempts=outcome.attempts,
        edit=result["edit"],
        scores=result["judges"],
        spans=result["spans"],
    )


def kept(folder: Path, expected: Mapping[str, str]) -> dict[str, Measured]:
    """Return the items that a stopped measurement has left whole: item → what was measured.

    Args:
        folder: `serial.json`'s.
        expected: item → what its measurement depends on today.
    """
    return {
        one.item: one
        for one in read_journal(folder / JOURNAL, Measured)
        if one.depends_on == expected.get(one.item) and _has_its_image(folder, one)
    }


def _has_its_image(folder: Path, one: Measured) -> bool:
    path = folder / one.edit["image"]
    return path.is_file() and file_sha256(path) == str(one.edit["image_sha256"])
