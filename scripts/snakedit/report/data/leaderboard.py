"""The leaderboard's rows: mean, coverage, interval, rank, and what missing scores could change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from snakedit.report.data.numbers import SCORE, CategoryNumbers, Numbers
from snakedit.stats import summaries as statistics
from snakedit.stats.intervals import Sample, interval, rank_intervals
from snakedit.stats.paired import Comparison, compare
from snakedit.stats.summaries import Summary

LEVELS = ("category", "macro", "micro")
TOTALS = LEVELS[1:]

# metric → both ends of its scale.
Scales = Mapping[str, tuple[float, float]]
Rank = tuple[int, int, int]


@dataclass(frozen=True)
class Row:
    """One line of the leaderboard; `category` is empty in a total.

    Attributes:
        rank: of a total among the editors, with its 95 % interval: (rank, lowest, highest); else None.
        if_lowest, if_highest: the mean if every missing score were the scale's lowest, its highest; None
            where the scale is not known.
    """

    judge: str
    editor: str
    level: str
    category: str
    metric: str
    summary: Summary
    rank: Rank | None = None
    if_lowest: float | None = None
    if_highest: float | None = None


@dataclass(frozen=True)
class Standing:
    """One editor's line in a judge's table of one metric: the totals, and each category that has items."""

    editor: str
    totals: dict[str, Row]
    categories: dict[str, Row]

    @property
    def categories_with_mean(self) -> int:
        """Over how many categories the macro mean was taken."""
        return statistics.groups_with_mean(row.summary for row in self.categories.values())


def leaderboard(numbers: Numbers, scales: Mapping[str, Scales] | None = None) -> list[Row]:
    """Return a row for every judge, editor and metric: one a category, then the two totals.

    `n` counts every item: those whose edit failed or whose score could not be read too. The one
    exception is a metric that the rubric does not ask of an item, as any editor's `ok` score of that item
    shows: the item is then not in the metric's `n`, for any editor. A category in which a metric is asked
    of no item has no row.

    Args:
        scales: judge → metric, the item's `SCORE` among them → ends of its scale.
    """
    return [
        row
        for judge in numbers.judges
        for metric in numbers.metrics[judge]
        for row in _rows(numbers, judge, metric, (scales or {}).get(judge, {}).get(metric))
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
                standing.categories[row.category] = row
            else:
                standing.totals[row.level] = row

    def place(standing: Standing) -> tuple[bool, float]:
        mean = standing.totals[headline].summary.mean
        return mean is None, -(mean or 0.0)

    return sorted(found.values(), key=place)


def comparisons(numbers: Numbers) -> dict[tuple[str, str], list[Comparison]]:
    """Return (judge, ``macro`` or ``micro``) → every two editors by the item's score."""
    found = {}
    for judge in numbers.judges:
        samples = {editor: numbers.sample(judge, editor, SCORE) for editor in numbers.editors}
        for level in TOTALS:
            leveled = {editor: _leveled(sample, level) for editor, sample in samples.items()}
            any_sample = next(iter(leveled.values()))
            found[judge, level] = compare(
                {editor: sample.values for editor, sample in leveled.items()},
                any_sample.groups,
                any_sample.clusters,
            )
    return found


def _rows(numbers: Numbers, judge: str, metric: str, scale: tuple[float, float] | None) -> Iterator[Row]:
    samples = {editor: numbers.sample(judge, editor, metric) for editor in numbers.editors}
    ranks = {level: _ranks([_leveled(s, level) for s in samples.values()]) for level in TOTALS}
    categories = numbers.asked_categories(judge, metric)
    for place, editor in enumerate(numbers.editors):
        summaries = [
            statistics.summarise(c.of(judge, editor, metric)[c.is_asked(judge, metric)]) for c in categories
        ]
        bounds = [[statistics.if_missing(s, end) for s in summaries] for end in scale or ()]
        for number, (category, summary) in enumerate(zip(categories, summaries, strict=True)):
            row = Row(judge, editor, "category", category.name, metric, summary)
            yield _bounded(
                _with_interval(row, _of_category(category, judge, editor, metric)),
                [bound[number] for bound in bounds],
            )
        for level, total in (("macro", statistics.macro), ("micro", statistics.micro)):
            row = Row(judge, editor, level, "", metric, total(summaries), ranks[level][place])
            yield _bounded(
                _with_interval(row, _leveled(samples[editor], level)), [total(bound) for bound in bounds]
            )


def _leveled(sample: Sample, level: str) -> Sample:
    return sample if level == "macro" else sample.together()


def _ranks(samples: Sequence[Sample]) -> list[Rank | None]:
    return rank_intervals(samples) if samples and samples[0].values.size else [None] * len(samples)


def _of_category(category: CategoryNumbers, judge: str, editor: str, metric: str) -> Sample:
    asked = category.is_asked(judge, metric)
    clusters = category.clusters[asked]
    return Sample(category.of(judge, editor, metric)[asked], clusters * 0, clusters)


def _with_interval(row: Row, sample: Sample) -> Row:
    ends = interval(sample)
    if ends is None:
        return row
    return replace(row, summary=replace(row.summary, ci_low=ends[0], ci_high=ends[1]))


def _bounded(row: Row, bounds: Sequence[Summary]) -> Row:
    if not bounds:
        return row
    return replace(row, if_lowest=bounds[0].mean, if_highest=bounds[1].mean)
