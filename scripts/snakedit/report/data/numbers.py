"""A benchmark's scores as arrays, for the tables and the statistics: a few bytes a score.

Each category's records are read, reduced to arrays and dropped, so that a report of 100,000 items needs the
memory of one category.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet

from snakedit.core.records import Item, Score
from snakedit.report.data.read import Category
from snakedit.stats.samples import Array, Codes, ScoreSample

# The name of the item's own score, beside the metrics that it is made of.
SCORE = "score"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CategoryNumbers:
    """One category's scores. Arrays have the shape (items,), in the items' order.

    Attributes:
        clusters: equal for items that share a source image, in this or another category.
        values: (judge, editor, metric) → values, NaN where missing. A metric may be missing as a whole.
        asked: (judge, metric) → the items that the metric is asked of, where not all.
        edited: editor → whether there is an edit.
        human: editor → ratings by people, NaN where missing.
        absent: controls that cannot be made here, such as references where it has none.
    """

    name: str
    folder: str
    clusters: Codes
    values: dict[tuple[str, str, str], Array]
    asked: dict[tuple[str, str], Mask]
    edited: dict[str, Mask]
    human: dict[str, Array]
    absent: frozenset[str] = frozenset()

    @property
    def n(self) -> int:
        """The number of items."""
        return self.clusters.size

    def metrics(self, judge: str) -> list[str]:
        """Return the metrics that the category's records of a judge name, and last `SCORE`."""
        return list(dict.fromkeys(metric for by, _, metric in self.values if by == judge))

    def of(self, judge: str, editor: str, metric: str) -> Array:
        """Return one metric's values, all NaN where the category has none."""
        values = self.values.get((judge, editor, metric))
        return np.full(self.n, np.nan) if values is None else values

    def is_asked(self, judge: str, metric: str) -> Mask:
        """Return whether a metric is asked of each item."""
        mask = self.asked.get((judge, metric))
        return np.ones(self.n, dtype=np.bool_) if mask is None else mask

    def sample(self, judge: str, editor: str, metric: str, group: int = 0) -> ScoreSample:
        """Return a metric's values over the items that it is asked of, all in one group."""
        asked = self.is_asked(judge, metric)
        clusters = self.clusters[asked]
        return ScoreSample(self.of(judge, editor, metric)[asked], np.full_like(clusters, group), clusters)


@dataclass(frozen=True)
class Numbers:
    """A benchmark's scores. Editors and judges are in the configuration's order.

    Attributes:
        metrics: judge → the metrics that its records name, in their order, and last `SCORE`.
    """

    benchmark: str
    editors: tuple[str, ...]
    judges: tuple[str, ...]
    metrics: dict[str, list[str]]
    categories: tuple[CategoryNumbers, ...]

    def asked_categories(self, judge: str, metric: str) -> list[CategoryNumbers]:
        """Return the categories in which a metric is asked of any item; for `SCORE`, all."""
        return [c for c in self.categories if metric == SCORE or c.is_asked(judge, metric).any()]

    def present_categories(self, judge: str, editor: str, metric: str) -> list[CategoryNumbers]:
        """Return `asked_categories` without those in which the editor is absent."""
        return [c for c in self.asked_categories(judge, metric) if editor not in c.absent]

    def sample(self, judge: str, editor: str, metric: str, if_missing: float | None = None) -> ScoreSample:
        """Return a metric's values over all items that it is asked of, the categories as groups.

        Every editor's sample of one judge and metric has the same items in the same order.

        Args:
            if_missing: a number for each value that is missing where the editor is not absent.
        """
        parts = []
        for number, category in enumerate(self.asked_categories(judge, metric)):
            part = category.sample(judge, editor, metric, number)
            if if_missing is not None and editor not in category.absent:
                part = part.with_missing(if_missing)
            parts.append(part)
        none = np.empty(0, np.int64)
        return ScoreSample(
            np.concatenate([np.empty(0), *(part.values for part in parts)]),
            np.concatenate([none, *(part.groups for part in parts)]),
            np.concatenate([none, *(part.clusters for part in parts)]),
        )


