"""leaderboard.tex: the leaderboard as a LaTeX table for a paper; it needs the package booktabs."""

from collections.abc import Mapping, Sequence

from snakedit.report.data.leaderboard import LeaderboardRow, MetricTable, metric_table
from snakedit.report.data.numbers import SCORE
from snakedit.report.tables.markdown import UNPRINTABLE
from snakedit.stats.ranks import Rank
from snakedit.stats.summaries import Summary

# pandas' own escape="latex" leaves < and >, which the default font encoding prints as ¡ and ¿.
_SPECIAL = str.maketrans(
    {
        **{character: f"\\{character}" for character in "{}$&#%_"},
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)


def leaderboard_latex(
    benchmark: str,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    notices: Sequence[str],
    parts: Mapping[str, Sequence[str]],
) -> str:
    """Return one table a judge: editors, best first, with totals, intervals, coverage and ranks.

    Args:
        headline: judge → ``macro`` or ``micro``; that total comes first and orders the editors.
        parts: judge → metrics whose headline totals stand beside the score's.
        notices: sentences for the top of the file, as comments, and for every caption.
    """
    head = [
        "% Needs \\usepackage{booktabs}. Names in other scripts need XeLaTeX and a font that has them.",
        *(f"% {UNPRINTABLE.sub(' ', notice)}" for notice in notices),
    ]
    bold = "".join(f" \\textbf{{{escape_latex(notice)}}}" for notice in notices)
    tables = []
    for judge, total in headline.items():
        caption = (
            rf"{escape_latex(benchmark)}, scores by {escape_latex(judge)}: means with 95\,\% intervals, "
            rf"items with a score of all items, and ranks by the {total} total.{bold}"
        )
        tables.append(_latex_table(metric_table(rows, judge, SCORE, total, parts[judge]), caption))
    return "\n".join(head) + "\n" + "".join(tables)


def escape_latex(text: str) -> str:
    """Return LaTeX that prints any text, on one line and without running any of it.

    >>> escape_latex("50% of $x_1$")
    '50\\\\% of \\\\$x\\\\_1\\\\$'
    """
    return UNPRINTABLE.sub(" ", text).translate(_SPECIAL)


def _latex_table(table: MetricTable, caption: str) -> str:
    headline = table.totals[0]
    lines = [
        [
            escape_latex(standing.editor),
            *(_mean_text(standing.totals[total].summary) for total in table.totals),
            *(_mean_text(standing.parts[part].summary, with_interval=False) for part in table.parts),
            "{0.scored}/{0.n}".format(standing.totals[headline].summary),
            _rank_text(standing.totals[headline].rank),
        ]
        for standing in table.standings
    ]
    # Imported where it is used: it takes a while.
    import pandas as pd

    frame = pd.DataFrame(lines, columns=["Editor", *table.totals, *table.parts, "coverage", "rank"])
    return frame.style.hide(axis="index").to_latex(
        hrules=True,
        position_float="centering",
        column_format=f"l{'r' * (frame.shape[1] - 1)}",
        caption=caption,
    )


def _mean_text(summary: Summary, with_interval: bool = True) -> str:
    if summary.mean is None:
        return "--"
    ends = (
        ""
        if summary.ci_low is None or not with_interval
        else f" [{summary.ci_low:.2f}, {summary.ci_high:.2f}]"
    )
    return f"{summary.mean:.2f}{ends}"


def _rank_text(rank: Rank | None) -> str:
    if rank is None:
        return "--"
    return f"{rank.rank}" if rank.low == rank.high else f"{rank.rank} [{rank.low}, {rank.high}]"
