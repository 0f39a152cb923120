"""A process with a memory limit that decodes strangers' pictures and writes them as PNGs.

A picture of a few bytes may declare sixty million pixels, and decoders hold several copies of them. The size
is bounded by `snakedit.core.images`, and what a decoder takes beside the pixels is bounded here.
"""

import atexit
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.core.images import WrittenPng, decode_image, open_image, write_png

# Pillow keeps four bytes a pixel: 256 MB of the largest image, and some room for its decoder.
MEMORY_BYTES = 340 << 20
_TOO_MUCH = "an image that takes too much memory to decode"
_HINT = "save it with fewer pixels, or as a PNG or JPEG"


class PictureProcess:
    """The process, started when it is first needed. Several threads may use it; they take turns."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._turn = threading.Lock()

    def __enter__(self) -> "PictureProcess":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; the next picture starts another."""
        with self._turn:
            self._end()

    def write(self, data: bytes, where: str, path: Path) -> WrittenPng:
        """Decode a picture and write it as an RGB PNG under a temporary name, as `write_png`.

        Args:
            data: a file of one of `snakedit.core.images.FORMATS`.
            where: what messages call it.

        Raises:
            ImageError: as `decode_image`, or if it takes over `MEMORY_BYTES` of memory beside its file's.
            OSError: if the PNG cannot be written.
        """
        with self._turn:
            try:
                answer = self._ask(data, where, path)
            except (EOFError, ConnectionError):
                self._end()
                # Somebody may have ended the process, which is not the picture's fault.
                try:
                    answer = self._ask(data, where, path)
                except (EOFError, ConnectionError):
                    code = self._end()
                    raise ImageError(
                        f"an image that ends its decoder (exit code {code})", where=where, hint=_HINT
                    ) from None
            except BaseException:
                # An answer that comes later must not be taken for that of another picture.
                self._end()
                raise
        if "image_error" in answer:
            raise ImageError(**answer["image_error"])
        if "os_error" in answer:
            raise OSError(*answer["os_error"])
        return WrittenPng(path, Path(answer["temporary"]), answer["sha256"])

    def read(self, data: bytes, where: str) -> Image.Image:
        """Return a picture as RGB; else as `write`."""
        with tempfile.TemporaryDirectory(prefix="snakedit-picture-") as folder:
            return open_image(self.write(data, where, Path(folder, "picture.png")).temporary)

    def _ask(self, data: bytes, where: str, path: Path) -> dict[str, Any]:
        connection = self._connection or self._start()
        connection.send_bytes(json.dumps({"where": where, "path": str(path)}).encode())
        connection.send_bytes(data)
        answer: dict[str, Any] = json.loads(connection.recv_bytes())
        return answer

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    # Each thread of numpy's would count with its stack.
                    "OPENBLAS_NUM_THREADS": "1",
                },
            )
        self._connection = Connection(ours.detach())
        return self._connection

    def _end(self) -> int | None:
        """Close the connection, which ends the process; return its exit code."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is None:
            return None
        process, self._process = self._process, None
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


@cache
def _of_this_process() -> PictureProcess:
    process = PictureProcess()
    atexit.register(process.close)
    return process


def read_apart(data: bytes, where: str) -> Image.Image:
    """Return a stranger's picture as RGB, decoded in another process; see `PictureProcess.read`."""
    return _of_this_process().read(data, where)


def _serve(connection: Connection) -> None:
    """Answer requests until the connection is closed."""
    # Ctrl-C reaches every process of the terminal, but the other end decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.init()
    base = _data_bytes()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            request = json.loads(connection.recv_bytes())
            data = connection.recv_bytes()
            if base is not None:
                # Beside the file itself, which Pillow may copy once.
                limit = base + 2 * len(data) + MEMORY_BYTES
                resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
            answer = _answer(data, request["where"], Path(request["path"]))
            del data
            if base is not None:
                resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2)
            connection.send_bytes(json.dumps(answer).encode())


def _answer(data: bytes, where: str, path: Path) -> dict[str, Any]:
    try:
        written = write_png(decode_image(data, where), path)
    except ImageError as error:
        fields = {name: getattr(error, name) for name in ("what", "where", "allowed", "hint")}
        return {"image_error": fields}
    except MemoryError:
        return {"image_error": {"what": _TOO_MUCH, "where": where, "hint": _HINT}}
    except OSError as error:
        return {"os_error": [error.errno, error.strerror, str(error.filename or path)]}
    return {"temporary": str(written.temporary), "sha256": written.sha256}


def _data_bytes() -> int | None:
    """Return how much private memory this process has, as RLIMIT_DATA counts it, or None if unknown."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return None


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
