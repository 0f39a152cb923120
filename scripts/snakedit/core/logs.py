"""Where the entry points say what happens: one line each to stderr, and to the rule's log file.

What every job says, however it goes, is logged as DEBUG: it stands in the log file only.
"""

import logging
import sys
from pathlib import Path

LOGGER = logging.getLogger("snakedit")


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing of a full disk: the line is on stderr, and what the job itself cannot write is told."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def log_to(path: str | Path | None) -> None:
    """Send the messages of this process to stderr and, if a path is given, to a log file made anew."""
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.propagate = False
    LOGGER.handlers.clear()
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.INFO)
    terminal.setFormatter(logging.Formatter("snakedit: %(message)s"))
    LOGGER.addHandler(terminal)
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = _LogFile(path, mode="w", encoding="utf-8")
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOGGER.addHandler(file)
