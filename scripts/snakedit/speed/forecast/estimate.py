"""How long a run will take: its configuration, its items and what its parts cost, played through.

The rules read this while the Snakefile is parsed, so it imports neither torch nor pandas.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from snakedit.config.load import Config, EditorConfig, JudgeConfig
from snakedit.core.durations import rough_duration
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.runtime.devices.discover import device_kind
from snakedit.speed.forecast.costs import Costs, ModelCost, declared, model_key
from snakedit.speed.forecast.schedule import ModelWork, Prediction, pipeline

# Controls and servers: what they take is not known, and not what the devices wait for.
NO_COST = ModelCost(0.0, 0.0, {1: 0.01}, measured=False)


@dataclass(frozen=True)
class Estimate:
    """A prediction, and what it rests on.

    Attributes:
        unknown: editors and judges whose costs are neither declared nor measured; without them there is no
            prediction.
        work: what was played through.
    """

    prediction: Prediction | None
    unknown: list[str]
    work: list[ModelWork]


def known_costs(config: Config, found: Sequence[Costs]) -> Costs:
    """Return declared and measured costs together; what was measured comes before what is declared.

    For a simulated model only the time its processes take to start is taken from a measurement.

    Args:
        found: of earlier runs, the best last.
    """
    models: dict[str, ModelCost] = {}
    for costs in found:
        models |= costs.models
    known = list(models.values())
    for key, cost in declared(config).items():
        started = [models[key]] if key in models else known
        if started:
            most = max(cost.workers for cost in started)
            start = mean(cost.start_of(most, os.cpu_count() or 1) for cost in started)
            cost = dataclasses.replace(cost, start=start, workers=most)
        models[key] = cost
    return Costs(models, found[-1].overheads) if found else Costs(models)


def estimate(
    config: Config,
    jobs: Mapping[str, Mapping[str, Mapping[str, int]]],
    costs: Costs,
    devices: int,
    cores: int,
    prepared: int = 0,
) -> Estimate:
    """Play a run through.

    Args:
        jobs: ``edit`` and ``score`` → the editor's or the judge's name → category → items.
        costs: of its models.
        devices: that it may use.
        cores: that jobs without a device may use.
        prepared: categories that are to be prepared.
    """
    kind = device_kind(config.run.devices)
    work, unknown = [], []
    entries: list[EditorConfig | JudgeConfig] = [*config.editors.values(), *config.judges.values()]
    for entry in entries:
        is_judge = isinstance(entry, JudgeConfig)
        stage = "score" if is_judge else "edit"
        categories = jobs.get(stage, {}).get(entry.name, {})
        if not categories:
            continue
        needs_device = bool((JUDGES if is_judge else EDITORS)[entry.type].needs_device)
        cost = costs.models.get(model_key(entry, kind), None if needs_device else NO_COST)
        if cost is None:
            unknown.append(entry.name)
            continue
        work.append(
            ModelWork(
                entry.name,
                stage,
                cost,
                categories,
                batch=entry.batch_size if isinstance(entry, JudgeConfig) else 1,
                needs_device=needs_device,
            )
        )
    if unknown or devices < 1 or not any(model.needs_device for model in work):
        return Estimate(None, unknown, work)
    played = pipeline(work, devices, cores, costs.overheads, prepared, config.run.resident)
    return Estimate(played, [], work)


def whole_run(config: Config, counts: Mapping[str, int]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the jobs of a run that makes everything; a judge's categories are those of every editor.

    Args:
        counts: category → items.
    """
    return {
        "edit": {editor: dict(counts) for editor in config.editors},
        "score": {
            judge: {f"{editor}/{name}": count for editor in config.editors for name, count in counts.items()}
            for judge in config.judges
        },
    }


def line(found: Estimate, devices: int) -> str:
    """Return what a run is expected to take, in one line; empty where nothing takes a device."""
    if found.unknown:
        names = ", ".join(f"'{name}'" for name in dict.fromkeys(found.unknown))
        return f"no estimate: {names} will be timed by this run"
    if found.prediction is None:
        return ""
    edits, scores = (
        sum(sum(m.categories.values()) for m in found.work if m.kind == kind and m.needs_device)
        for kind in ("edit", "score")
    )
    return (
        f"{edits:,} edits and {scores:,} scores on {devices} device{'s' if devices != 1 else ''}: about "
        f"{rough_duration(found.prediction.wall)}, {found.prediction.gpu_hours:.2f} device-hours"
    )


def limited(count: int, limit: int | None) -> int:
    """Return how many of a category's items are taken."""
    return count if limit is None else min(count, limit)
