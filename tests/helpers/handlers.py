"""A loader for the pool's tests, at top level so that workers can import it.

A payload says what happens: ``marker`` is a file that gets a line when the task begins, ``ended`` one that
gets a line when it ends. The task takes ``seconds``, and lasts until the file ``until`` has ``lines`` lines.
``do`` is what goes wrong. The settings name devices that fail everything (``failing``, until the file
``mended`` is there), spoil a part of every result (``spoiling``), or cannot load.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from snakedit.core.errors import ConfigError
from snakedit.runtime.pool.attempt import TimedResult


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


def write_line(path, line):
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def wait_for_lines(path, count):
    while not os.path.exists(path) or len(Path(path).read_text(encoding="utf-8").splitlines()) < count:
        time.sleep(0.01)


def unusable_cuda(*_):
    raise RuntimeError("CUDA error: an illegal memory access was encountered\nand more")


class Handler:
    def __init__(self, settings, device):
        self.settings, self.device = settings, device
        self.released = 0
        self.spoilt = False
        self.parent = os.getppid()

    def handle(self, payload):
        marker = Path(payload.get("marker", "/nonexistent"))
        if "marker" in payload:
            write_line(marker, str(os.getpid()))
        if self.device in self.settings.get("dying", ()):
            os.kill(os.getpid(), signal.SIGKILL)
        if is_failing(self.settings, self.device):
            raise RuntimeError("this device is broken")
        if self.device in self.settings.get("spoiling", ()):
            return TimedResult({"n": None, "device": self.device}, fault="ValueError: a part is broken")
        times = len(marker.read_text().splitlines()) if "marker" in payload else 1
        action = payload.get("do")
        if action == "die" or (action == "die once" and times == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if action == "break the pool":
            print("the pool has a fault", file=sys.stderr, flush=True)
            if os.getppid() == self.parent:
                os.kill(self.parent, signal.SIGKILL)
        if action == "hang" or (action == "hang once" and times == 1):
            time.sleep(3600)
        if action == "spoil cuda" or (action == "spoil cuda once" and times == 1):
            cuda = SimpleNamespace(
                is_initialized=lambda: True, device_count=lambda: 2, synchronize=unusable_cuda
            )
            sys.modules["torch"] = SimpleNamespace(cuda=cuda)
            self.spoilt = True
        if self.spoilt:
            unusable_cuda()
        if action == "raise":
            raise ValueError(f"broken {payload['n']}\nand more")
        if action == "no memory" or (action == "no memory once" and not self.released):
            raise OutOfMemoryError("no memory")
        time.sleep(payload.get("seconds", 0.0))
        if "until" in payload:
            wait_for_lines(payload["until"], payload.get("lines", 1))
        if "ended" in payload:
            write_line(payload["ended"], "ended")
        return {
            "n": float("nan") if action == "nan" else payload["n"],
            "device": self.device,
            "released": self.released,
            "pid": os.getpid(),
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "threads": os.environ.get("OMP_NUM_THREADS"),
        }

    def release_memory(self):
        self.released += 1
        return "in tiles"


def is_failing(settings, device):
    mended = settings.get("mended")
    return device in settings.get("failing", ()) and not (mended and os.path.exists(mended))


def load(settings, device):
    if "loads" in settings:
        write_line(settings["loads"], device)
    if "refuse" in settings:
        raise ConfigError(f"the environment variable {settings['refuse']} is not set", where="api_key_env")
    if device in settings.get("broken", ()):
        raise RuntimeError("these weights are broken")
    if device in settings.get("deadly", ()):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(settings.get("load_seconds", 0.0))
    return Handler(settings, device)
