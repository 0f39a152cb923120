"""A prediction in one line before a run starts, and afterwards a comparison with what it took."""

import json
import sys
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from snakedit.core.atomic import write_whole
from snakedit.core.durations import rough_duration
from snakedit.core.shards import Shard
from snakedit.runtime.resident.owner import owner
from snakedit.speed.forecast.costs import ModelCost, measured_costs, read_costs, write_costs
from snakedit.speed.forecast.estimate import Estimate, Jobs, estimate, limited
from snakedit.speed.forecast.made_before import MadeBefore
from snakedit.speed.forecast.schedule import JobName, Prediction
from snakedit.telemetry.runs import RunTrace, read_runs
from snakedit.workflow.plan import Plan
from snakedit.workflow.resolved import Run

# The prediction of the latest run.
EXPECTED = Path("results/.run/expected.json")
# Shorter runs are not announced.
LONG_SECONDS = 30.0
STAGES = {"edit_category": "edit", "score_category": "score", "edit_shard": "edit", "score_shard": "score"}
SERIAL = "serial_category"


class Expectation(NamedTuple):
    """One line of predicted against measured: its subject, and seconds."""

    what: str
    predicted: float
    measured: float


def announce(plan: Plan, jobs: Iterable[tuple[str, Mapping[str, str]]], cores: int | None) -> None:
    """Print how long a run is expected to take, and keep the prediction for the report.

    Args:
        jobs: rule and wildcards of each job that will be run.
        cores: that it may use.
    """
    jobs = list(jobs)
    if any(rule in STAGES for rule, _ in jobs):
        plan.warn_if_on_cpu()
    forecast, serial = forecast_of(plan, jobs, cores, made=MadeBefore(plan))
    wall = serial + (forecast.prediction.wall if forecast.prediction else 0.0)
    # Before a model's first run it is not known whether the run is long.
    if forecast.unknown or wall >= LONG_SECONDS:
        parts = [forecast.line(plan.device_count)]
        parts += [f"one by one, about {rough_duration(serial)}"] if serial else []
        if any(parts):
            print(f"snakedit: {'; then '.join(filter(None, parts))}", file=sys.stderr)
    # A failed forecast must not stop the run: jobs report a full disk themselves.
    with suppress(OSError):
        EXPECTED.unlink(missing_ok=True)
        if forecast.prediction is not None:
            _keep(forecast.prediction)


def forecast_of(
    plan: Plan,
    jobs: Sequence[tuple[str, Mapping[str, str]]],
    cores: int | None,
    measure: bool = False,
    made: MadeBefore | None = None,
) -> tuple[Estimate, float]:
    """Return what some jobs are expected to take: those of the pipeline, and the seconds of the serial side.

    Args:
        jobs: rule and wildcards of each.
        cores: that they may use.
        measure: whether also what this run has made so far tells its models' costs, not only earlier runs.
        made: what of the jobs' work is made already; None counts it too.
    """
    costs: dict[str, ModelCost] = {}
    for benchmark in plan.config.benchmarks:
        results = Path("results", benchmark)
        costs |= read_costs(results)
        if measure:
            names = [*plan.run.editors, *plan.run.judges]
            costs |= measured_costs(plan.run, results, read_runs(results / "telemetry", names))
    parts = [(STAGES[rule], wildcards) for rule, wildcards in jobs if rule in STAGES]
    work = _jobs_of(plan, parts, made=made)
    prepared = sum(rule == "prepare_category" for rule, _ in jobs)
    forecast = estimate(plan.run, work, costs, plan.device_count, cores or 1, prepared)
    return forecast, _serial_seconds(plan, [wildcards for rule, wildcards in jobs if rule == SERIAL], costs)


