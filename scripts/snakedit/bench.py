"""`make bench`: what the pipeline costs, measured on real runs with simulated devices.

A simulated device sleeps for as long as its model is declared to take; processes, files, queues and
Snakemake are the real ones. Every figure that comes from such a run is named simulated in the table.
"""

import base64
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from snakedit.errors import ConfigError, StageError, did_you_mean
from snakedit.records import Edit, read_records, write_whole

REPOSITORY = Path(__file__).resolve().parents[2]

# The simulated machine and models: seconds, on six devices.
DEVICES = 6
CATEGORIES = {"c1": 50, "c2": 50, "c3": 70, "c4": 50, "c5": 50}
EDITOR_LOAD, EDIT = 15.0, 1.8
JUDGE_LOAD, JUDGE_BATCH, JUDGE_SINGLE, BATCH = 8.0, 3.0, 2.0, 4
LONG_TAIL_ITEMS, LONG_TAIL_MEDIAN, LONG_TAIL_SIGMA = 1000, 0.05, 1.0


@dataclass(frozen=True)
class Figure:
    """One measured or computed number.

    Attributes:
        name: its key in bench.json.
        how: what it is and where it comes from, for the table.
    """

    name: str
    value: float
    how: str


def run_benches(only: Sequence[str], output: Path) -> list[Figure]:
    """Run the benches named, or all; write their figures as one flat JSON object.

    Raises:
        ConfigError: for a name that is none of `BENCHES`.
    """
    for name in only:
        if name not in BENCHES:
            raise ConfigError(
                f"no bench is called that{did_you_mean(name, BENCHES)}",
                where=f"ONLY={name}",
                allowed=", ".join(BENCHES),
            )
    figures: list[Figure] = []
    for name, bench in BENCHES.items():
        if not only or name in only:
            print(f"bench {name} …", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="snakedit-bench-") as folder:
                figures += bench(Path(folder))
    old = json.loads(output.read_text(encoding="utf-8")) if only and output.exists() else {}
    content = {**old, **{figure.name: figure.value for figure in figures}}
    write_whole(output, [json.dumps(content, indent=1) + "\n"])
    return figures


def bench_run(folder: Path) -> list[Figure]:
    """The 270-item benchmark in real time, then once more with nothing to do."""
    experiment = _Experiment(folder, CATEGORIES)
    experiment.configure(
        editor={"load_seconds": EDITOR_LOAD, "seconds": EDIT},
        judge={
            "load_seconds": JUDGE_LOAD,
            "seconds_by_batch": {"1": JUDGE_SINGLE, str(BATCH): JUDGE_BATCH},
        },
    )
    measured = experiment.snakemake()
    noop = experiment.snakemake()
    items = sum(CATEGORIES.values())
    batches = sum(math.ceil(count / BATCH) for count in CATEGORIES.values())
    ideal = (
        EDITOR_LOAD
        + math.ceil(items / DEVICES) * EDIT
        + JUDGE_LOAD
        + math.ceil(batches / DEVICES) * JUDGE_BATCH
    )
    old = sum(
        EDITOR_LOAD + math.ceil(count / DEVICES) * EDIT + JUDGE_LOAD + math.ceil(count / BATCH) * JUDGE_BATCH
        for count in CATEGORIES.values()
    )
    serial = items * (EDITOR_LOAD + EDIT + JUDGE_LOAD + JUDGE_SINGLE)
    return [
        Figure("run_270_s", measured, f"{items} items on {DEVICES} simulated devices, measured"),
        Figure("run_270_ideal_s", ideal, "computed: each device loads each model once and is then busy"),
        Figure("run_vs_ideal", measured / ideal, "measured ÷ ideal, Snakemake's own time included"),
        Figure("old_design_s", old, "computed: shares with a barrier, loads for each category, one judge"),
        Figure("serial_s", serial, "computed: both models loaded for each item, one device"),
        Figure("noop_270_s", noop, "the same call again, nothing to do, measured"),
    ]


