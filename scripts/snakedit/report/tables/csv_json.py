"""The report's tables as files. Column names are part of the interface: config/README.md documents them."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from snakedit.core.atomic import write_whole
from snakedit.core.spreadsheet import cell
from snakedit.report.data.failures import Failure
from snakedit.report.data.leaderboard import TOTALS, Row, Standing, standings
from snakedit.report.data.numbers import SCORE, Numbers
from snakedit.stats.paired import Comparison

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
    "rank",
    "rank_low",
    "rank_high",
    "mean_if_missing_lowest",
    "mean_if_missing_highest",
)
COMPARISON_COLUMNS = (
    "benchmark",
    "judge",
    "metric",
    "level",
    "editor",
    "against",
    "n",
    "wins",
    "ties",
    "losses",
    "difference",
    "ci_low",
    "ci_high",
    "p",
    "p_holm",
)
FAILURE_COLUMNS = ("benchmark", "editor", "judge", "category", "item", "stage", "status", "error")


def write_leaderboard(path: Path, benchmark: str, rows: Sequence[Row]) -> None:
    """Write leaderboard.csv whole. A number that does not exist is an empty field."""
    frame = pd.DataFrame(
        [tuple(_record(benchmark, row).values()) for row in rows], columns=list(LEADERBOARD_COLUMNS)
    )
    frame["category"] = frame["category"].map(cell)
    whole = {name: "Int64" for name in ("rank", "rank_low", "rank_high")}
    write_whole(path, [frame.astype(whole).to_csv(index=False)])


def write_leaderboard_json(
    path: Path, numbers: Numbers, rows: Sequence[Row], headline: Mapping[str, str], notices: Sequence[str]
) -> None:
    """Write leaderboard.json whole: by judge the editors, best first, each with its totals and categories."""
    judges = [
        {
            "judge": judge,
            "headline": headline[judge],
            "metric": SCORE,
            "editors": [_nested(s) for s in standings(rows, judge, SCORE, headline[judge])],
        }
        for judge in numbers.judges
    ]
    content = {"benchmark": numbers.benchmark, "notices": list(notices), "judges": judges}
    write_whole(path, [json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"])


def write_comparisons(
    path: Path, benchmark: str, found: Mapping[tuple[str, str], Sequence[Comparison]]
) -> None:
    """Write comparisons.csv whole: a line for every judge, total and pair of editors."""
    frame = pd.DataFrame(
        [
            (benchmark, judge, SCORE, level, *vars(comparison).values())
            for (judge, level), comparisons in found.items()
            for comparison in comparisons
        ],
        columns=list(COMPARISON_COLUMNS),
    )
    write_whole(path, [frame.to_csv(index=False)])


def failures_header() -> str:
    """Return the first line of failures.csv."""
    return _csv_line(FAILURE_COLUMNS)


def failure_line(benchmark: str, f: Failure) -> str:
    """Return one failure as a line of failures.csv."""
    category, item, error = cell(f.category), cell(f.item), cell(f.error)
    return _csv_line((benchmark, f.editor, f.judge, category, item, f.stage, f.status, error))


def _csv_line(values: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


def _record(benchmark: str, row: Row) -> dict[str, Any]:
    return {
        "benchmark": benchmark,
        "judge": row.judge,
        "editor": row.editor,
        "level": row.level,
        "category": row.category,
        "metric": row.metric,
        **_numbers(row),
    }


def _numbers(row: Row) -> dict[str, Any]:
    rank, rank_low, rank_high = row.rank or (None, None, None)
    return {
        "n": row.summary.n,
        "scored": row.summary.scored,
        "coverage": row.summary.coverage,
        "mean": row.summary.mean,
        "ci_low": row.summary.ci_low,
        "ci_high": row.summary.ci_high,
        "rank": rank,
        "rank_low": rank_low,
        "rank_high": rank_high,
        "mean_if_missing_lowest": row.if_lowest,
        "mean_if_missing_highest": row.if_highest,
    }


def _nested(standing: Standing) -> dict[str, Any]:
    without_rank = {"rank", "rank_low", "rank_high"}
    return {
        "editor": standing.editor,
        **{total: _numbers(standing.totals[total]) for total in TOTALS},
        "categories": {
            name: {key: value for key, value in _numbers(row).items() if key not in without_rank}
            for name, row in standing.categories.items()
        },
    }
