"""One thing to do, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snakedit.telemetry.trace import Member, Span


@dataclass(frozen=True)
class Task:
    """One thing to do.

    Attributes:
        payload: what the handler is given; all JSON.
        weight: how many items it stands for.
        writes: the file that it writes, or None. A pool never has two tasks at work that write the same file.
    """

    key: str
    payload: dict[str, Any]
    weight: int = 1
    writes: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a result, or an error in one line.

    Attributes:
        device: which worker's; `seconds`: its time in the worker; `started`: UTC, ISO 8601.
        attempts: how often it was tried.
        trace: the whole error, for the log.
        idle: seconds that its worker had waited for it.
        parts: the names of the worker's leased devices.
        spans: the activities that the task consisted of, if it was several; see `TimedResult`.
    """

    key: str
    result: dict[str, Any] | None
    error: str | None
    device: str
    seconds: float
    started: str
    attempts: int = 1
    trace: str | None = None
    idle: float = 0.0
    parts: tuple[str, ...] = ()
    spans: Sequence[dict[str, Any]] = ()


# What a job hears of its workers: an outcome, a span, who they are now, or that nothing happened for a while.
Event = Outcome | Span | tuple[Member, ...] | None
