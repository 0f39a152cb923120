"""A unit of work for a pool, and its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snakedit.telemetry.trace import Member, Span


@dataclass(frozen=True)
class Task:
    """A unit of work for a pool.

    Attributes:
        payload: the handler's argument; JSON only.
        weight: how many items it covers.
        writes: the file that it writes, or None. A pool never has two tasks at work that write the same file.
    """

    key: str
    payload: dict[str, Any]
    weight: int = 1
    writes: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task: a result, or an error in one line.

    Attributes:
        device: the worker's device.
        seconds: how long the worker took.
        started: UTC, ISO 8601.
        attempts: how often it was tried.
        trace: the traceback of the error, for the log.
        idle: seconds that the worker had waited for the task.
        parts: the names of the worker's leased devices.
        spans: the activities within the task, if it has several; see `TimedResult`.
        fault: an error that cost a part of the result; see `TimedResult`.
        retried: how it was tried again after the memory ran out, such as ``in tiles``.
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
    fault: str | None = None
    retried: str | None = None


# What a job's workers report: an outcome, a span, the current worker processes, or None for nothing yet.
Event = Outcome | Span | tuple[Member, ...] | None
