"""The connection of a job and a resident pool: JSON messages over a Unix socket, within one user.

JSON and not pickle, so that no message can run code.
"""

import contextlib
import json
import os
import socket
import struct
from pathlib import Path
from typing import Any

from snakedit.core.errors import DeviceError
from snakedit.core.hashing import canonical

MAX_PATH_BYTES = 107


class Line:
    """One end of a connection: JSON objects, one per line, without blocking."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self._incoming, self._outgoing = b"", b""
        self._unread: list[dict[str, Any]] = []

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self.connection.fileno()

    @property
    def has_unsent(self) -> bool:
        """Whether bytes wait until the other end reads."""
        return bool(self._outgoing)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; `flush` sends what the socket does not take at once."""
        self._outgoing += canonical(message).encode("utf-8", "surrogatepass") + b"\n"
        self.flush()

    def offer(self, message: dict[str, Any] | None = None) -> None:
        """Send a message, if given, and kept bytes; ignore that the other end is gone.

        Its last messages can still be read, after which `receive` raises.
        """
        with contextlib.suppress(ConnectionError):
            if message is None:
                self.flush()
            else:
                self.send(message)

    def flush(self) -> None:
        """Send kept bytes."""
        with contextlib.suppress(BlockingIOError):
            while self._outgoing:
                sent = self.connection.send(self._outgoing)
                self._outgoing = self._outgoing[sent:]

    def receive(self) -> list[dict[str, Any]]:
        """Return the complete messages that have arrived.

        Raises:
            ConnectionError: if the other end is gone.
        """
        ended = False
        if self._unread:
            messages, self._unread = self._unread, []
            return messages
        with contextlib.suppress(BlockingIOError):
            while not ended:
                try:
                    data = self.connection.recv(1 << 16)
                except ConnectionError:
                    data = b""
                ended = not data
                self._incoming += data
        *lines, self._incoming = self._incoming.split(b"\n")
        if ended and not lines:
            raise ConnectionResetError("the other end has gone")
        return [json.loads(line.decode("utf-8", "surrogatepass")) for line in lines]

    def receive_one(self) -> dict[str, Any] | None:
        """Return the first message that has arrived, or None; the others wait for the next call.

        Raises:
            ConnectionError: if the other end is gone.
        """
        messages = self.receive()
        self._unread = messages[1:]
        return messages[0] if messages else None

    @property
    def has_unread(self) -> bool:
        """Whether messages wait in memory, which no selector reports."""
        return bool(self._unread)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def connect(path: Path) -> Line | None:
    """Return a connection to the pool that listens there, or None.

    Raises:
        DeviceError: if the path is too long for a socket, or another user's process listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise DeviceError(
            "is too long for a socket's path",
            where=str(path),
            allowed=f"{MAX_PATH_BYTES} bytes",
            hint="set TMPDIR to a short one",
        )
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    if peer_uid(connection) != os.getuid():
        raise DeviceError("belongs to another user", where=str(path))
    return Line(connection)


def peer_uid(connection: socket.socket) -> int:
    """Return the user id of the process at the other end of a Unix socket, as the kernel reports it."""
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", credentials)[1])
