"""Predicted and measured times of a run, as `snakedit.speed.forecast.announce` writes them."""

import json
from pathlib import Path

PREDICTIONS = Path("speed", "prediction.json")


def read_predictions(results: Path) -> list[tuple[str, float, float]]:
    """Return the name, the predicted and the measured seconds of each part; nothing without a prediction.

    Args:
        results: the benchmark's folder.
    """
    try:
        rows = json.loads((results / PREDICTIONS).read_text(encoding="utf-8"))["rows"]
        return [(str(row["what"]), float(row["predicted"]), float(row["measured"])) for row in rows]
    except (OSError, ValueError, LookupError, TypeError):
        return []
