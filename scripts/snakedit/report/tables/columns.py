"""Columns of the report's CSV files, each declared once: its name, its meaning, and the value's place.

A file's header, its rows and the guide on the report's page all follow from these declarations. The names are
part of the interface and do not change within a version.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from snakedit.core.spreadsheet import cell


@dataclass(frozen=True)
class Columns:
    """Columns that share a meaning.

    Attributes:
        names: names of the columns, separated by commas.
        meaning: for the guide on the page.
        places: attributes of a row that hold the values, such as ``summary.n``; empty if they have the
            columns' names.
    """

    names: str
    meaning: str
    places: str = ""

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield each column's name and the value's place."""
        return zip(self.names.split(", "), (self.places or self.names).split(", "), strict=True)


BENCHMARK = Columns("benchmark", "name in the configuration")


@dataclass(frozen=True)
class ReportFile:
    """A file of the report, and its columns beside `BENCHMARK` if it is a table."""

    name: str
    about: str
    columns: tuple[Columns, ...] = ()

    @property
    def guide(self) -> tuple[Columns, ...]:
        """All columns with their meanings."""
        return (BENCHMARK, *self.columns) if self.columns else ()

    @property
    def header(self) -> list[str]:
        """The names of all columns."""
        return [name for columns in self.guide for name, _ in columns.pairs()]

    def values(self, row: object) -> dict[str, Any]:
        """Return column → value of a row, without the benchmark; None for a value that does not exist."""
        return {
            name: reduce(_attribute_or_none, place.split("."), row)
            for columns in self.columns
            for name, place in columns.pairs()
        }

    def lines(self, benchmark: str, rows: Iterable[object]) -> Iterator[str]:
        """Yield a line of CSV for each row. A value that does not exist is an empty field."""
        return (_csv_line([benchmark, *self.values(row).values()]) for row in rows)

    def table(self, benchmark: str, rows: Iterable[object] = ()) -> Iterator[str]:
        """Yield the header's line, then `lines`."""
        yield _csv_line(self.header)
        yield from self.lines(benchmark, rows)


def _attribute_or_none(value: object, name: str) -> Any:
    return None if value is None else getattr(value, name)


def _csv_line(values: Iterable[Any]) -> str:
    buffer = io.StringIO()
    texts = [cell(value) if isinstance(value, str) else value for value in values]
    csv.writer(buffer, lineterminator="\n").writerow(texts)
    return buffer.getvalue()


