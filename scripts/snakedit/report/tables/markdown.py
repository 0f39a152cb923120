"""leaderboard.md: the leaderboard as Markdown that is also aligned as plain text, on a page or a terminal."""

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence

from snakedit.report.data.leaderboard import LeaderboardRow, MetricTable, metric_table
from snakedit.report.data.numbers import SCORE
from snakedit.stats.summaries import Summary

# An underscore within a word is no markup.
_SPECIAL_CHARACTERS = re.compile(r"([\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_]))")
# Overrides of the writing direction would reorder the whole line they stand in.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]+")


def leaderboard_markdown(
    benchmark: str,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    notices: Sequence[str],
    parts: Mapping[str, Sequence[str]],
) -> str:
    """Return one table a judge: editors, best first, by totals and categories of the item's score.

    Args:
        headline: judge → ``macro`` or ``micro``; that total comes first and orders the editors.
        parts: judge → metrics whose headline totals stand beside the score's.
        notices: sentences to show above the tables.
    """
    sections = [f"# {escape_markdown(benchmark)}", *(f"> {escape_markdown(notice)}" for notice in notices)]
    for judge, total in headline.items():
        table = metric_table(rows, judge, SCORE, total, parts[judge])
        sections += [f"## Scores by {escape_markdown(judge)}", _markdown_table(table)]
    sections.append(
        "Each cell: mean score [95 % interval, clustered by source image] (items with a score / "
        "items). An item without a score is in no mean. macro: mean of the categories' means; micro: mean of "
        "all items."
    )
    return "\n\n".join(sections) + "\n"


def escape_markdown(text: str) -> str:
    """Return Markdown that shows any text literally, on one line and without control characters."""
    text = UNPRINTABLE.sub(" ", text)
    return _SPECIAL_CHARACTERS.sub(r"\\\1", html.escape(text, quote=False))


def _markdown_table(table: MetricTable) -> str:
    lines = [["editor", *table.totals, *table.parts, *map(escape_markdown, table.categories)]]
    for standing in table.standings:
        cells = [_summary_text(standing.totals[total].summary) for total in table.totals]
        beside = [standing.parts[name] for name in table.parts]
        # A control that cannot be made in a category is not there.
        rows = [*beside, *(standing.categories.get(name) for name in table.categories)]
        cells += [_summary_text(row.summary, with_interval=False) if row else "" for row in rows]
        lines.append([escape_markdown(standing.editor), *cells])
    return aligned(lines)


def _summary_text(summary: Summary, with_interval: bool = True) -> str:
    """A summary as ``7.31 [7.02, 7.58] (49/50)``; without a mean, ``– (0/50)``."""
    mean = "–" if summary.mean is None else f"{summary.mean:.2f}"
    ends = (
        f" [{summary.ci_low:.2f}, {summary.ci_high:.2f}]"
        if with_interval and summary.ci_low is not None
        else ""
    )
    return f"{mean}{ends} ({summary.scored}/{summary.n})"


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, aligned in a font of fixed width; the first of ``lines`` is its head."""
    widths = [max(3, *(_width(text) for text in column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join(_padded(text, widths[i], left=i == 0) for i, text in enumerate(line)) + " |"
        for line in [lines[0], rule, *lines[1:]]
    )


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text


def _width(text: str) -> int:
    """The columns a text takes on a terminal: two for East Asian wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
