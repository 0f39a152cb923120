"""What a run's parts cost: declared for simulated models, or measured by an earlier run's own records."""

import csv
import dataclasses
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from statistics import NormalDist, mean
from typing import Any

from snakedit.config.load import Config, EditorConfig, JudgeConfig, read_params
from snakedit.core.atomic import write_whole
from snakedit.core.hashing import fingerprint
from snakedit.core.records import Edit, Score, read_records
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.judges.simulated_judge import seconds_of_batch
from snakedit.runtime.devices.discover import device_kind
from snakedit.telemetry.jobs import JobTrace, devices_of
from snakedit.telemetry.runs import RunTrace

SIMULATED = "simulated"
FILE = "costs.json"
# Records that are looked at in each file: means of more change nothing.
MAX_RECORDS = 200


@dataclass(frozen=True)
class ModelCost:
    """What one editor or judge costs.

    Attributes:
        load: seconds to load it on a device.
        start: seconds from the birth of a worker's process to the begin of its loading.
        seconds: items in a batch → seconds; an editor has batches of 1.
        measured: whether it was, or was declared.
        workers: how many were started together when `start` was measured.
    """

    load: float
    start: float
    seconds: dict[int, float]
    measured: bool
    workers: int = 1

    def start_of(self, workers: int, processors: int) -> float:
        """Return the seconds that so many workers take to start together: they share the processors."""
        return self.start * max(1.0, workers / processors) / max(1.0, self.workers / processors)


@dataclass(frozen=True)
class Overheads:
    """Seconds beside the models' own; the defaults were measured on two cores.

    Attributes:
        begin: from Snakemake's start to its first job.
        prepare: of one job that prepares a category.
        job: from the start of a job's process to its asking for a pool.
        join: from there to the birth of the pool's workers.
        turn: from the end of a job to the start of the next one's process.
        handover: from the last task of one model to the birth of the next one's workers.
        report: of the job that builds the report.
        finish: from the last job's end to Snakemake's.
    """

    begin: float = 1.2
    prepare: float = 0.5
    job: float = 0.4
    join: float = 0.3
    turn: float = 0.1
    handover: float = 0.7
    report: float = 2.5
    finish: float = 0.6


@dataclass(frozen=True)
class Costs:
    """Everything a prediction needs; models by ``edit`` or ``score``, and `model_key`."""

    models: dict[str, ModelCost] = field(default_factory=dict)
    overheads: Overheads = field(default_factory=Overheads)


def model_key(entry: EditorConfig | JudgeConfig, kind: str) -> str:
    """Return what the cost of a model depends on, as one word; its name has no part in it.

    Args:
        kind: of the devices it runs on.
    """
    what: dict[str, Any] = {"kind": kind, "type": entry.type, "model": entry.model, "params": entry.params}
    if isinstance(entry, JudgeConfig):
        what |= {"rubric": entry.rubric, "reading": entry.reading, "samples": entry.samples}
    return f"{'score' if isinstance(entry, JudgeConfig) else 'edit'}-{fingerprint(what)[:16]}"


def declared(config: Config) -> dict[str, ModelCost]:
    """Return the costs that simulated editors and judges are declared to have."""
    kind = device_kind(config.run.devices)
    found = {}
    entries: list[EditorConfig | JudgeConfig] = [*config.editors.values(), *config.judges.values()]
    for entry in entries:
        if entry.type != SIMULATED:
            continue
        family: Any = (JUDGES if isinstance(entry, JudgeConfig) else EDITORS)[SIMULATED]
        params = read_params(family.Params, entry.params, f"{entry.name}.params")
        if isinstance(entry, JudgeConfig):
            sizes = range(1, entry.batch_size + 1)
            seconds = {size: seconds_of_batch(params.seconds_by_batch, size) for size in sizes}
        else:
            seconds = {1: params.seconds * _lognormal_mean(params.sigma)}
        found[model_key(entry, kind)] = ModelCost(
            params.load_seconds, DECLARED_START, seconds, measured=False
        )
    return found


# A worker of a simulated model imports little; measured of one.
DECLARED_START = 0.35


def measured(config: Config, results: Path, runs: Sequence[RunTrace]) -> Costs:
    """Return what the latest run of a benchmark cost, as far as its records and telemetry tell.

    Args:
        results: the benchmark's folder.
        runs: its telemetry, the latest last.
    """
    kind = device_kind(config.run.devices)
    models = {}
    entries: list[EditorConfig | JudgeConfig] = [*config.editors.values(), *config.judges.values()]
    for entry in entries:
        rule = "score_category" if isinstance(entry, JudgeConfig) else "edit_category"
        jobs = _latest_with_a_load(runs, rule, entry.name)
        seconds = (
            _judge_seconds(results, entry.name)
            if isinstance(entry, JudgeConfig)
            else _edit_seconds(results, entry.name)
        )
        if seconds:
            models[model_key(entry, kind)] = ModelCost(
                _mean_of(jobs, "load"),
                _mean_of(jobs, "switch"),
                seconds,
                measured=True,
                workers=len({span.device for job in jobs for span in job.spans if span.name == "load"}) or 1,
            )
    return Costs(models, _overheads(runs, results))


