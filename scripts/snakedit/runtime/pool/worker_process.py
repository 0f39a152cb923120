"""A worker process: it loads a model once on its own device, then does one task after another."""

import contextlib
import ctypes
import os
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

from snakedit.core.errors import SnakeditError
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.pool.attempt import Loader, attempt

_PR_SET_PDEATHSIG = 1


def work(
    loader: Loader, settings: dict[str, Any], device: Device, connection: Connection, parent: int
) -> None:
    """Run a worker process until its pool closes the connection.

    It sends ``load_error`` and ``trace``, or ``ready`` with the start and the seconds of loading. For each
    payload that it receives it sends the fields of an `Outcome`, or ``lost`` if it cannot go on.
    """
    _die_with(parent)
    # Ctrl-C reaches every process of the terminal, but the pool decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    name = _claim(device)
    started = time.time()
    try:
        handler = loader(settings, name)
    except Exception as exception:  # noqa: BLE001 - the pool continues on its other devices
        error = " ".join(f"{type(exception).__name__}: {exception}".split())
        # Weights or settings that are wrong are so on every device.
        exchangeable = not isinstance(exception, SnakeditError)
        trace = traceback.format_exc()
        connection.send({"load_error": error, "trace": trace, "exchangeable": exchangeable})
        return
    free = time.time()
    connection.send({"ready": {"started": started, "seconds": free - started}})
    # A closed connection means that the pool is gone, and its workers end with it.
    with contextlib.suppress(EOFError, OSError):
        while True:
            payload = connection.recv()
            idle = max(0.0, time.time() - free)
            outcome = attempt(handler, payload)
            if lost := _cuda_error():
                connection.send({"lost": lost})
                return
            connection.send({**outcome, "idle": idle})
            free = time.time()


def _cuda_error() -> str | None:
    """Return why CUDA is unusable, or None. After a device fault every CUDA call of a process fails."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    try:
        for place in range(torch.cuda.device_count()):
            torch.cuda.synchronize(place)
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None


def _claim(device: Device) -> str:
    """Make the device the only one that this process sees; return its name for the loader.

    A device of several parts becomes ``cuda:0,cuda:1``. Call it before torch is imported, which reads these
    variables once.
    """
    if device.kind == "cuda":
        # A GPU without a UUID is named by its number on the bus.
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        os.environ["CUDA_VISIBLE_DEVICES"] = device.id
        return ",".join(f"cuda:{place}" for place in range(len(device.parts) or 1))
    if device.kind == "cpu":
        # Tiny models are many times faster with one thread than with two.
        os.environ["OMP_NUM_THREADS"] = "1"
        return "cpu"
    return device.name


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process with its parent, however that dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
