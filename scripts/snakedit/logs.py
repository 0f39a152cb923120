"""Where the entry points say what happens: one line each to stderr, and to the rule's log file."""

import logging
import sys
from pathlib import Path

LOGGER = logging.getLogger("snakedit")


def log_to(path: str | Path | None) -> None:
    """Send the messages of this process to stderr and, if a path is given, to a log file made anew."""
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    LOGGER.handlers.clear()
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setFormatter(logging.Formatter("snakedit: %(message)s"))
    LOGGER.addHandler(terminal)
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = logging.FileHandler(path, mode="w", encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOGGER.addHandler(file)
