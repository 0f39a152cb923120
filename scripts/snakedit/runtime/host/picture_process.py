"""A process with a memory limit that decodes strangers' pictures, and hands them over or writes them as PNGs.

A picture of a few bytes may declare sixty million pixels, and decoders hold several copies of them. The size
is bounded by `snakedit.core.images`, and what a decoder takes beside the pixels is bounded here.
"""

import atexit
import base64
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.core.images import WrittenPng, decode_image, write_png

# Pillow keeps four bytes a pixel: 256 MB of the largest image, and some room for its decoder.
MEMORY_BYTES = 340 << 20
# Pixels cross in strips of about this many bytes, so that neither side holds a second copy.
_STRIP_BYTES = 4 << 20
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
        answer = self._ask(data, where, path)
        return WrittenPng(path, Path(answer["temporary"]), answer["sha256"])

    def read(self, data: bytes, where: str) -> Image.Image:
        """Return a picture as RGB; else as `write`."""
        image: Image.Image = self._ask(data, where, None)["image"]
        return image

    def _ask(self, data: bytes, where: str, path: Path | None) -> dict[str, Any]:
        """Return the answer without an error; with pixels as its image."""
        with self._turn:
            try:
                answer = self._exchange(data, where, path)
            except (EOFError, ConnectionError):
                self._end()
                # Somebody may have ended the process, which is not the picture's fault.
                try:
                    answer = self._exchange(data, where, path)
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
        return answer

    def _exchange(self, data: bytes, where: str, path: Path | None) -> dict[str, Any]:
        connection = self._connection or self._start()
        connection.send_bytes(json.dumps({"where": where, "path": path and str(path)}).encode())
        connection.send_bytes(data)
        answer: dict[str, Any] = json.loads(connection.recv_bytes())
        if "size" in answer:
            image = Image.new("RGB", tuple(answer["size"]), None)
            if answer["icc_profile"]:
                image.info["icc_profile"] = base64.b64decode(answer["icc_profile"])
            for box in _strips(image):
                strip = Image.frombytes("RGB", (box[2], box[3] - box[1]), connection.recv_bytes())
                image.paste(strip, box)
            answer["image"] = image
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
            answer, image = _answer(data, request["where"], request["path"])
            del data
            if base is not None:
                resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2)
            connection.send_bytes(json.dumps(answer).encode())
            if image is not None:
                for box in _strips(image):
                    connection.send_bytes(image.crop(box).tobytes())
            del image


def _answer(data: bytes, where: str, path: str | None) -> tuple[dict[str, Any], Image.Image | None]:
    """Return what to answer, and the picture whose strips follow."""
    try:
        image = decode_image(data, where)
        if path is None:
            profile = base64.b64encode(image.info.get("icc_profile") or b"").decode()
            return {"size": image.size, "icc_profile": profile}, image
        written = write_png(image, Path(path))
    except ImageError as error:
        fields = {name: getattr(error, name) for name in ("what", "where", "allowed", "hint")}
        return {"image_error": fields}, None
    except MemoryError:
        return {"image_error": {"what": _TOO_MUCH, "where": where, "hint": _HINT}}, None
    except OSError as error:
        return {"os_error": [error.errno, error.strerror, str(error.filename or path)]}, None
    return {"temporary": str(written.temporary), "sha256": written.sha256}, None


def _strips(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    """Yield the boxes of an image's strips, from the top."""
    rows = max(1, _STRIP_BYTES // (3 * image.width))
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(top + rows, image.height)


def _data_bytes() -> int | None:
    """Return how much private memory this process has, as RLIMIT_DATA counts it, or None if unknown."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return None


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
