"""The report's tables as data: the leaderboard's rows, and every failure with its cause."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from snakedit import statistics
from snakedit.intervals import Scored, interval
from snakedit.records import Score, write_whole
from snakedit.report.read import Category, Results
from snakedit.statistics import Summary

SCORE = "score"
LEVELS = ("category", "macro", "micro")
TOTALS = LEVELS[1:]
LEADERBOARD_COLUMNS = (
    "benchmark",
    "judge",
    "editor",
    "level",
    "category",
    "metric",
    "n",
    "scored",
    "coverage",
    "mean",
    "ci_low",
    "ci_high",
)
FAILURE_COLUMNS = ("benchmark", "editor", "judge", "category", "item", "stage", "status", "error")


@dataclass(frozen=True)
class Row:
    """One line of the leaderboard; `category` is empty in a total."""

    judge: str
    editor: str
    level: str
    category: str
    metric: str
    summary: Summary


@dataclass(frozen=True)
class Failure:
    """Why an item is not in a mean; `editor` and `judge` are empty where the cause lies before them."""

    category: str
    item: str
    stage: str
    status: str
    error: str
    editor: str = ""
    judge: str = ""


@dataclass(frozen=True)
class Standing:
    """One editor's line in a judge's table of one metric: the totals, and each category that has items."""

    editor: str
    totals: dict[str, Summary]
    categories: dict[str, Summary]

    @property
    def categories_with_mean(self) -> int:
        """Over how many categories the macro mean was taken."""
        return statistics.groups_with_mean(self.categories.values())


def metrics_of(results: Results, judge: str) -> list[str]:
    """Return the metrics a judge's records name, in their order, and last the item's `score`."""
    metrics: dict[str, None] = {}
    for category in results.categories:
        for editor in results.editors:
            for score in category.scores[judge, editor].values():
                metrics.update(dict.fromkeys(score.values))
    return [*metrics, SCORE]


def leaderboard(results: Results) -> list[Row]:
    """Return a row for every judge, editor and metric: one a category, then the two totals.

    `n` counts every item: those whose edit failed or whose score could not be read too. The one
    exception is a metric that the rubric does not ask of an item, as any editor's `ok` score of that item
    shows: the item is then not in the metric's `n`, for any editor. A category in which a metric is asked
    of no item has no row.
    """
    return [
        row
        for judge in results.judges
        for metric in metrics_of(results, judge)
        for row in _rows(results, judge, metric)
    ]


def standings(rows: Iterable[Row], judge: str, metric: str, headline: str) -> list[Standing]:
    """Return a judge's editors by their headline total, best first; those without one come last.

    Args:
        headline: ``macro`` or ``micro``. Equal totals keep the order of ``rows``.
    """
    found: dict[str, Standing] = {}
    for row in rows:
        if row.judge == judge and row.metric == metric:
            standing = found.setdefault(row.editor, Standing(row.editor, {}, {}))
            if row.level == "category":
                standing.categories[row.category] = row.summary
            else:
                standing.totals[row.level] = row.summary

    def place(standing: Standing) -> tuple[bool, float]:
        mean = standing.totals[headline].mean
        return mean is None, -(mean or 0.0)

    return sorted(found.values(), key=place)


def failures(results: Results) -> list[Failure]:
    """Return every reason why an item has no edit or no score, once, where it arose.

    An edit that failed is not listed again as a score that is missing.
    """
    return [failure for category in results.categories for failure in _failures(results, category)]


def write_leaderboard(path: Path, benchmark: str, rows: Sequence[Row]) -> None:
    """Write leaderboard.csv whole. A number that does not exist is an empty field."""
    frame = pd.DataFrame(
        [
            (
                benchmark,
                row.judge,
                row.editor,
                row.level,
                row.category,
                row.metric,
                row.summary.n,
                row.summary.scored,
                row.summary.coverage,
                row.summary.mean,
                row.summary.ci_low,
                row.summary.ci_high,
            )
            for row in rows
        ],
        columns=list(LEADERBOARD_COLUMNS),
    )
    write_whole(path, [frame.to_csv(index=False)])


def write_failures(path: Path, benchmark: str, found: Sequence[Failure]) -> None:
    """Write failures.csv whole; without failures it has its header only."""
    frame = pd.DataFrame(
        [(benchmark, f.editor, f.judge, f.category, f.item, f.stage, f.status, f.error) for f in found],
        columns=list(FAILURE_COLUMNS),
    )
    write_whole(path, [frame.to_csv(index=False)])


def _rows(results: Results, judge: str, metric: str) -> Iterator[Row]:
    asked = {category.name: _asked(results, category, judge, metric) for category in results.categories}
    for editor in results.editors:
        values = {
            category.name: [
                _value(category.scores[judge, editor].get(item), metric) for item in asked[category.name]
            ]
            for category in results.categories
            if asked[category.name] or metric == SCORE
        }
        scored = {
            category.name: _scored(category, asked[category.name], values[category.name])
            for category in results.categories
            if category.name in values
        }
        summaries = {name: statistics.summarise(group) for name, group in values.items()}
        for name, summary in summaries.items():
            yield Row(judge, editor, "category", name, metric, _with_interval(summary, [scored[name]]))
        macro = statistics.macro(list(summaries.values()))
        micro = statistics.micro(values.values())
        together = [one for group in scored.values() for one in group]
        yield Row(judge, editor, "macro", "", metric, _with_interval(macro, list(scored.values())))
        yield Row(judge, editor, "micro", "", metric, _with_interval(micro, [together]))


def _scored(category: Category, asked: Sequence[str], values: Sequence[float | None]) -> list[Scored]:
    """The scores there are; items of one source image are one cluster."""
    images = {item.id: tuple(item.image_sha256s) for item in category.items}
    return [
        Scored(value, images[item]) for item, value in zip(asked, values, strict=True) if value is not None
    ]


def _with_interval(summary: Summary, groups: Sequence[Sequence[Scored]]) -> Summary:
    ends = interval(groups)
    return summary if ends is None else replace(summary, ci_low=ends[0], ci_high=ends[1])


def _asked(results: Results, category: Category, judge: str, metric: str) -> list[str]:
    """The ids of the items that a metric is asked of: an `ok` score has every metric that was asked."""
    if metric == SCORE:
        return [item.id for item in category.items]
    not_asked = {
        score.item
        for editor in results.editors
        for score in category.scores[judge, editor].values()
        if score.status == "ok" and metric not in score.values
    }
    return [item.id for item in category.items if item.id not in not_asked]


def _value(score: Score | None, metric: str) -> float | None:
    if score is None:
        return None
    return score.score if metric == SCORE else score.values.get(metric)


def _failures(results: Results, category: Category) -> Iterator[Failure]:
    for row in category.excluded:
        yield Failure(category.name, row.item, "prepare", "excluded", row.error)
    for editor in results.editors:
        for item in category.items:
            edit = category.edits[editor].get(item.id)
            if edit is None:
                yield Failure(category.name, item.id, "edit", "missing", "no record of an edit", editor)
                continue
            if edit.status != "ok":
                yield Failure(category.name, item.id, "edit", edit.status, edit.error or "", editor)
                continue
            for judge in results.judges:
                score = category.scores[judge, editor].get(item.id)
                if score is None:
                    yield Failure(
                        category.name, item.id, "score", "missing", "no record of a score", editor, judge
                    )
                elif score.status != "ok":
                    yield Failure(
                        category.name, item.id, "score", score.status, score.error or "", editor, judge
                    )
