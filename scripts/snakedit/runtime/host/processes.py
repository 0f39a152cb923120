"""The start time of a process, which tells it from a later one with the same pid."""

from pathlib import Path


def start_time(pid: int) -> str:
    """Return when a process started, in the kernel's clock ticks.

    Raises:
        ProcessLookupError: if there is no such process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    # The command's name is in parentheses and may contain spaces.
    state, *others = fields.rpartition(")")[2].split()
    if state in "ZX":
        # It has ended and waits for its parent to reap it.
        raise ProcessLookupError(pid)
    return others[18]
