"""The state of a report's folder: a script that its pages load, since a page on disk can fetch nothing.

A report is built with the script beside it. Jobs that change results rewrite it, and the pages then say that
the report is out of date. A preview's script holds when it was built, so that an open page can tell.
"""

from pathlib import Path

from snakedit.core.atomic import write_whole

REPORT = "report"
STATE = "state.js"
_STALE = "// Written by a job: the pages show that results have changed since.\n"
_STALE += 'document.documentElement.dataset.stale = "";\n'


def state_of(preview: str) -> str:
    """Return the script of a report that was just built.

    Args:
        preview: when, if it is a preview of unfinished results; else empty.
    """
    return f'document.documentElement.dataset.newest = "{preview}";\n'


def mark_stale(results: Path) -> None:
    """Let the pages of a benchmark's report, if there is one, say that its results have changed.

    Args:
        results: the benchmark's folder.
    """
    state = results / REPORT / STATE
    if state.exists() and state.read_text(encoding="utf-8") != _STALE:
        write_whole(state, [_STALE])
