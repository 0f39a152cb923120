"""A worker of the serial baseline: for each item it loads the editor, edits, unloads, and so each judge."""

import gc
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from snakedit.core.errors import StageError
from snakedit.runtime.pool.attempt import TimedResult
from snakedit.stages.edit_category import EditWorker, load_edit_worker
from snakedit.stages.judging import JudgeWorker, load_score_worker

SWAPS = ("reload", "offload")
CPU = "cpu"
Returned = TypeVar("Returned")


def load_serial_worker(settings: dict[str, Any], device: str) -> "SerialWorker":
    """Prepare a worker on a device: the loader that the pool calls."""
    return SerialWorker(settings, device)


class SerialWorker:
    """Edits and judges one item after the other: the editor and then the judges in turn on one device.

    Everything is loaded once before the first item: with `offload` into CPU memory, where it stays; with
    `reload` it is dropped again, so that no item pays for imports or a disk that is still cold.
    """

    def __init__(self, settings: dict[str, Any], device: str) -> None:
        """Load.

        Args:
            settings: ``swap``, one of `SWAPS`; ``editor`` and ``judges`` (name → settings) as the stages'
                own workers take them.

        Raises:
            StageError: if what is spread over several devices is to be moved off them.
        """
        if settings["swap"] == "offload" and "," in device:
            raise StageError(
                "'offload' cannot move a judge that is spread over several devices",
                where="run.baseline_swap",
                allowed="reload",
            )
        # Only a judge is ever spread.
        first = device.partition(",")[0]
        self._editor = _Swapped(settings["editor"], load_edit_worker, first, settings["swap"])
        self._judges = {
            name: _Swapped(judge, load_score_worker, device, settings["swap"])
            for name, judge in settings["judges"].items()
        }
        self._spans: list[dict[str, Any]] = []

    def handle(self, payload: dict[str, Any]) -> TimedResult:
        """Edit and judge one item.

        Args:
            payload: ``edit`` and ``judges`` (name → a batch of one), as the stages' own workers take them.

        Returns:
            ``edit`` and ``judges`` (name → fields of a `Score`).
        """
        self._spans, key = [], payload["edit"]["item"]["id"]
        edit = self._use(self._editor, "edit", payload["edit"], key)
        scores = {
            name: self._use(judge, "score", payload["judges"][name], key)["scores"][0]
            for name, judge in self._judges.items()
        }
        return TimedResult({"edit": edit, "judges": scores}, self._spans)

    def release_memory(self) -> None:
        """Put everything off the device after an out-of-memory."""
        for model in (self._editor, *self._judges.values()):
            model.unload()

    def _use(self, model: "_Swapped", name: str, payload: dict[str, Any], key: str) -> dict[str, Any]:
        self._timed("load" if model.needs_device else None, key, model.load)
        try:
            handled = self._timed(name, key, lambda: model.handler.handle(payload))
            return handled.result if isinstance(handled, TimedResult) else handled
        finally:
            self._timed("unload" if model.needs_device else None, key, model.unload)

    def _timed(self, name: str | None, key: str, work: Callable[[], Returned]) -> Returned:
        start, begin = time.time(), time.monotonic()
        try:
            return work()
        finally:
            if name is not None:
                seconds = time.monotonic() - begin
                self._spans.append({"name": name, "start": start, "seconds": seconds, "item": key})


class _Swapped:
    """An editor or a judge that is on the device only while it is used."""

    def __init__(
        self,
        settings: dict[str, Any],
        loader: Callable[[dict[str, Any], str], Any],
        device: str,
        swap: str,
    ) -> None:
        self.needs_device = bool(settings["needs_device"])
        self._settings, self._loader = settings, loader
        self._device = device if self.needs_device else CPU
        # What needs no device has nothing to swap, and stays.
        self._stays = swap == "offload" or not self.needs_device
        self._handler = loader(settings, self._first_place())
        self.unload()

    @property
    def handler(self) -> EditWorker | JudgeWorker:
        """What does the work, between `load` and `unload`."""
        handler: EditWorker | JudgeWorker = self._handler
        return handler

    def load(self) -> None:
        """Load it from disk, or move it out of CPU memory."""
        if self._handler is None:
            self._handler = self._loader(self._settings, self._device)
        else:
            self._handler.move_to(self._device)

    def unload(self) -> None:
        """Drop it, or move it into CPU memory; the device's memory is then free."""
        if self._stays:
            self._handler.move_to(CPU)
        else:
            self._handler = None
        gc.collect()
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _first_place(self) -> str:
        return CPU if self._stays and not self._device.startswith("simulated") else self._device