def bench_long_tail(folder: Path) -> list[Figure]:
    """Items of very different length: how busy six simulated devices are kept."""
    experiment = _Experiment(folder, {"tail": LONG_TAIL_ITEMS})
    experiment.configure(
        editor={"load_seconds": 0.0, "seconds": LONG_TAIL_MEDIAN, "sigma": LONG_TAIL_SIGMA},
        judge={"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
    )
    experiment.snakemake(experiment.edits("tail"))
    spans = [
        (datetime.fromisoformat(edit.started).timestamp(), edit.seconds)
        for edit in read_records(folder / experiment.edits("tail"), Edit)
        if edit.started is not None and edit.seconds is not None
    ]
    wall = max(start + seconds for start, seconds in spans) - min(start for start, _ in spans)
    busy = sum(seconds for _, seconds in spans) / (DEVICES * wall)
    how = f"{LONG_TAIL_ITEMS} items, lognormal σ = {LONG_TAIL_SIGMA:g}, {DEVICES} simulated devices"
    return [Figure("busy_share_long_tail", busy, how + ", from the first item to the last")]


def bench_driver_memory(folder: Path) -> list[Figure]:
    """The peak memory of an edit job at 50 and at 5,000 items."""
    peaks = {}
    for count in (50, 5000):
        experiment = _Experiment(folder / str(count), {"c": count})
        experiment.configure(
            editor={"load_seconds": 0.0, "seconds": 0.0},
            judge={"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
            resident=False,
        )
        peaks[count] = experiment.peak_memory("edit_category.py", experiment.edits("c"))
    return [
        Figure("driver_rss_50_mb", peaks[50], "peak RSS of the edit job's driver at 50 items"),
        Figure("driver_rss_5000_mb", peaks[5000], "and at 5,000"),
        Figure("driver_rss_growth_mb", peaks[5000] - peaks[50], "the difference"),
    ]


def bench_noop_100k(folder: Path) -> list[Figure]:
    """A rerun of 100,000 items in 20 categories with nothing to do."""
    experiment = _Experiment(folder, {f"c{number:02}": 5000 for number in range(20)})
    experiment.configure(
        editor={"load_seconds": 0.0, "seconds": 0.0},
        judge={"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
        judge_batch=100,
    )
    first = experiment.snakemake()
    return [
        Figure("run_100k_s", first, "100,000 items, simulated models that take no time, measured"),
        Figure("noop_100k_s", experiment.snakemake(), "the same call again, nothing to do, measured"),
    ]


def bench_judging(folder: Path) -> list[Figure]:
    """A widened random Qwen3-VL on one thread of this CPU: questions together, items together."""
    from snakedit.bench_judging import measure_judging

    how = "random Qwen3-VL on one CPU thread, measured"
    return [Figure(name, value, how) for name, value in measure_judging(folder).items()]


def bench_demo_judge(folder: Path) -> list[Figure]:
    """The shipped demo judge's examination on photos and wordings that it was never trained on."""
    from snakedit.bench_demo_judge import measure_demo_judge

    return [Figure(*told) for told in measure_demo_judge()]


BENCHES: Mapping[str, Callable[[Path], list[Figure]]] = {
    "run": bench_run,
    "long_tail": bench_long_tail,
    "driver_memory": bench_driver_memory,
    "noop_100k": bench_noop_100k,
    "judging": bench_judging,
    "demo_judge": bench_demo_judge,
}


class _Experiment:
    """A folder with a generated benchmark, on which Snakemake is run with simulated devices."""

    def __init__(self, folder: Path, categories: Mapping[str, int]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        picture = io.BytesIO()
        Image.new("RGB", (16, 16), (120, 90, 200)).save(picture, "PNG")
        image = base64.b64encode(picture.getvalue()).decode()
        rows = (
            {"id": f"{name}-{i}", "subset": name, "edit_instruction": f"edit {i}", "src_img_b64": image}
            for name, count in categories.items()
            for i in range(count)
        )
        with open(folder / "bench.json", "w", encoding="utf-8") as file:
            file.write("[")
            for number, row in enumerate(rows):
                file.write((",\n" if number else "") + json.dumps(row))
            file.write("]")

    def configure(
        self,
        editor: Mapping[str, Any],
        judge: Mapping[str, Any],
        resident: bool = True,
        judge_batch: int = BATCH,
    ) -> None:
        """Write the configuration."""
        config = {
            "benchmarks": {"bench": {"format": "base64_json", "path": "bench.json"}},
            "editors": {"simulated": {"type": "simulated", "params": dict(editor)}},
            "judges": {"simulated": {"type": "simulated", "batch_size": judge_batch, "params": dict(judge)}},
            "run": {"devices": {"kind": "simulated", "count": DEVICES}, "resident": resident},
        }
        (self.folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")

    def edits(self, category: str) -> str:
        """The path of a category's edits."""
        return f"results/bench/edits/simulated/{category}/edits.jsonl"

    def snakemake(self, *targets: str) -> float:
        """Run Snakemake to its end and return the seconds it took."""
        start = time.monotonic()
        log = self.folder / "snakemake.log"
        with open(log, "w", encoding="utf-8") as file:
            done = subprocess.run(
                self._command(targets), env=self._environment(), stdout=file, stderr=file, check=False
            )
        if done.returncode != 0:
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
            raise StageError("the run failed: " + " | ".join(tail), where="bench")
        return time.monotonic() - start

    def peak_memory(self, script: str, target: str) -> float:
        """Run Snakemake and return the peak RSS, in MB, of the process that runs an entry point."""
        with open(self.folder / "snakemake.log", "w", encoding="utf-8") as file:
            running = subprocess.Popen(
                self._command([target]), env=self._environment(), stdout=file, stderr=file
            )
            peak = 0
            while running.poll() is None:
                for process in psutil.Process(running.pid).children(recursive=True):
                    peak = max(peak, _peak_rss(process, script))
                time.sleep(0.05)
        if running.returncode != 0:
            raise StageError("the run failed", where="bench")
        return peak / 1e6

    def _command(self, targets: Sequence[str]) -> list[str]:
        return [
            *(sys.executable, "-m", "snakemake", *targets, "--cores", "2"),
            *("--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(self.folder)),
            *("--profile", str(REPOSITORY / "profiles" / "default")),
            *("--configfile", str(self.folder / "config.yaml")),
        ]

    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "SNAKEDIT_LOCK_DIR": str(self.folder / "locks")}


def _peak_rss(process: psutil.Process, script: str) -> int:
    try:
        if any(script in word for word in process.cmdline()[:2]):
            return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
    return 0
