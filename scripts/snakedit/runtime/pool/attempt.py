"""One attempt at a task by a loaded model: its result or its error, as the fields of an outcome."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from snakedit.core.hashing import canonical

# Messages of CUDA, cuBLAS, cuDNN and of torch on the CPU, which raise plain runtime errors.
NO_MEMORY = ("CUDA error: out of memory", "STATUS_ALLOC_FAILED", "can't allocate memory")


@dataclass(frozen=True)
class TimedResult:
    """A result and the activities that led to it.

    Attributes:
        spans: the fields of a `snakedit.telemetry.trace.Span` but those of its device.
        fault: an error that cost a part of the result, in one line. The task is tried on another device too.
    """

    result: dict[str, Any]
    spans: list[dict[str, Any]] = field(default_factory=list)
    fault: str | None = None


class Handler(Protocol):
    """A loaded editor or judge in a worker."""

    def handle(self, payload: dict[str, Any]) -> dict[str, Any] | TimedResult:
        """Do one task. Payload and result can be written as JSON."""

    def release_memory(self) -> str | None:
        """Free memory after an out-of-memory error, before the task is tried once more.

        Return how that try differs, for the log, or None.
        """


Loader = Callable[[dict[str, Any], str], Handler]


def attempt(handler: Handler, payload: dict[str, Any]) -> dict[str, Any]:
    """Handle one payload; return the fields of its `Outcome`.

    After an out-of-memory error it releases memory and tries once more. Any other exception is the outcome.
    """
    started, begin = now(), time.monotonic()
    result, spans, error, trace, fault, attempts = None, [], None, None, None, 0
    retried = None
    while result is None and attempts < 2:
        attempts += 1
        out_of_memory = False
        try:
            handled = handler.handle(payload)
            timed = handled if isinstance(handled, TimedResult) else TimedResult(handled)
            # A result that is not JSON would otherwise fail on its way out.
            canonical(timed.result)
            result, spans, fault, error, trace = timed.result, timed.spans, timed.fault, None, None
        except Exception as exception:  # noqa: BLE001 - any exception of an editor fails its item only
            error = f"{type(exception).__name__}: {exception}".splitlines()[0]
            trace = traceback.format_exc()
            out_of_memory = is_out_of_memory(exception)
        if not out_of_memory:
            break
        # Outside the except block, whose traceback still holds the tensors of the failed call.
        released = handler.release_memory()
        retried = retried or released
    seconds = time.monotonic() - begin
    return {
        **{"result": result, "error": error, "trace": trace},
        **{"seconds": seconds, "started": started, "attempts": attempts, "spans": spans, "fault": fault},
        "retried": retried,
    }


def is_out_of_memory(exception: Exception) -> bool:
    """Whether an exception means that memory ran out: torch's own type, or a message of CUDA's libraries."""
    if isinstance(exception, MemoryError) or type(exception).__name__ == "OutOfMemoryError":
        return True
    return isinstance(exception, RuntimeError) and any(text in str(exception) for text in NO_MEMORY)


def now() -> str:
    """Return the time in UTC, ISO 8601, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
