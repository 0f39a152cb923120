"""Asks a server from a job's own process, where no client is shared, as on a cluster."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from multiprocessing.connection import wait
from typing import Any

from snakedit.core.errors import StageError
from snakedit.runtime.host.signals import Stop
from snakedit.runtime.pool.attempt import Loader
from snakedit.runtime.pool.tasks import Event, Task
from snakedit.runtime.resident.owner import over, watched
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.server_threads import POLL_SECONDS, ServerThreads


def run_on_server(
    server: Server,
    loader: Loader,
    settings: dict[str, Any],
    tasks: Iterator[Task | None],
    item_timeout: float,
) -> Generator[Event]:
    """Yield one outcome per task, as they finish, and None every `POLL_SECONDS` without one.

    The threads end with the process, so that a job that has to stop waits for no server.

    Args:
        tasks: None stands for one that is not there yet.
        item_timeout: seconds after which a task fails, and its connection is closed.

    Raises:
        StageError: if this job's run is over, or every other request would fail too.
        KeyboardInterrupt, SystemExit: after SIGINT and SIGTERM.
    """
    more = True

    def take() -> tuple[None, Task] | None:
        nonlocal more
        try:
            task = next(tasks)
        except StopIteration:
            more = False
            return None
        return (None, task) if task is not None else None

    with ExitStack() as stack:
        stop = stack.enter_context(Stop())
        run_is_over = stack.enter_context(watched())
        threads = ServerThreads(server, loader, settings, item_timeout)
        stack.callback(threads.close)
        while more or not threads.is_idle:
            outcomes = threads.step((), take)
            yield from threads.take_spans()
            for _, outcome in outcomes:
                yield outcome
            yield None
            if not threads.is_alive and (not threads.is_idle or take() is not None or more):
                raise StageError(threads.fault)
            if run_is_over in wait([*threads.connections, run_is_over], timeout=POLL_SECONDS):
                raise over()
            stop.check()
