"""A benchmark's results as arrays: all that the tables and the statistics need, a few bytes a score.

The records of a category are read, turned into these and let go, so that a report of 100,000 items needs
the memory of one category.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snakedit.core.records import Item, Score
from snakedit.report.data.read import Category
from snakedit.stats.intervals import Array, Codes, Sample

# What the item's own score is called beside the metrics that it is made of.
SCORE = "score"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CategoryNumbers:
    """One category's scores. Arrays have the shape (items,), in the items' order.

    Attributes:
        clusters: equal for items that share a source image, in this or another category.
        values: (judge, editor, metric) → values, NaN where missing. A metric may be missing as a whole.
        asked: (judge, metric) → of which items the metric is asked, where not of all.
        edited: editor → whether there is an edit.
        human: editor → ratings by people, NaN where missing.
    """

    name: str
    folder: str
    clusters: Codes
    values: dict[tuple[str, str, str], Array]
    asked: dict[tuple[str, str], Mask]
    edited: dict[str, Mask]
    human: dict[str, Array]

    @property
    def n(self) -> int:
        """The number of items."""
        return self.clusters.size

    def metrics(self, judge: str) -> list[str]:
        """Return the metrics that the category's records of a judge name, and last `SCORE`."""
        return list(dict.fromkeys(metric for by, _, metric in self.values if by == judge))

    def of(self, judge: str, editor: str, metric: str) -> Array:
        """Return one metric's values, all NaN where the category has none."""
        found = self.values.get((judge, editor, metric))
        return np.full(self.n, np.nan) if found is None else found

    def is_asked(self, judge: str, metric: str) -> Mask:
        """Return of which items a metric is asked."""
        found = self.asked.get((judge, metric))
        return np.ones(self.n, dtype=np.bool_) if found is None else found


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
        """Return the categories in which a metric is asked of any item; of `SCORE`, all."""
        return [c for c in self.categories if metric == SCORE or c.is_asked(judge, metric).any()]

    def sample(self, judge: str, editor: str, metric: str) -> Sample:
        """Return a metric's values over all items that it is asked of, the categories as groups.

        Every editor's sample of one judge and metric has the same items in the same order.
        """
        values, groups, clusters = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, category in enumerate(self.asked_categories(judge, metric)):
            asked = category.is_asked(judge, metric)
            values.append(category.of(judge, editor, metric)[asked])
            groups.append(np.full(int(asked.sum()), number, dtype=np.int64))
            clusters.append(category.clusters[asked])
        return Sample(np.concatenate(values), np.concatenate(groups), np.concatenate(clusters))


class Collector:
    """Takes one category after the other and keeps their numbers."""

    def __init__(self, benchmark: str, editors: Sequence[str], judges: Sequence[str]) -> None:
        self._benchmark, self._editors, self._judges = benchmark, tuple(editors), tuple(judges)
        self._metrics: dict[str, dict[str, None]] = {judge: {} for judge in judges}
        self._images = _Clusters()
        self._categories: list[CategoryNumbers] = []

    def add(self, category: Category) -> CategoryNumbers:
        """Keep a category's numbers, and return them with provisional clusters."""
        values: dict[tuple[str, str, str], Array] = {}
        asked: dict[tuple[str, str], Mask] = {}
        for judge in self._judges:
            metrics = dict.fromkeys(_metrics_of(category, judge, self._editors))
            self._metrics[judge].update(metrics)
            for metric in (*metrics, SCORE):
                for editor in self._editors:
                    values[judge, editor, metric] = _values(category, judge, editor, metric)
            asked |= {(judge, m): mask for m, mask in _asked(category, judge, self._editors, metrics)}
        codes = self._images.of(category.items)
        numbers = CategoryNumbers(
            name=category.name,
            folder=category.files.folder,
            clusters=codes,
            values=values,
            asked=asked,
            edited={editor: _edited(category, editor) for editor in self._editors},
            human=_human(category.items),
        )
        self._categories.append(numbers)
        return numbers

    def numbers(self) -> Numbers:
        """Return what was kept, with the clusters that all categories together make."""
        for category in self._categories:
            category.clusters[:] = self._images.roots(category.clusters)
        metrics = {judge: [*found, SCORE] for judge, found in self._metrics.items()}
        return Numbers(self._benchmark, self._editors, self._judges, metrics, tuple(self._categories))


class _Clusters:
    """Numbers items so that those linked by a source image, however indirectly, get one number."""

    def __init__(self) -> None:
        self._images: dict[str, int] = {}
        self._parents: list[int] = []

    def of(self, items: Sequence[Item]) -> Codes:
        own: dict[str, int] = {}
        codes = np.empty(len(items), dtype=np.int64)
        for place, item in enumerate(items):
            number = self._new()
            for image in item.image_sha256s:
                self._join(number, self._images.setdefault(image, number))
            if item.previous in own:
                # Its source is another item's edit.
                self._join(number, own[item.previous])
            own[item.id] = codes[place] = number
        return codes

    def roots(self, codes: Codes) -> Codes:
        return np.array([self._root(code) for code in codes], dtype=np.int64)

    def _new(self) -> int:
        self._parents.append(len(self._parents))
        return len(self._parents) - 1

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def _join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._parents[second] = first


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


def _asked(
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
        [(edit := edits.get(i.id)) is not None and edit.status == "ok" for i in category.items], bool
    )


def _human(items: Sequence[Item]) -> dict[str, Array]:
    editors = dict.fromkeys(editor for item in items for editor in item.human or ())
    return {
        editor: np.array([(item.human or {}).get(editor) for item in items], dtype=np.float64)
        for editor in editors
    }
