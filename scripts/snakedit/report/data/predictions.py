"""What a run was expected to take and took, as `snakedit.speed.forecast.announce` has left it behind."""

import json
from pathlib import Path

FILE = Path("speed", "prediction.json")


def read_predictions(results: Path) -> list[tuple[str, float, float]]:
    """Return what, predicted and measured seconds; nothing where no run was predicted.

    Args:
        results: the benchmark's folder.
    """
    try:
        rows = json.loads((results / FILE).read_text(encoding="utf-8"))["rows"]
        return [(str(row["what"]), float(row["predicted"]), float(row["measured"])) for row in rows]
    except (OSError, ValueError, LookupError, TypeError):
        return []
