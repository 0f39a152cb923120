"""leaderboard.json: by judge the editors, best first, each with its totals and categories."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from snakedit.report.data.leaderboard import LeaderboardRow, Standing, metric_table
from snakedit.report.data.numbers import SCORE
from snakedit.report.tables.columns import LEADERBOARD

# Keys of the levels above a row.
OUTER = {"judge", "editor", "level", "category", "metric"}
RANKS = {"rank", "rank_low", "rank_high"}


def leaderboard_json(
    benchmark: str,
    rows: Sequence[LeaderboardRow],
    headline: Mapping[str, str],
    notices: Sequence[str],
    parts: Mapping[str, Sequence[str]],
) -> str:
    """Return the file's content.

    Args:
        headline: judge → ``macro`` or ``micro``; that total orders the editors.
        parts: judge → metrics whose headline totals stand beside the score's.
    """
    judges = [
        {
            "judge": judge,
            "headline": total,
            "metric": SCORE,
            "editors": [_nested(s) for s in metric_table(rows, judge, SCORE, total, parts[judge]).standings],
        }
        for judge, total in headline.items()
    ]
    content = {"benchmark": benchmark, "notices": list(notices), "judges": judges}
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _nested(standing: Standing) -> dict[str, Any]:
    return {
        "editor": standing.editor,
        **{total: _numbers(standing.totals[total], OUTER) for total in standing.totals},
        **(
            {"parts": {name: _numbers(row, OUTER) for name, row in standing.parts.items()}}
            if standing.parts
            else {}
        ),
        "categories": {name: _numbers(row, OUTER | RANKS) for name, row in standing.categories.items()},
    }


def _numbers(row: LeaderboardRow, without: set[str]) -> dict[str, Any]:
    return {name: value for name, value in LEADERBOARD.values(row).items() if name not in without}