LEADERBOARD = ReportFile(
    "leaderboard.csv",
    "Every mean. Also as .json (by judge and editor), .md, and .tex (needs booktabs).",
    (
        Columns("judge, editor", "names in the configuration"),
        Columns("level", "category, macro (mean of the categories' means) or micro (mean of all items)"),
        Columns("category", "empty in a total"),
        Columns(
            "metric",
            "a metric of the rubric, SC or PQ of viescore, or score for the item's own by the formula",
        ),
        Columns("n", "items, with and without a score", "summary.n"),
        Columns("scored", "items with a score", "summary.scored"),
        Columns("coverage", "scored / n", "summary.coverage"),
        Columns("mean", "of the scores there are; empty if there is none", "summary.mean"),
        Columns(
            "ci_low, ci_high",
            "95 % interval of the mean, clustered by source image: bootstrapped for up to 500 of them, else "
            "by Student's t, and for scores of one or two values Wilson's; empty for fewer than five, or "
            "fewer than two in a category of a macro mean",
            "summary.ci_low, summary.ci_high",
        ),
        Columns(
            "rank, rank_low, rank_high",
            "place among the editors by this total, each two on the items that both have, and its 95 % "
            "interval",
            "rank.rank, rank.low, rank.high",
        ),
        Columns(
            "mean_if_missing_lowest, mean_if_missing_highest",
            "the mean if every missing score were the lowest, the highest of its scale",
            "if_lowest, if_highest",
        ),
    ),
)
COMPARISONS = ReportFile(
    "comparisons.csv",
    "Every two editors by each judge and total, on the items that both have a score for.",
    (
        Columns("judge", "name in the configuration"),
        Columns("metric", "score"),
        Columns("level", "macro or micro"),
        Columns("editor, against", "names in the configuration"),
        Columns("n", "items that both have"),
        Columns("wins, ties, losses", "items on which editor has the higher, the same, the lower score"),
        Columns("difference", "total of editor less that of against, over these items"),
        Columns("ci_low, ci_high", "its 95 % interval, made as that of a mean"),
        Columns("p", "two-sided, by flipping the signs of the differences, one source image at a time"),
        Columns(
            "p_holm",
            "corrected for all pairs of this judge and level but those of two controls, which have none",
        ),
        Columns(
            "least_difference",
            "the least that would have been significant, after the correction, with a power of 80 %; empty "
            "where none could be or nothing is known of it",
        ),
        Columns("items_needed", "items like these that would show this difference with a power of 80 %"),
    ),
)
SCORES = ReportFile(
    "scores.csv",
    "Every value a judge gave, one a row. The same as scores.parquet, which has all texts unchanged.",
    (
        Columns("judge, editor, category, item", "what was judged, and by whom"),
        Columns(
            "source", "first 16 digits of the first source image's sha256; equal for items that share it"
        ),
        Columns("metric", "a metric of the rubric that is asked of the item, SC or PQ of viescore, or score"),
        Columns("value", "empty where missing"),
        Columns("spread", "standard deviation over samples; empty for a single one"),
        Columns("status", "of the judge's answer: ok, unparsed, refused, failed, no_edit, missing"),
    ),
)
JUDGES = ReportFile(
    "judges.csv",
    "Comparisons of each judge with controls, and with people's ratings where there are any. "
    "config/README.md explains them too.",
    (
        Columns("judge", "name in the configuration"),
        Columns("against", "a control's name, all controls, or human: people's ratings"),
        Columns(
            "right",
            "whose edits should score higher: the benchmark's right answer; where none has a score, the "
            "editor whose edits the control shows for other items",
        ),
        Columns(
            "level, category, editor",
            "category and all for controls; for ratings editor, all (edits together), mean (of the editors) "
            "and item (pairs of one item's edits)",
        ),
        Columns(
            "n, missing",
            "items with both scores, or edits with a rating and a score; those with both edits, or with a "
            "rating, that lack a score",
        ),
        Columns(
            "auc, ci_low, ci_high",
            "how often a right answer is above a control, over all pairs of items, a tie for half; its 95 % "
            "interval",
            "auc.value, auc.low, auc.high",
        ),
        Columns(
            "agree, disagree",
            "pairs that the judge orders as it should, and the other way round: the right answer and the "
            "control of one item; against people every two of the edits, at level item those of one item",
            "pairs.agree, pairs.disagree",
        ),
        Columns(
            "tied_judge, tied_human, tied_both",
            "pairs to which the judge, people, or both gave the same number",
            "pairs.tied_judge, pairs.tied_human, pairs.tied_both",
        ),
        Columns("accuracy", "(agree + tied_both) / all pairs", "pairs.accuracy"),
        Columns(
            "spearman, spearman_low, spearman_high, kendall_tau_b",
            "rank correlations with people over the n edits, and Spearman's 95 % interval by source image; "
            "at level mean the mean of the editors' Spearman correlations by Fisher's transform",
            "spearman.value, spearman.low, spearman.high, kendall",
        ),
    ),
)
FAILURES = ReportFile(
    "failures.csv",
    "Every item without an edit or a score, once, where the cause lies.",
    (
        Columns("editor, judge", "empty where the cause lies earlier"),
        Columns("category, item", "the item's id, or for a row that became no item the row's id or number"),
        Columns("stage", "prepare, edit or score"),
        Columns("status", "excluded, failed, unparsed, refused or missing"),
        Columns("error", "the error message"),
    ),
)
PROVENANCE = ReportFile(
    "provenance.json",
    "Versions, models with their revisions and weight hashes, rubric hashes, the configuration, the "
    "hardware, and the state of the checkout.",
)
REPORT_FILES = (LEADERBOARD, COMPARISONS, SCORES, JUDGES, FAILURES, PROVENANCE)
