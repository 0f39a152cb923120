"""What the devices did during a job, as a Chrome trace (it opens in Perfetto) and as a table.

Both are written as it happens, one event a line, so that a job's memory does not grow with its items and a
killed job leaves its events up to then.
"""

import csv
import dataclasses
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from snakedit.core.spreadsheet import cell

COLUMNS = ("kind", "device", "name", "item", "start", "seconds", "value")
# The event that holds the `TracedJob`.
HEADER = "process_name"


@dataclass(frozen=True)
class TracedJob:
    """The job that a trace belongs to; the trace's first event.

    Attributes:
        label: the editor's or the judge's name.
        shard: of the category, empty for the whole category.
        run: the same for all jobs of a run, empty where it is not known.
        run_began: when the run started, seconds since 1970, or None where it is not known.
        allocation: of a cluster, within which a device's name is unique; empty elsewhere.
    """

    rule: str
    label: str
    category: str
    shard: str = ""
    benchmark: str = ""
    run: str = ""
    run_began: float | None = None
    allocation: str = ""


@dataclass(frozen=True)
class Span:
    """What one device did for a while.

    Attributes:
        device: the place of the work: a device, several as ``cuda:0+1``, or ``cpu`` and ``endpoint:0`` where
            none is leased.
        name: ``switch`` (the device is leased, its worker is being started), ``load``, ``idle``, ``edit`` or
            ``score``, ``unload`` (in the serial baseline), or ``lost`` (work on an item in a worker that
            then died or was ended).
        start: seconds since 1970.
        item: the task's key, or None.
        parts: the names of the leased devices, several where one model is spread over them.
    """

    device: str
    name: str
    start: float
    seconds: float
    item: str | None = None
    parts: tuple[str, ...] = ()


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

    def __init__(self, telemetry: Path, job: TracedJob) -> None:
        """Open ``{rule}/{label}/{category}.{UTC time}-{pid}.json``, a new file, and a table beside it.

        Args:
            telemetry: the folder of all traces.
        """
        folder = telemetry / job.rule / job.label
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{job.category}~{job.shard}" if job.shard else job.category
        self._file = _open_new(folder, name)
        self.path = Path(self._file.name)
        self._table_file = open(
            self.path.with_suffix(".csv"), "w", encoding="utf-8", errors="replace", newline=""
        )
        self._table = csv.writer(self._table_file, lineterminator="\n")
        self._table.writerow(COLUMNS)
        self._threads: dict[str, int] = {}
        self._separator = "[\n"
        shown = f"{job.rule} {job.benchmark}/{job.label}/{name}"
        self._write(ph="M", name=HEADER, args={"name": shown, "job": dataclasses.asdict(job)})

    def __enter__(self) -> "Trace":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def add(self, event: Span | Sample) -> None:
        """Write one event."""
        thread = self._thread(event.device)
        if isinstance(event, Sample):
            # A viewer groups counters by process and name, so the name contains the device.
            counter, value = f"{event.device} {event.name}", round(event.value, 3)
            self._write(ph="C", name=counter, ts=_us(event.time), tid=thread, args={event.name: value})
            self._row("sample", event.device, event.name, "", event.time, "", value)
            return
        args: dict[str, Any] = {} if event.item is None else {"item": event.item}
        if event.parts:
            args["parts"] = event.parts
        start, end = _us(event.start), _us(event.start + event.seconds)
        self._write(ph="X", name=event.name, cat=event.name, ts=start, dur=end - start, tid=thread, args=args)
        item = "" if event.item is None else cell(event.item)
        self._row("span", event.device, event.name, item, event.start, (end - start) / 1e6, "")

    def flush(self) -> None:
        """Hand all events to the system, so that they outlive this process."""
        self._file.flush()
        self._table_file.flush()

    def close(self) -> None:
        """End the trace and its table."""
        with self._table_file, self._file:
            self._file.write("\n]\n")

    def _thread(self, device: str) -> int:
        if device not in self._threads:
            self._threads[device] = len(self._threads) + 1
            self._write(ph="M", name="thread_name", tid=self._threads[device], args={"name": device})
        return self._threads[device]

    def _write(self, **event: Any) -> None:
        line = json.dumps({"pid": os.getpid(), "tid": 0, **event}, ensure_ascii=False)
        self._file.write(self._separator + line)
        self._separator = ",\n"

    def _row(
        self,
        kind: str,
        device: str,
        name: str,
        item: str,
        start: float,
        seconds: float | str,
        value: float | str,
    ) -> None:
        when = datetime.fromtimestamp(_us(start) / 1e6, UTC).isoformat(timespec="microseconds")
        self._table.writerow((kind, device, name, item, when, seconds, value))


def read_trace(path: Path) -> tuple[TracedJob | None, list[Span], list[Sample]]:
    """Return a trace's job and events, also those of a job that was killed.

    The job is None in a trace of an earlier version, and where even its first line was cut off.
    """
    job: TracedJob | None = None
    spans: list[Span] = []
    samples: list[Sample] = []
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
            args = event["args"]
            if event["ph"] == "X":
                parts = tuple(args.get("parts", ()))
                times = event["ts"] / 1e6, event["dur"] / 1e6
                spans.append(Span(devices[event["tid"]], event["name"], *times, args.get("item"), parts))
            elif event["ph"] == "C":
                ((name, value),) = args.items()
                samples.append(Sample(devices[event["tid"]], name, event["ts"] / 1e6, value))
            elif event["name"] == HEADER:
                job = TracedJob(**args["job"]) if "job" in args else None
            else:
                devices[event["tid"]] = args["name"]
    return job, spans, samples


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
