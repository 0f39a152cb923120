"""Statistics of the records themselves: versions, devices, times. The records are counted, not kept."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from snakedit.core.records import Edit, Score
from snakedit.report.data.read import Category

_DEVICE_NUMBER = re.compile(r":\d+")


@dataclass
class RecordStats:
    """Statistics of one editor's edits, or one judge's scores.

    Attributes:
        statuses: status → records.
        versions: library, ``processor`` or ``device`` (its kind) → version → successful records.
        first, last: start of the first and the last edit, UTC, empty where unknown.
        tokens, requests: of all scores, where the records have them.
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
        """Median time of a successful record, without loading; None where no record has one."""
        return median(self._seconds) if self._seconds else None

    def mixtures(self) -> list[str]:
        """Return the libraries, processors and devices that occur in more than one version."""
        mixed = {name: sorted(counts) for name, counts in self.versions.items() if len(counts) > 1}
        return [f"{name} {' and '.join(versions)}" for name, versions in mixed.items()]


class ResultStats:
    """Statistics of all records of a report.

    Attributes:
        editors, judges: name → statistics of its records.
        excluded: category → number of rows that preparation left out.
        own_seeds: editor → number of edits whose seed is their row's own, unchanged.
    """

    def __init__(self, editors: Iterable[str], judges: Iterable[str]) -> None:
        self.editors = {name: RecordStats() for name in editors}
        self.judges = {name: RecordStats() for name in judges}
        self.excluded: dict[str, int] = {}
        self.own_seeds: Counter[str] = Counter()

    def add(self, category: Category) -> None:
        """Count a category's records."""
        if category.excluded:
            self.excluded[category.name] = len(category.excluded)
        seeds = {item.id: item.seed % 2**32 for item in category.items if item.seed is not None}
        for editor, edits in category.edits.items():
            self.editors[editor].add(edits.values())
            own = sum(e.seed is not None and e.seed == seeds.get(e.item) for e in edits.values())
            if own:
                self.own_seeds[editor] += own
        for (judge, _), scores in category.scores.items():
            self.judges[judge].add(scores.values())