def read_costs(path: Path) -> Costs:
    """Return the costs that a run has left behind; without any, or with a damaged file, none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        models = {
            key: ModelCost(**{**cost, "seconds": {int(size): s for size, s in cost["seconds"].items()}})
            for key, cost in content["models"].items()
        }
        return Costs(models, Overheads(**content["overheads"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Costs()


def write_costs(path: Path, costs: Costs) -> None:
    """Leave costs behind for the next run; those of models that it did not use are kept."""
    kept = {**read_costs(path).models, **costs.models}
    content = dataclasses.asdict(dataclasses.replace(costs, models=kept))
    write_whole(path, [json.dumps(content, indent=1) + "\n"])


def _lognormal_mean(sigma: float, cut: float = 10.0) -> float:
    if sigma == 0:
        return 1.0
    normal, steps = NormalDist(0.0, sigma), 1000
    return mean(min(math.exp(normal.inv_cdf((n + 0.5) / steps)), cut) for n in range(steps))


def _latest_with_a_load(runs: Sequence[RunTrace], rule: str, label: str) -> list[JobTrace]:
    for run in reversed(runs):
        jobs = [job for job in run.jobs if (job.rule, job.label) == (rule, label)]
        if any(span.name == "load" for job in jobs for span in job.spans):
            return jobs
    return []


def _mean_of(jobs: Sequence[JobTrace], name: str) -> float:
    seconds = [span.seconds for job in jobs for span in job.spans if span.name == name]
    return mean(seconds) if seconds else 0.0


def _edit_seconds(results: Path, editor: str) -> dict[int, float]:
    seconds = [
        edit.seconds
        for path in (results / "edits" / editor).glob("*/edits.jsonl")
        for edit in islice(read_records(path, Edit), MAX_RECORDS)
        if edit.status == "ok" and edit.seconds is not None
    ]
    return {1: mean(seconds)} if seconds else {}


def _judge_seconds(results: Path, judge: str) -> dict[int, float]:
    """Batch size → mean seconds of a batch, from the seconds that its items share."""
    batches: dict[int, list[float]] = {}
    for path in (results / "scores" / judge).glob("*/*/scores.jsonl"):
        for score in islice(read_records(path, Score), MAX_RECORDS):
            if score.status == "ok" and score.seconds is not None and score.batch_size:
                batches.setdefault(score.batch_size, []).append(score.seconds * score.batch_size)
    return {size: mean(seconds) for size, seconds in sorted(batches.items())}


def _overheads(runs: Sequence[RunTrace], results: Path) -> Overheads:
    """What the latest run with a load took beside its models."""
    default = Overheads()
    told: dict[str, float] = {}
    prepare = _benchmark_seconds(results, "prepare_category/*.tsv")
    report = _benchmark_seconds(results, "build_report/*.tsv")
    if prepare:
        told["prepare"] = mean(prepare)
    if report:
        told["report"] = mean(report)
    for run in reversed(runs):
        jobs = [job for job in run.jobs if devices_of(job.spans[0].device) and "job" in job.began]
        born = [job for job in jobs if any(span.name == "load" for span in job.spans)]
        if not born or any("run" not in job.began for job in jobs):
            continue
        first = min(jobs, key=lambda job: job.began["job"])
        waited = first.began["job"] - run.start - told.get("prepare", default.prepare)
        told["begin"] = max(0.3, waited)
        told["job"] = mean(job.began["trace"] - job.began["job"] for job in jobs)
        if first in born:
            told["join"] = max(0.0, first.spans[0].start - first.began["trace"])
        handovers = _handovers(jobs)
        if handovers:
            told["handover"] = mean(handovers)
        break
    return dataclasses.replace(default, **told)


def _handovers(jobs: Sequence[JobTrace]) -> list[float]:
    """Seconds from one model's last task to the birth of the next one's first worker."""
    stages: dict[tuple[str, str], list[JobTrace]] = {}
    for job in jobs:
        stages.setdefault((job.rule, job.label), []).append(job)
    ordered = sorted(stages.values(), key=lambda group: min(job.spans[0].start for job in group))
    gaps = []
    for before, after in pairwise(ordered):
        births = [span.start for job in after for span in job.spans if span.name == "switch"]
        gaps += [min(births) - max(job.end for job in before)] if births else []
    return [gap for gap in gaps if gap > 0]


def _benchmark_seconds(results: Path, pattern: str) -> list[float]:
    """The wall times that Snakemake measured of a rule's jobs."""
    found = []
    for path in (results / "benchmarks").glob(pattern):
        # Snakemake does not wait for the disk: after a power cut a file may hold nothing.
        with suppress(ValueError, KeyError), open(path, encoding="utf-8", newline="") as file:
            found += [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    return found