def remember(run: Run, benchmark: str, results: Path) -> list[Expectation]:
    """Keep what this run cost for the next one's prediction; return how the prediction has done.

    Args:
        benchmark: its name.
        results: its folder.

    Returns:
        The run from Snakemake's start to the last device's end, then device seconds by stage and category;
        empty if this run was not predicted.
    """
    runs = read_runs(results / "telemetry", [*run.editors, *run.judges])
    costs = measured_costs(run, results, runs)
    if costs:
        write_costs(results, costs)
    expected = _read(EXPECTED)
    this_run = next((trace for trace in reversed(runs) if trace.jobs[0].run == owner()), None)
    if this_run is None or expected.get("run") != owner() or benchmark not in expected["work"]:
        return []
    return _against_measured(benchmark, this_run, expected)


def _jobs_of(
    plan: Plan,
    jobs: Iterable[tuple[str, Mapping[str, str]]],
    limit: int | None = None,
    made: MadeBefore | None = None,
) -> Jobs:
    """The work of Snakemake's jobs; shards of one category are added up.

    Args:
        jobs: stage and wildcards.
        limit: items of each category, None for all.
        made: what of it is made already.
    """
    work: dict[tuple[str, str], dict[JobName, int]] = {}
    for stage, wildcards in jobs:
        benchmark, category = wildcards["benchmark"], wildcards["category"]
        rows = plan.indexes[benchmark].categories[category]
        count = limited(rows.count, plan.config.benchmarks[benchmark].limit)
        count = limited(count - bisect_right(rows.left_out, count), limit)
        if "shard" in wildcards:
            count = Shard.parse(wildcards["shard"]).count_of(count)
        count = max(0, count - made.count(stage, wildcards)) if made else count
        if count == 0:
            continue
        items = work.setdefault((stage, wildcards["editor" if stage == "edit" else "judge"]), {})
        name = JobName(benchmark, wildcards["editor"], category)
        items[name] = items.get(name, 0) + count
    return work


def _serial_seconds(plan: Plan, jobs: list[Mapping[str, str]], costs: Mapping[str, ModelCost]) -> float:
    """The time of the serial side's samples: each item loads every model, and each job once more."""
    parts = [("edit", wildcards) for wildcards in jobs]
    parts += [
        ("score", {**wildcards, "judge": judge}) for wildcards in jobs for judge in plan.device_judges()
    ]
    forecast = estimate(plan.run, _jobs_of(plan, parts, plan.config.run.baseline_items), costs, 1, 1)
    if forecast.prediction is None:
        return 0.0
    return sum(
        items * (model.cost.load + model.cost.batch_seconds(1)) + model.cost.load + model.cost.start
        for model in forecast.work
        for items in model.jobs.values()
    )


def _keep(prediction: Prediction) -> None:
    work: dict[str, dict[str, float]] = {}
    for (name, stage), seconds in prediction.work.items():
        seconds_of = work.setdefault(name.benchmark, {})
        key = f"{stage} {name.category}"
        seconds_of[key] = seconds_of.get(key, 0.0) + seconds
    content = {"run": owner(), "last_device": prediction.last_device, "work": work}
    write_whole(EXPECTED, [json.dumps(content, indent=1, ensure_ascii=False) + "\n"])


def _against_measured(benchmark: str, run: RunTrace, expected: Mapping[str, Any]) -> list[Expectation]:
    seconds: dict[str, float] = {}
    for job in run.jobs:
        for span in job.spans:
            if span.name in STAGES.values():
                key = f"{span.name} {job.category}"
                seconds[key] = seconds.get(key, 0.0) + span.seconds
    rows = [
        Expectation(f"{what}, device seconds", predicted, seconds.get(what, 0.0))
        for what, predicted in expected["work"][benchmark].items()
    ]
    # A run of several benchmarks takes longer than each of them.
    if len(expected["work"]) == 1:
        rows.insert(0, Expectation("run, to the last device's end", expected["last_device"], run.wall))
    return rows


def _read(path: Path) -> dict[str, Any]:
    """The content of a JSON file; empty where it is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
