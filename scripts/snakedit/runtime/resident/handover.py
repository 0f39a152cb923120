"""Handing devices over between the pools of a run, and stopping its pools."""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snakedit.runtime.devices.leases import Held, waiting_line
from snakedit.runtime.host import clock
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.resident.wire import connect

ASK_SECONDS = 0.5


class Waiting:
    """The callback of a wait for devices: it reports their holders, and asks this run's pools to leave.

    `snakedit.runtime.devices.leases.acquire` calls it repeatedly.
    """

    def __init__(
        self,
        label: str,
        owner: str,
        say: Callable[[str], object],
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self._label, self._owner, self._say, self._check = label, owner, say, check
        self._last_line = ""
        self._asked_at = -ASK_SECONDS

    def __call__(self, held: Held) -> None:
        """Report the holders if they have changed; ask pools of the same run to leave.

        An exception from `check` ends the wait.
        """
        self._check()
        line = waiting_line(self._label, held)
        if held and line != self._last_line:
            self._last_line = line
            self._say(line)
        if clock.monotonic() - self._asked_at < ASK_SECONDS:
            return
        self._asked_at = clock.monotonic()
        # Pools of other runs are not asked to leave.
        sockets = {h.socket for h in held.values() if h and h.socket and h.owner == self._owner}
        for path in map(Path, sockets):
            # Other users can write a holder's socket, but cannot make one here.
            if path.parent == private_folder():
                _send(path, {"leave": True})


def stop_pools(owner: str) -> int:
    """End the pools of a run at once; return how many there were."""
    return sum(_send(path, {"stop": True}) for path in private_folder().glob(f"{run_digest(owner)}-*.sock"))


def run_digest(owner: str) -> str:
    """Return the beginning of the socket names of a run's pools."""
    return hashlib.sha256(owner.encode()).hexdigest()[:8]


def _send(path: Path, message: dict[str, Any]) -> bool:
    """Send one message to the pool that listens there; return whether there is one."""
    line = connect(path)
    if line is None:
        return False
    # A pool that ends at this moment does as it is asked.
    with contextlib.suppress(ConnectionError):
        line.send(message)
    line.close()
    return True
