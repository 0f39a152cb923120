"""Whole runs on simulated devices: their time, how busy the devices are, and the driver's memory.

A simulated device sleeps for as long as its model is declared to take. Processes, files, queues and Snakemake
are real. The explanation of every number from such a run says "simulated".
"""

import math
from datetime import datetime
from pathlib import Path

from snakedit.core.records import Edit, read_records
from tools.bench.experiment import BATCH_SIZE, CATEGORIES, DEVICES, Experiment
from tools.bench.measurement import Measurement
from tools.bench.older_designs import declared_work, fixed_shares, one_by_one

# Seconds that the simulated models take.
EDITOR_LOAD, EDIT = 15.0, 1.8
JUDGE_LOAD, JUDGE_BATCH, JUDGE_SINGLE = 8.0, 3.0, 2.0
LONG_TAIL_ITEMS, LONG_TAIL_MEDIAN, LONG_TAIL_SIGMA = 1000, 0.05, 1.0


def measure_run(folder: Path) -> list[Measurement]:
    """Run the 270-item benchmark in real time, then again with nothing to do."""
    experiment = Experiment(folder, CATEGORIES)
    experiment.configure(
        editor={"load_seconds": EDITOR_LOAD, "seconds": EDIT},
        judge={
            "load_seconds": JUDGE_LOAD,
            "seconds_by_batch": {"1": JUDGE_SINGLE, str(BATCH_SIZE): JUDGE_BATCH},
        },
    )
    wall = experiment.snakemake()
    noop = experiment.snakemake()
    items = sum(CATEGORIES.values())
    batches = sum(math.ceil(count / BATCH_SIZE) for count in CATEGORIES.values())
    ideal = (
        EDITOR_LOAD
        + math.ceil(items / DEVICES) * EDIT
        + JUDGE_LOAD
        + math.ceil(batches / DEVICES) * JUDGE_BATCH
    )
    judge_seconds = {1: JUDGE_SINGLE, BATCH_SIZE: JUDGE_BATCH}
    work = declared_work(CATEGORIES, BATCH_SIZE, (EDITOR_LOAD, EDIT), (JUDGE_LOAD, judge_seconds))
    old, serial = fixed_shares(work, DEVICES, whole=True), one_by_one(work)
    return [
        Measurement("run_270_s", wall, f"{items} items on {DEVICES} simulated devices, measured"),
        Measurement("run_270_ideal_s", ideal, "computed: each device loads each model once and is then busy"),
        Measurement("run_vs_ideal", wall / ideal, "measured ÷ ideal, Snakemake's own time included"),
        Measurement(
            "old_design_s", old, "computed: shares with a barrier, loads for each category, one judge"
        ),
        Measurement("serial_s", serial, "computed: both models loaded for each item, one device"),
        Measurement("noop_270_s", noop, "the same call again, nothing to do, measured"),
    ]


def measure_long_tail(folder: Path) -> list[Measurement]:
    """Measure how busy simulated devices are with items of very different length."""
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
    return [Measurement("busy_share_long_tail", busy, how + ", from the first item to the last")]


def measure_driver_memory(folder: Path) -> list[Measurement]:
    """Measure the peak memory of an edit job at 50 and at 5,000 items."""
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
        Measurement(
            "driver_rss_50_mb", peaks[50], "peak RSS of the edit job's driver at 50 items, simulated"
        ),
        Measurement("driver_rss_5000_mb", peaks[5000], "the same at 5,000 items"),
        Measurement("driver_rss_growth_mb", peaks[5000] - peaks[50], "the difference"),
    ]
