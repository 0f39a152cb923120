"""leaderboard.tex: the leaderboard as a LaTeX table for a paper; it needs the package booktabs."""

import re
from collections.abc import Mapping, Sequence

from snakedit.report.data.leaderboard import TOTALS, Row, Standing, standings
from snakedit.report.data.numbers import SCORE
from snakedit.report.tables.markdown import UNPRINTABLE
from snakedit.stats.summaries import Summary

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_SPECIAL_PATTERN = re.compile("|".join(map(re.escape, _SPECIAL)))


def leaderboard_latex(
    benchmark: str, rows: Sequence[Row], headline: Mapping[str, str], notices: Sequence[str]
) -> str:
    """Return one table a judge: editors, best first, with totals, intervals, coverage and ranks.

    Args:
        headline: judge → ``macro`` or ``micro``; that total comes first and orders the editors.
        notices: lines that stand above the tables, as comments and in every caption.
    """
    parts = [
        "% Needs \\usepackage{booktabs}. Names in other scripts need XeLaTeX and a font that has them.",
        *(f"% {UNPRINTABLE.sub(' ', notice)}" for notice in notices),
    ]
    warning = "".join(f" \\textbf{{{escaped(notice)}}}" for notice in notices)
    parts += [
        _table(benchmark, judge, total, standings(rows, judge, SCORE, total), warning)
        for judge, total in headline.items()
    ]
    return "\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Return LaTeX that prints a stranger's text, on one line and without running any of it.

    >>> escaped("50% of $x_1$")
    '50\\\\% of \\\\$x\\\\_1\\\\$'
    """
    text = UNPRINTABLE.sub(" ", text)
    return _SPECIAL_PATTERN.sub(lambda match: _SPECIAL[match[0]], text)


def _table(benchmark: str, judge: str, headline: str, table: Sequence[Standing], warning: str) -> str:
    totals = sorted(TOTALS, key=lambda total: total != headline)
    lines = [
        " & ".join(
            [
                escaped(standing.editor),
                *(_mean(standing.totals[total].summary) for total in totals),
                _coverage(standing.totals[headline].summary),
                _rank(standing.totals[headline]),
            ]
        )
        + r" \\"
        for standing in table
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(benchmark)}, scores by {escaped(judge)}: means with 95\,\% intervals, "
            rf"items with a score of all items, and ranks by the {headline} total.{warning}}}",
            r"\begin{tabular}{lrrrr}",
            r"\toprule",
            " & ".join(["Editor", *totals, "coverage", "rank"]) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def _mean(summary: Summary) -> str:
    if summary.mean is None:
        return "--"
    ends = "" if summary.ci_low is None else f" [{summary.ci_low:.2f}, {summary.ci_high:.2f}]"
    return f"{summary.mean:.2f}{ends}"


def _coverage(summary: Summary) -> str:
    return f"{summary.scored}/{summary.n}"


def _rank(row: Row) -> str:
    if row.rank is None:
        return "--"
    rank, low, high = row.rank
    return f"{rank}" if low == high else f"{rank} [{low}, {high}]"
