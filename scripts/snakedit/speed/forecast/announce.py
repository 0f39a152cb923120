"""A prediction before a run starts, in one line, and afterwards what became of it."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.config.load import Config
from snakedit.core.atomic import write_whole
from snakedit.core.durations import rough_duration
from snakedit.core.shards import Shard
from snakedit.runtime.resident.owner import owner
from snakedit.speed.forecast.costs import FILE, Costs, measured, read_costs, write_costs
from snakedit.speed.forecast.estimate import estimate, known_costs, limited, line
from snakedit.speed.forecast.schedule import Prediction, one_by_one
from snakedit.telemetry.runs import RunTrace, read_runs
from snakedit.workflow.plan import Plan

# What the latest run was expected to take.
EXPECTED = Path("results/.run/expected.json")
# Read by the report (`snakedit.report.data.predictions`).
KEPT = "prediction.json"
# Of a shorter run nobody wants to know before.
LONG_SECONDS = 30.0
STAGES = {"edit_category": "edit", "score_category": "score", "edit_shard": "edit", "score_shard": "score"}
SERIAL = "serial_category"


@dataclass(frozen=True)
class Expectation:
    """One line of predicted against measured: what it is about, and seconds."""

    what: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """How far the prediction was off, as a share of what was measured."""
        return self.predicted / self.measured - 1 if self.measured else 0.0


def announce(plan: Plan, jobs: Iterable[tuple[str, Mapping[str, str]]], cores: int | None) -> None:
    """Say how long a run is expected to take, and keep it for the report.

    Args:
        jobs: rule and wildcards of each job that will be run.
        cores: that it may use.
    """
    jobs = list(jobs)
    todo = _todo(plan, [(STAGES[rule], wildcards) for rule, wildcards in jobs if rule in STAGES])
    prepared = sum(rule == "prepare_category" for rule, _ in jobs)
    folders = [Path("results", benchmark, "speed", FILE) for benchmark in plan.config.benchmarks]
    costs = known_costs(plan.config, [read_costs(path) for path in folders if path.exists()])
    found = estimate(plan.config, todo, costs, plan.device_count, cores or 1, prepared)
    serial = _serial_seconds(plan, [wildcards for rule, wildcards in jobs if rule == SERIAL], costs)
    told: list[str] = []
    wall = serial + (found.prediction.wall if found.prediction else 0.0)
    # Before the first run of a model it is not known whether the run is long.
    if found.unknown or wall >= LONG_SECONDS:
        told = [line(found, plan.device_count)] if found.work or found.unknown else []
        told += [f"one by one, about {rough_duration(serial)}"] if serial else []
    if any(told):
        print(f"snakedit: {'; then '.join(filter(None, told))}", file=sys.stderr)
    # For want of a forecast no run ends: a disk that is full is told by the jobs that write to it.
    with suppress(OSError):
        EXPECTED.unlink(missing_ok=True)
        if found.prediction is not None:
            _keep(found.prediction)


def _keep(prediction: Prediction) -> None:
    work: dict[str, dict[str, float]] = {}
    for (name, stage), seconds in prediction.work.items():
        benchmark, *_, category = name.split("/")
        key = f"{stage} {category}"
        work.setdefault(benchmark, {})[key] = work.get(benchmark, {}).get(key, 0.0) + seconds
    content = {"run": owner(), "last_device": prediction.last_device, "work": work}
    write_whole(EXPECTED, [json.dumps(content, indent=1, ensure_ascii=False) + "\n"])


def _todo(
    plan: Plan, jobs: Iterable[tuple[str, Mapping[str, str]]], limit: int | None = None
) -> dict[str, dict[str, dict[str, int]]]:
    """Return what `estimate` takes: stage → editor or judge → benchmark, editor and category → items."""
    todo: dict[str, dict[str, dict[str, int]]] = {"edit": {}, "score": {}}
    for stage, wildcards in jobs:
        benchmark, category = wildcards["benchmark"], wildcards["category"]
        count = plan.indexes[benchmark].categories[category].count
        count = limited(limited(count, plan.config.benchmarks[benchmark].limit), limit)
        if "shard" in wildcards:
            count = Shard.parse(wildcards["shard"]).count_of(count)
        named = "editor" if stage == "edit" else "judge"
        name = f"{benchmark}/{wildcards['editor']}/{category}"
        counts = todo[stage].setdefault(wildcards[named], {})
        counts[name] = counts.get(name, 0) + count
    return todo


def _serial_seconds(plan: Plan, jobs: Iterable[Mapping[str, str]], costs: Costs) -> float:
    """What the serial side's samples take: each item loads every model, and each job everything once more."""
    jobs = list(jobs)
    asked = [("edit", wildcards) for wildcards in jobs]
    asked += [("score", {**wildcards, "judge": j}) for wildcards in jobs for j in plan.device_judges()]
    found = estimate(plan.config, _todo(plan, asked, plan.config.run.baseline_items), costs, 1, 1)
    loads = sum(len(model.categories) * (model.cost.load + model.cost.start) for model in found.work)
    return one_by_one(found.work).wall + loads if found.prediction else 0.0


def remember(config: Config, benchmark: str, results: Path) -> list[Expectation]:
    """Keep what this run cost for the next one's prediction; return how the prediction has done.

    Args:
        benchmark: its name.
        results: its folder.

    Returns:
        The run from Snakemake's start to the last device's end, then device seconds by stage and category;
        empty if this run was not predicted. They are also left for the report.
    """
    runs = read_runs(results / "telemetry", [*config.editors, *config.judges])
    costs = measured(config, results, runs)
    folder = results / "speed"
    if costs.models:
        write_costs(folder / FILE, costs)
    expected = _read(EXPECTED)
    this_run = next((run for run in reversed(runs) if run.jobs[0].run == owner()), None)
    if this_run is not None and expected.get("run") == owner() and benchmark in expected["work"]:
        rows = [dataclasses.asdict(row) for row in _against_measured(benchmark, this_run, expected)]
        write_whole(folder / KEPT, [json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n"])
        return [Expectation(**row) for row in rows]
    return []


def _against_measured(benchmark: str, run: RunTrace, expected: Mapping[str, Any]) -> list[Expectation]:
    seconds: dict[str, float] = {}
    for job in run.jobs:
        for span in job.spans:
            if span.name in STAGES.values():
                key = f"{span.name} {job.category}"
                seconds[key] = seconds.get(key, 0.0) + span.seconds
    rows = []
    # With several benchmarks in one run its time is not one benchmark's.
    if len(expected["work"]) == 1:
        rows.append(Expectation("run, to the last device's end", expected["last_device"], run.wall))
    rows += [
        Expectation(f"{what}, device seconds", predicted, seconds.get(what, 0.0))
        for what, predicted in expected["work"][benchmark].items()
    ]
    return rows


def _read(path: Path) -> dict[str, Any]:
    """What an earlier part of this or another run has left, nothing where it has left nothing whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
