"""What the records themselves say of how they were made: versions, devices, times. Counted, not kept."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from snakedit.core.records import Edit, Score
from snakedit.report.data.read import Category

_DEVICE_NUMBER = re.compile(r":\d+")


@dataclass
class Made:
    """How one editor's edits, or one judge's scores, were made.

    Attributes:
        statuses: status → records.
        versions: library, or ``processor`` or ``device`` (its kind) → version → records that succeeded.
        first, last: when the first and the last of them was started, UTC, empty where unknown.
        tokens, requests: of all scores, where the records say.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    versions: dict[str, Counter[str]] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    tokens: int = 0
    requests: int = 0
    _seconds: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, records: Iterable[Edit | Score]) -> None:
        """Count some records."""
        for record in records:
            self.statuses[record.status] += 1
            if isinstance(record, Score):
                self.tokens += record.tokens or 0
                self.requests += record.requests or 0
            if record.status != "ok":
                continue
            if record.seconds is not None:
                self._seconds.append(record.seconds)
            for library, version in record.versions.items():
                self.versions.setdefault(library, Counter())[version] += 1
            if isinstance(record, Score):
                continue
            if record.device:
                kind = _DEVICE_NUMBER.sub("", record.device)
                self.versions.setdefault("device", Counter())[kind] += 1
            if record.started:
                self.first = min(self.first or record.started, record.started)
                self.last = max(self.last, record.started)

    @property
    def median_seconds(self) -> float | None:
        """Of a record that succeeded, without loading; None where no record says."""
        return median(self._seconds) if self._seconds else None

    def mixtures(self) -> list[str]:
        """Return the libraries, processors and devices of which more than one was used."""
        mixed = {name: sorted(used) for name, used in self.versions.items() if len(used) > 1}
        return [f"{name} {' and '.join(used)}" for name, used in mixed.items()]


@dataclass(frozen=True)
class Making:
    """How everything was made.

    Attributes:
        excluded: category → rows that preparation left out.
    """

    editors: dict[str, Made]
    judges: dict[str, Made]
    excluded: dict[str, int]

    @staticmethod
    def of(editors: Sequence[str], judges: Sequence[str]) -> "Making":
        """Return a count of nothing yet."""
        return Making({name: Made() for name in editors}, {name: Made() for name in judges}, {})

    def add(self, category: Category) -> None:
        """Count a category's records."""
        if category.excluded:
            self.excluded[category.name] = len(category.excluded)
        for editor, edits in category.edits.items():
            self.editors[editor].add(edits.values())
        for (judge, _), scores in category.scores.items():
            self.judges[judge].add(scores.values())