class Collector:
    """Reduces one category after the other to numbers, and keeps them."""

    def __init__(self, benchmark: str, editors: Sequence[str], judges: Sequence[str]) -> None:
        self._benchmark, self._editors, self._judges = benchmark, tuple(editors), tuple(judges)
        self._metrics: dict[str, dict[str, None]] = {judge: {} for judge in judges}
        self._clusters = _Clusters()
        self._categories: list[CategoryNumbers] = []

    def add(self, category: Category, absent: Iterable[str] = ()) -> CategoryNumbers:
        """Keep a category's numbers, and return them with provisional clusters.

        Args:
            absent: controls that cannot be made in it.
        """
        values: dict[tuple[str, str, str], Array] = {}
        asked: dict[tuple[str, str], Mask] = {}
        for judge in self._judges:
            metrics = dict.fromkeys(_metrics_of(category, judge, self._editors))
            self._metrics[judge].update(metrics)
            for metric in (*metrics, SCORE):
                for editor in self._editors:
                    values[judge, editor, metric] = _values(category, judge, editor, metric)
            masks = _asked_masks(category, judge, self._editors, metrics)
            asked |= {(judge, metric): mask for metric, mask in masks}
        numbers = CategoryNumbers(
            name=category.name,
            folder=category.files.folder,
            clusters=self._clusters.add(category.items),
            values=values,
            asked=asked,
            edited={editor: _edited(category, editor) for editor in self._editors},
            human=_ratings(category.items),
            absent=frozenset(absent),
        )
        self._categories.append(numbers)
        return numbers

    def numbers(self) -> Numbers:
        """Return all numbers, with the clusters that follow from all categories together.

        Editors that are absent from every category are left out.
        """
        codes = self._clusters.codes()
        for category in self._categories:
            category.clusters[:] = codes[category.clusters]
        metrics = {judge: [*names, SCORE] for judge, names in self._metrics.items()}
        absent = (
            frozenset[str].intersection(*(c.absent for c in self._categories)) if self._categories else ()
        )
        editors = tuple(editor for editor in self._editors if editor not in absent)
        return Numbers(self._benchmark, editors, self._judges, metrics, tuple(self._categories))


class _Clusters:
    """Groups items that are linked by a source image, however indirectly."""

    def __init__(self) -> None:
        # Items by number, and source images by sha256.
        self._sets = DisjointSet()
        self._count = 0

    def add(self, items: Sequence[Item]) -> Codes:
        """Return the items' numbers."""
        numbers = np.arange(self._count, self._count + len(items), dtype=np.int64)
        self._count += len(items)
        own: dict[str, int] = {}
        for number, item in zip(numbers.tolist(), items, strict=True):
            self._sets.add(number)
            for image in item.image_sha256s:
                self._sets.add(image)
                self._sets.merge(number, image)
            if item.previous in own:
                # Its source is another item's edit.
                self._sets.merge(number, own[item.previous])
            own[item.id] = number
        return numbers

    def codes(self) -> Codes:
        """Return item number → the number of its cluster's first item.

        The bootstrap's draws then depend on the order of the items alone.
        """
        first: dict[int | str, int] = {}
        codes = (first.setdefault(self._sets[number], number) for number in range(self._count))
        return np.fromiter(codes, dtype=np.int64, count=self._count)


def value_of(score: Score | None, metric: str) -> float | None:
    """Return a metric's value in a record, None where it is missing."""
    if score is None:
        return None
    return score.score if metric == SCORE else score.values.get(metric)


def _metrics_of(category: Category, judge: str, editors: Sequence[str]) -> Iterator[str]:
    for editor in editors:
        for score in category.scores[judge, editor].values():
            yield from score.values


def _values(category: Category, judge: str, editor: str, metric: str) -> Array:
    scores = category.scores[judge, editor]
    return np.array([value_of(scores.get(item.id), metric) for item in category.items], dtype=np.float64)


def _asked_masks(
    category: Category, judge: str, editors: Sequence[str], metrics: dict[str, None]
) -> Iterator[tuple[str, Mask]]:
    """The metrics that are not asked of all items: an `ok` score has every metric that was asked."""
    for metric in metrics:
        spared = {
            score.item
            for editor in editors
            for score in category.scores[judge, editor].values()
            if score.status == "ok" and metric not in score.values
        }
        if spared:
            yield metric, np.array([item.id not in spared for item in category.items])


def _edited(category: Category, editor: str) -> Mask:
    edits = category.edits[editor]
    return np.array(
        [(edit := edits.get(item.id)) is not None and edit.status == "ok" for item in category.items], bool
    )


def _ratings(items: Sequence[Item]) -> dict[str, Array]:
    editors = dict.fromkeys(editor for item in items for editor in item.human or ())
    return {
        editor: np.array([(item.human or {}).get(editor) for item in items], dtype=np.float64)
        for editor in editors
    }
