"""What the devices did during a job, as a Chrome trace (it opens in Perfetto) and as a table.

The trace is written as it happens, one event a line, so that a job's memory does not grow with its items
and a killed job leaves what was known of it.
"""

import csv
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from snakedit.core.spreadsheet import cell

COLUMNS = ("kind", "device", "name", "item", "start", "seconds", "value")


@dataclass(frozen=True)
class Span:
    """What one device did for a while.

    Attributes:
        name: ``switch`` (the device is leased, its worker is being started), ``load``, ``idle``, ``edit`` or
            ``score``, ``unload`` (in the serial baseline), or ``lost`` (work on an item in a worker that
            then died or was ended).
        start: seconds since 1970.
        item: the task's key, or None.
    """

    device: str
    name: str
    start: float
    seconds: float
    item: str | None = None


@dataclass(frozen=True)
class Sample:
    """One reading: of a device, or of the process that works on it.

    Attributes:
        name: ``gpu_utilisation_percent``, ``gpu_memory_mb``, ``rss_mb`` or ``cpu_percent``.
        time: seconds since 1970.
    """

    device: str
    name: str
    time: float
    value: float


@dataclass(frozen=True)
class Member:
    """A process to be watched: a worker and the device it has, or the ``driver`` or the ``pool``."""

    device: str
    kind: str
    id: str
    pid: int


class Trace:
    """A Chrome trace in the making: JSON's array of events, which is whole once it is closed."""

    def __init__(
        self,
        folder: Path,
        name: str,
        process: str,
        run: str = "",
        began: Mapping[str, float | None] | None = None,
        allocation: str = "",
    ) -> None:
        """Open a file of its own, ``{name}.{UTC time}-{pid}.json``, that was not there before.

        Args:
            process: what the trace's viewer calls the job.
            run: what the traces of one run have in common, empty where that is not known.
            began: when the ``run`` and this ``job`` did, seconds since 1970, as far as it is known.
            allocation: of a cluster, within which a device's name is one device's; empty elsewhere.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._file = _open_new(folder, name)
        self.path = Path(self._file.name)
        self._threads: dict[str, int] = {}
        self._separator = "[\n"
        began = {**(began or {}), "trace": time.time()}
        header = {"name": process, "run": run, "allocation": allocation, "began": began}
        self._write(ph="M", name="process_name", args=header)

    def __enter__(self) -> "Trace":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def add(self, event: Span | Sample) -> None:
        """Write one event."""
        thread = self._thread(event.device)
        if isinstance(event, Sample):
            counter = f"{event.device} {event.name}"
            # A viewer keeps counters by process and name, so the device stands in the name.
            self._write(
                ph="C", name=counter, ts=_us(event.time), tid=thread, args={event.name: round(event.value, 3)}
            )
            return
        args = {} if event.item is None else {"item": event.item}
        start, end = _us(event.start), _us(event.start + event.seconds)
        self._write(ph="X", name=event.name, cat=event.name, ts=start, dur=end - start, tid=thread, args=args)

    def flush(self) -> None:
        """Hand what is written to the system, so that it outlives this process."""
        self._file.flush()

    def close(self) -> None:
        """End the trace and write the table beside it, with the ending ``.csv``."""
        self._file.write("\n]\n")
        self._file.close()
        with open(self.path.with_suffix(".csv"), "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            rows = read_rows(self.path)
            writer.writerows(row | {"item": cell(row["item"])} if row["item"] else row for row in rows)

    def _thread(self, device: str) -> int:
        if device not in self._threads:
            self._threads[device] = len(self._threads) + 1
            self._write(ph="M", name="thread_name", tid=self._threads[device], args={"name": device})
        return self._threads[device]

    def _write(self, **event: Any) -> None:
        line = json.dumps({"pid": os.getpid(), "tid": 0, **event}, ensure_ascii=False)
        self._file.write(self._separator + line)
        self._separator = ",\n"


def run_of(path: Path) -> str:
    """Return the run that a trace says it belongs to, empty where it says none."""
    return str(_header(path).get("run", ""))


def allocation_of(path: Path) -> str:
    """Return the allocation that a trace says its devices were of, empty where it says none."""
    return str(_header(path).get("allocation", ""))


def began_of(path: Path) -> dict[str, float]:
    """Return when the ``run``, the ``job`` and the ``trace`` began, as far as a trace says it."""
    began = _header(path).get("began", {})
    return {str(what): float(when) for what, when in began.items() if when is not None}


def _header(path: Path) -> dict[str, Any]:
    with open(path, encoding="utf-8", errors="replace") as file:
        file.readline()
        try:
            header: dict[str, Any] = dict(json.loads(file.readline().strip().rstrip(","))["args"])
        except (json.JSONDecodeError, KeyError, TypeError):
            # Killed before its first line was written.
            return {}
    return header


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield a trace as the rows of a table, also that of a job that was killed.

    A row has the `COLUMNS`: kind (``span`` or ``sample``), device, name, item (or None), start (UTC, ISO
    8601), and for a span its seconds, for a sample its value.
    """
    devices: dict[int, str] = {}
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line.strip().rstrip(","))
            except json.JSONDecodeError:
                # The array's brackets, or the line that a killed job was writing.
                continue
            if not isinstance(event, dict):
                continue
            if event["name"] == "thread_name":
                devices[event["tid"]] = event["args"]["name"]
            elif event["ph"] in "XC":
                yield _row(event, devices[event["tid"]])


def _row(event: dict[str, Any], device: str) -> dict[str, Any]:
    start = datetime.fromtimestamp(event["ts"] / 1e6, UTC).isoformat(timespec="microseconds")
    row = dict.fromkeys(COLUMNS) | {"device": device, "start": start}
    if event["ph"] == "X":
        item = event["args"].get("item")
        return row | {"kind": "span", "name": event["name"], "item": item, "seconds": event["dur"] / 1e6}
    ((name, value),) = event["args"].items()
    return row | {"kind": "sample", "name": name, "value": value}


def _open_new(folder: Path, name: str) -> IO[str]:
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    number = 1
    while True:
        again = f"-{number}" if number > 1 else ""
        try:
            return open(folder / f"{name}.{run}{again}.json", "x", encoding="utf-8", errors="replace")
        except FileExistsError:
            # Another host's process of the same number, or this one a moment ago.
            number += 1


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
