"""Pictures of another node, which a shared filesystem may show later than the records that name them."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from snakedit.core.logs import LOGGER
from snakedit.runtime.host import clock

# Seconds that Snakemake waits for its own files (--latency-wait); the rules set it.
LATENCY_VARIABLE = "SNAKEDIT_LATENCY_WAIT"
POLL_SECONDS = 0.2


def wait_for_pictures(paths: Iterable[Path], where: str) -> None:
    """Wait for all pictures, together as long as Snakemake waits for a job's files.

    Pictures that are still missing then are left to whoever opens them.

    Args:
        paths: of pictures that records name.
        where: names the job in the log.
    """
    missing = [path for path in paths if not path.exists()]
    seconds = float(os.environ.get(LATENCY_VARIABLE, "0"))
    if not missing or seconds <= 0:
        return
    LOGGER.info("%s: waits up to %g s for %d pictures, as %s", where, seconds, len(missing), missing[0])
    end = clock.monotonic() + seconds
    while missing and clock.monotonic() < end:
        time.sleep(POLL_SECONDS)
        # A network filesystem looks again at a folder that is listed.
        for folder in {path.parent for path in missing if path.parent.is_dir()}:
            with os.scandir(folder) as entries:
                next(entries, None)
        missing = [path for path in missing if not path.exists()]
