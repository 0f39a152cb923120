"""The measured costs of editors and judges, by which the next run is predicted."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean

from snakedit.core.atomic import write_whole
from snakedit.core.hashing import fingerprint
from snakedit.core.records import Edit, Score, read_records
from snakedit.runtime.devices.discover import device_kind
from snakedit.telemetry.runs import JobTrace, RunTrace, read_runs
from snakedit.workflow.resolved import ResolvedJudge, ResolvedModel, Run

COSTS_FILE = Path("speed", "costs.json")
# Records read from each file; more would not change the means.
MAX_RECORDS = 200


@dataclass(frozen=True)
class ModelCost:
    """The cost of one editor or judge.

    Attributes:
        load: seconds to load it on a device.
        start: seconds from the start of a worker's process to the start of its loading.
        seconds: batch size → seconds a batch; an editor has batches of 1.
        workers: how many were started together when `start` was measured.
    """

    load: float
    start: float
    seconds: dict[int, float]
    workers: int = 1

    def start_of(self, workers: int, processors: int) -> float:
        """Return the seconds that several workers take to start together; they share the processors."""
        return self.start * max(1.0, workers / processors) / max(1.0, self.workers / processors)

    def batch_seconds(self, size: int) -> float:
        """Return the seconds of a batch, interpolated; beyond the largest known size in proportion to it."""
        sizes = sorted(self.seconds)
        low = max((known for known in sizes if known <= size), default=sizes[0])
        high = min((known for known in sizes if known >= size), default=sizes[-1])
        slope = (self.seconds[high] - self.seconds[low]) / (high - low) if high > low else 0.0
        return (self.seconds[low] + slope * (size - low)) * max(1.0, size / sizes[-1])


def model_key(model: ResolvedModel, kind: str) -> str:
    """Return a fingerprint of all that a model's cost depends on; its name is no part of it.

    Args:
        kind: of the devices that it runs on.
    """
    content = [kind, model.type, model.model, model.revision, model.params]
    if isinstance(model, ResolvedJudge):
        return f"score-{fingerprint([*content, model.rubric, model.reading, model.samples])[:16]}"
    return f"edit-{fingerprint(content)[:16]}"


def known_costs(run: Run, folders: Sequence[Path]) -> dict[str, ModelCost]:
    """Return what earlier runs cost, by `model_key`; a later folder wins over an earlier one.

    Args:
        folders: results of earlier runs (`results/BENCHMARK`). One without a `COSTS_FILE` is measured.
    """
    costs: dict[str, ModelCost] = {}
    names = [*run.editors, *run.judges]
    for folder in folders:
        costs |= read_costs(folder) or measured_costs(run, folder, read_runs(folder / "telemetry", names))
    return costs


def measured_costs(run: Run, results: Path, runs: Sequence[RunTrace]) -> dict[str, ModelCost]:
    """Return the costs of a run's models by `model_key`, as far as records and telemetry show them.

    Args:
        results: the benchmark's folder.
        runs: its telemetry, the latest last.
    """
    kind = device_kind(run.config.run.devices)
    costs = {}
    for model in (*run.editors.values(), *run.judges.values()):
        is_judge = isinstance(model, ResolvedJudge)
        seconds = (_judge_seconds if is_judge else _edit_seconds)(results, model.name)
        if not seconds:
            continue
        jobs = _latest_with_a_load(runs, "score_category" if is_judge else "edit_category", model.name)
        spans = [span for job in jobs for span in job.spans]
        loads = [span for span in spans if span.name == "load"]
        starts = [span.seconds for span in spans if span.name == "switch"]
        costs[model_key(model, kind)] = ModelCost(
            load=mean(span.seconds for span in loads) if loads else 0.0,
            start=mean(starts) if starts else 0.0,
            seconds=seconds,
            workers=len({span.device for span in loads}) or 1,
        )
    return costs


def read_costs(results: Path) -> dict[str, ModelCost]:
    """Return the costs that a run has left in its folder; none where the file is missing or unreadable."""
    try:
        content = json.loads((results / COSTS_FILE).read_text(encoding="utf-8"))
        return {
            key: ModelCost(**{**cost, "seconds": {int(size): s for size, s in cost["seconds"].items()}})
            for key, cost in content["models"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def write_costs(results: Path, costs: dict[str, ModelCost]) -> None:
    """Leave costs for the next run, beside those of models that this one did not use."""
    models = {key: dataclasses.asdict(cost) for key, cost in {**read_costs(results), **costs}.items()}
    write_whole(results / COSTS_FILE, [json.dumps({"models": models}, indent=1) + "\n"])


def _latest_with_a_load(runs: Sequence[RunTrace], rule: str, label: str) -> list[JobTrace]:
    for run in reversed(runs):
        jobs = [job for job in run.jobs if (job.rule, job.label) == (rule, label)]
        if any(span.name == "load" for job in jobs for span in job.spans):
            return jobs
    return []


def _edit_seconds(results: Path, editor: str) -> dict[int, float]:
    seconds = [
        edit.seconds
        for path in (results / "edits" / editor).glob("*/edits.jsonl")
        for edit in islice(read_records(path, Edit), MAX_RECORDS)
        if edit.status == "ok" and edit.seconds is not None
    ]
    return {1: mean(seconds)} if seconds else {}


def _judge_seconds(results: Path, judge: str) -> dict[int, float]:
    """Batch size → mean seconds of a batch; its items' records share them."""
    batches: dict[int, list[float]] = {}
    for path in (results / "scores" / judge).glob("*/*/scores.jsonl"):
        for score in islice(read_records(path, Score), MAX_RECORDS):
            if score.status == "ok" and score.seconds is not None and score.batch_size:
                batches.setdefault(score.batch_size, []).append(score.seconds * score.batch_size)
    return {size: mean(seconds) for size, seconds in sorted(batches.items())}
