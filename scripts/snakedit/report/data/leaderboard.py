"""The leaderboard: mean, coverage, interval and rank of every editor, and the bounds from missing scores."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.stats import summaries
from snakedit.stats.intervals import interval
from snakedit.stats.paired import PairedComparison, paired_comparisons
from snakedit.stats.ranks import Rank, rank_intervals
from snakedit.stats.samples import ScoreSample
from snakedit.stats.summaries import Summary

LEVELS = ("category", "macro", "micro")
TOTALS = LEVELS[1:]

# metric → both ends of its scale.
Scales = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class LeaderboardRow:
    """One line of the leaderboard; `category` is empty in a total.

    Attributes:
        rank: a total's place among the editors, each two compared on the items that both have; None in a
            category.
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
    """One editor's line in a `MetricTable`: the totals, each category that has items, and the parts."""

    editor: str
    totals: dict[str, LeaderboardRow]
    categories: dict[str, LeaderboardRow]
    parts: dict[str, LeaderboardRow] = field(default_factory=dict)

    @property
    def categories_with_mean(self) -> int:
        """The number of categories in the macro mean."""
        return summaries.groups_with_mean(row.summary for row in self.categories.values())


@dataclass(frozen=True)
class MetricTable:
    """A judge's table of one metric.

    Attributes:
        totals: the columns of totals, the headline first.
        categories: the columns of categories, in the benchmark's order.
        standings: the editors by their rank in the headline total, those of one rank by their mean; those
            without a mean come last.
        parts: metrics whose headline totals stand beside the score, such as VIEScore's SC and PQ.
    """

    metric: str
    totals: list[str]
    categories: list[str]
    standings: list[Standing]
    parts: Sequence[str] = ()


def leaderboard(numbers: Numbers, scales: Mapping[str, Scales] | None = None) -> list[LeaderboardRow]:
    """Return a row for every judge, editor and metric: one a category, then the two totals.

    `n` counts every item, also those whose edit failed or whose score could not be read. The one exception
    is an item that the rubric does not ask a metric of, as any editor's `ok` score of that item shows: it is
    not in the metric's `n`, for any editor. A category in which a metric is asked of no item has no row, and
    a control has none where it cannot be made.

    Args:
        scales: judge → metric, the item's `SCORE` among them → ends of its scale.
    """
    return [
        row
        for judge in numbers.judges
        for metric in numbers.metrics[judge]
        for row in _metric_rows(numbers, judge, metric, (scales or {}).get(judge, {}).get(metric))
    ]


def metric_table(
    rows: Iterable[LeaderboardRow], judge: str, metric: str, headline: str, parts: Sequence[str] = ()
) -> MetricTable:
    """Return a judge's table of one metric.

    Args:
        headline: ``macro`` or ``micro``. Equal totals keep the order of ``rows``.
        parts: further metrics whose headline totals are shown beside.
    """
    standings: dict[str, Standing] = {}
    for row in rows:
        if row.judge != judge:
            continue
        standing = standings.setdefault(row.editor, Standing(row.editor, {}, {}))
        if row.metric in parts and row.level == headline:
            standing.parts[row.metric] = row
        if row.metric == metric:
            if row.level == "category":
                standing.categories[row.category] = row
            else:
                standing.totals[row.level] = row

    def place(standing: Standing) -> tuple[bool, int, float]:
        row = standing.totals[headline]
        return row.summary.mean is None, row.rank.rank if row.rank else 0, -(row.summary.mean or 0.0)

    return MetricTable(
        metric,
        totals=sorted(TOTALS, key=lambda total: total != headline),
        categories=list(dict.fromkeys(name for s in standings.values() for name in s.categories)),
        standings=sorted(standings.values(), key=place),
        parts=[part for part in parts if any(part in s.parts for s in standings.values())],
    )


def comparisons(
    numbers: Numbers,
    scales: Mapping[str, Scales] | None = None,
    controls: Collection[str] = (),
    *,
    missing_is_lowest: bool = False,
) -> dict[tuple[str, str], list[PairedComparison]]:
    """Return (judge, ``macro`` or ``micro``) → every two editors by the item's score.

    Args:
        scales: as in `leaderboard`.
        controls: editors of which a pair of two is not in the correction for many comparisons.
        missing_is_lowest: whether a missing score counts as the lowest of the scale, in the place of being
            left out. A judge that misses nothing, or whose scale is not known, has no comparisons then. These
            have no intervals.
    """
    pairs = {}
    for judge in numbers.judges:
        scale = (scales or {}).get(judge, {}).get(SCORE)
        if missing_is_lowest and (scale is None or not _misses_any(numbers, judge)):
            continue
        lowest = scale[0] if scale and missing_is_lowest else None
        samples = {editor: numbers.sample(judge, editor, SCORE, lowest) for editor in numbers.editors}
        for level in TOTALS if samples else ():
            leveled = {editor: _leveled(sample, level) for editor, sample in samples.items()}
            any_sample = next(iter(leveled.values()))
            pairs[judge, level] = paired_comparisons(
                {editor: sample.values for editor, sample in leveled.items()},
                any_sample.groups,
                any_sample.clusters,
                scale,
                controls,
                with_intervals=not missing_is_lowest,
            )
    return pairs


def _misses_any(numbers: Numbers, judge: str) -> bool:
    return any(
        np.isnan(category.of(judge, editor, SCORE)).any()
        for editor in numbers.editors
        for category in numbers.present_categories(judge, editor, SCORE)
    )


def _metric_rows(
    numbers: Numbers, judge: str, metric: str, scale: tuple[float, float] | None
) -> Iterator[LeaderboardRow]:
    samples = {editor: numbers.sample(judge, editor, metric) for editor in numbers.editors}
    ranks = {level: _ranks_of([_leveled(s, level) for s in samples.values()]) for level in TOTALS}
    for place, editor in enumerate(numbers.editors):
        categories = numbers.present_categories(judge, editor, metric)
        parts = [category.sample(judge, editor, metric) for category in categories]
        means = [summaries.summarise(part.values) for part in parts]
        bounds = [[summaries.if_missing(mean, end) for mean in means] for end in scale or ()]
        for number, category in enumerate(categories):
            row = LeaderboardRow(judge, editor, "category", category.name, metric, means[number])
            yield _completed(row, parts[number], scale, [bound[number] for bound in bounds])
        for level, total in (("macro", summaries.macro), ("micro", summaries.micro)):
            row = LeaderboardRow(judge, editor, level, "", metric, total(means), ranks[level][place])
            yield _completed(row, _leveled(samples[editor], level), scale, [total(b) for b in bounds])


def _leveled(sample: ScoreSample, level: str) -> ScoreSample:
    return sample if level == "macro" else sample.together()


def _ranks_of(samples: Sequence[ScoreSample]) -> Sequence[Rank | None]:
    return rank_intervals(samples) if samples and samples[0].values.size else [None] * len(samples)


def _completed(
    row: LeaderboardRow, sample: ScoreSample, scale: tuple[float, float] | None, bounds: Sequence[Summary]
) -> LeaderboardRow:
    """The row with its mean's interval and the bounds from missing scores."""
    low, high = interval(sample, scale) or (None, None)
    if_lowest, if_highest = (bound.mean for bound in bounds) if bounds else (None, None)
    summary = replace(row.summary, ci_low=low, ci_high=high)
    return replace(row, summary=summary, if_lowest=if_lowest, if_highest=if_highest)
