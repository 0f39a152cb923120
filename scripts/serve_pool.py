"""Keep one model loaded for the jobs of one run. Started by the first job that needs it, never by hand."""

import sys

from snakedit.core.errors import exit_in_one_line
from snakedit.core.logs import log_to
from snakedit.runtime.resident.client import PoolRequest
from snakedit.runtime.resident.server import serve
from snakedit.stages.edit_category import load_edit_worker
from snakedit.stages.judging import load_score_worker

LOADERS = {"edit": load_edit_worker, "score": load_score_worker}


def main() -> None:
    """Read the request from standard input and serve it."""
    log_to(None)
    serve(PoolRequest.from_json(sys.stdin.buffer.read()), LOADERS)


if __name__ == "__main__":
    exit_in_one_line(main)
