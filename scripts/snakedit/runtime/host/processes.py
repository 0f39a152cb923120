"""When a process of this host began."""

from pathlib import Path


def start_time(pid: int) -> str:
    """Return when a process started, in the kernel's clock ticks; a pid alone may be used again.

    Raises:
        ProcessLookupError: if there is no such process.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    # The command's name stands in parentheses and may hold spaces.
    state, *others = fields.rpartition(")")[2].split()
    if state in "ZX":
        # It has ended, and its parent has not looked yet.
        raise ProcessLookupError(pid)
    return others[18]
