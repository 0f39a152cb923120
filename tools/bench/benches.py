"""`make bench`: what the pipeline costs, measured on real runs with simulated devices.

A simulated device sleeps for as long as its model is declared to take; processes, files, queues and
Snakemake are the real ones. Every figure that comes from such a run is named simulated in the table.
"""

import json
import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from snakedit.core.atomic import write_whole
from snakedit.core.errors import ConfigError, did_you_mean
from snakedit.core.records import Edit, read_records
from snakedit.speed.forecast.costs import ModelCost
from snakedit.speed.forecast.schedule import ModelWork, fixed_shares, one_by_one
from tools.bench.experiment import CATEGORIES, DEVICES, Experiment

# The simulated models, in seconds.
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
    experiment = Experiment(folder, CATEGORIES)
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
    judge_seconds = {1: JUDGE_SINGLE, BATCH: JUDGE_BATCH}
    work = [
        ModelWork("editor", "edit", ModelCost(EDITOR_LOAD, 0.0, {1: EDIT}, measured=False), CATEGORIES),
        ModelWork(
            "judge",
            "score",
            ModelCost(JUDGE_LOAD, 0.0, judge_seconds, measured=False),
            CATEGORIES,
            batch=BATCH,
        ),
    ]
    old, serial = fixed_shares(work, DEVICES, whole=True).wall, one_by_one(work).wall
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
    experiment = Experiment(folder, {"tail": LONG_TAIL_ITEMS})
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
        experiment = Experiment(folder / str(count), {"c": count})
        experiment.configure(
            editor={"load_seconds": 0.0, "seconds": 0.0},
            judge={"load_seconds": 0.0, "seconds_by_batch": {"1": 0.0}},
            resident=False,
            shard_items=count,
        )
        peaks[count] = experiment.watched(experiment.edits("c"))[1]["edit_category"]
    return [
        Figure("driver_rss_50_mb", peaks[50], "peak RSS of the edit job's driver at 50 items"),
        Figure("driver_rss_5000_mb", peaks[5000], "and at 5,000"),
        Figure("driver_rss_growth_mb", peaks[5000] - peaks[50], "the difference"),
    ]


def bench_scale(folder: Path) -> list[Figure]:
    """Time and memory of every stage at 1,000, 10,000 and 100,000 items."""
    from tools.bench.scale import measure_scale

    return [Figure(*figure) for figure in measure_scale(folder)]


def bench_judging(folder: Path) -> list[Figure]:
    """A widened random Qwen3-VL on one thread of this CPU: questions together, items together."""
    from tools.bench.judging import measure_judging

    how = "random Qwen3-VL on one CPU thread, measured"
    return [Figure(name, value, how) for name, value in measure_judging(folder).items()]


def bench_demo_judge(folder: Path) -> list[Figure]:
    """The shipped demo judge's examination on photos and wordings that it was never trained on."""
    from tools.bench.examination import measure_demo_judge

    return [Figure(*told) for told in measure_demo_judge()]


def bench_old_projection(folder: Path) -> list[Figure]:
    """The pipeline with the constants of a comparison that was only ever arithmetic, against that."""
    from tools.bench.speed import measure_old_projection

    return [Figure(*figure) for figure in measure_old_projection(folder)]


def bench_baseline(folder: Path) -> list[Figure]:
    """The serial baseline with the same constants, measured on a sample and multiplied."""
    from tools.bench.speed import measure_baseline

    return [Figure(*figure) for figure in measure_baseline(folder)]


def bench_prediction(folder: Path) -> list[Figure]:
    """Predictions from one run's costs for three others, against what those took."""
    from tools.bench.speed import measure_prediction

    return [Figure(*figure) for figure in measure_prediction(folder)]


def bench_compare(folder: Path) -> list[Figure]:
    """Both sides of the comparison with the tiny real models, on two CPU workers."""
    from tools.bench.speed import measure_tiny_models

    return [Figure(*figure) for figure in measure_tiny_models(folder)]


def bench_models(folder: Path) -> list[Figure]:
    """Qwen-Image-Edit and Qwen3-VL-8B at full size with random weights, where there is a GPU."""
    from tools.bench.models import measure_models

    return [Figure(*figure) for figure in measure_models()]


BENCHES: Mapping[str, Callable[[Path], list[Figure]]] = {
    "run": bench_run,
    "long_tail": bench_long_tail,
    "driver_memory": bench_driver_memory,
    "scale": bench_scale,
    "judging": bench_judging,
    "demo_judge": bench_demo_judge,
    "old_projection": bench_old_projection,
    "baseline": bench_baseline,
    "prediction": bench_prediction,
    "compare": bench_compare,
    "models": bench_models,
}
