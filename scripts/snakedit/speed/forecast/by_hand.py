"""`scripts/estimate_run.py`: how long would it take? The costs come from a run, or are declared by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snakedit.config import load as settings
from snakedit.config.load import Config, EditorConfig, JudgeConfig
from snakedit.core.durations import rough_duration
from snakedit.core.errors import ConfigError
from snakedit.core.names import safe_name
from snakedit.report.tables.markdown import aligned, escape_markdown
from snakedit.runtime.devices.discover import device_kind
from snakedit.sources.index import read_index
from snakedit.speed.forecast.costs import FILE, Costs, ModelCost, measured, model_key, read_costs
from snakedit.speed.forecast.estimate import estimate, known_costs, limited, whole_run
from snakedit.speed.forecast.schedule import Prediction, fixed_shares, one_by_one
from snakedit.telemetry.runs import read_runs

# Stands for an experiment where only its numbers are given.
BY_HAND = {
    "benchmarks": {"items": {"format": "base64_json", "path": "-"}},
    "editors": {"editor": {"type": "simulated"}},
    "judges": {"judge": {"type": "simulated"}},
}


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        config: the experiment, or None where `items` and `declared` say it all.
        items: category → items, in the place of the benchmark's own; empty for its own.
        declared: editor or judge → what it costs, in the place of what was measured.
        batch: the judge's, where there is no configuration.
        devices, cores: that a run would have.
        measured: results of earlier runs (`results/BENCHMARK`), the best last; without any, what the
            configuration's own have left behind.
    """

    config: Path | None
    items: dict[str, int]
    declared: dict[str, ModelCost]
    batch: int
    devices: int
    cores: int
    measured: list[Path]


def answer(question: Question) -> str:
    """Return tables: what each way of running takes, and the pipeline's time by category.

    Raises:
        ConfigError: if the configuration is wrong, or a cost is neither declared nor measured.
    """
    config = _config(question)
    own = [Path("results", name) for name in config.benchmarks if question.config]
    own = [path for path in own if (path / "speed" / FILE).exists()]
    found = [_costs(path, config) for path in question.measured or own]
    costs = known_costs(config, found)
    kind = device_kind(config.run.devices)
    entries: dict[str, EditorConfig | JudgeConfig] = {**config.editors, **config.judges}
    for name, cost in question.declared.items():
        if name not in entries:
            raise ConfigError(f"'{name}' is not known", where="--declare", allowed=", ".join(entries))
        costs.models[model_key(entries[name], kind)] = cost
    counts = question.items or _counts(config)
    asked = estimate(
        config, whole_run(config, counts), costs, question.devices, question.cores, prepared=len(counts)
    )
    if asked.unknown:
        raise ConfigError(
            f"it is not known what {', '.join(asked.unknown)} take",
            where=str(question.config or "--items"),
            hint="run once, or give --declare NAME=load:SECONDS,1:SECONDS",
        )
    if asked.prediction is None:
        raise ConfigError("nothing in it takes a device", where=str(question.config or "--items"))
    serial = one_by_one(asked.work)
    ways = {
        "one by one on one device": serial,
        "fixed shares, one judge, as older scripts reckon": fixed_shares(asked.work, question.devices),
        "the same in whole rounds and batches": fixed_shares(asked.work, question.devices, whole=True),
        "snakedit, Snakemake's own time included": asked.prediction,
    }
    return f"{_ways(ways, serial.wall)}\n\n{_categories(asked.prediction, counts)}\n"


def parse_items(text: str) -> dict[str, int]:
    """Return category → items from ``colour=50,light=70``, or from counts alone.

    >>> parse_items("50,70")
    {'1': 50, '2': 70}
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = {}
    for place, part in enumerate(parts, start=1):
        name, _, count = part.rpartition("=")
        if not count.isdecimal() or int(count) < 1:
            raise ConfigError(f"'{part}' is no number of items", where="--items", allowed="50,70 or name=50")
        found[safe_name(name or str(place))] = int(count)
    return found


def parse_cost(text: str) -> tuple[str, ModelCost]:
    """Return a name and its cost from ``vl=load:12,1:2,4:3``: loading, then seconds by batch size."""
    name, _, costs = text.partition("=")
    allowed = "NAME=load:SECONDS,1:SECONDS, and for a judge more batch sizes as 4:SECONDS"
    try:
        pairs = dict(part.split(":", 1) for part in costs.split(","))
        load = float(pairs.pop("load", "0"))
        seconds = {int(size): float(value) for size, value in pairs.items()}
    except ValueError:
        raise ConfigError(f"'{text}' is no cost", where="--declare", allowed=allowed) from None
    if not seconds or min(seconds) < 1 or min(load, *seconds.values()) < 0:
        raise ConfigError(f"'{text}' is no cost", where="--declare", allowed=allowed)
    return name, ModelCost(load, 0.0, seconds, measured=False)


def _config(question: Question) -> Config:
    if question.config is not None:
        return settings.load(question.config)
    if not question.items:
        raise ConfigError("neither is given", where="--config, --items")
    config = settings.from_dict(settings.normalise(BY_HAND, "--items"))
    judge = replace(config.judges["judge"], batch_size=question.batch)
    return replace(config, judges={"judge": judge})


def _counts(config: Config) -> dict[str, int]:
    counts = {}
    for name, benchmark in config.benchmarks.items():
        index = read_index(benchmark, Path("results", name, "index.json"))
        for folder, category in index.categories.items():
            counts[f"{name}/{folder}"] = limited(category.count, benchmark.limit)
    return counts


def _costs(path: Path, config: Config) -> Costs:
    """What a run has left behind, or else what its records tell."""
    left = read_costs(path / "speed" / FILE)
    if left.models:
        return left
    runs = read_runs(path / "telemetry", [*config.editors, *config.judges])
    if not runs:
        raise ConfigError("holds no telemetry of this configuration's models", where=str(path))
    return measured(config, path, runs)


def _ways(ways: Mapping[str, Prediction], serial: float) -> str:
    rows = [
        [
            name,
            str(way.devices),
            f"{way.wall:,.1f}",
            rough_duration(way.wall),
            f"{way.gpu_hours:.3f}",
            f"{serial / way.wall:.1f} ×",
        ]
        for name, way in ways.items()
    ]
    return aligned([["predicted", "devices", "s", "", "device-hours", "speed-up"], *rows])


def _categories(prediction: Prediction, counts: Mapping[str, int]) -> str:
    """Edits and scores of a category are device seconds; its time is its share of the run's, by its work."""
    work: dict[str, dict[str, float]] = {}
    for (name, stage), seconds in prediction.work.items():
        # A judge's categories begin with the editor's name.
        category = name if name in counts else name.partition("/")[2]
        work.setdefault(category, {}).setdefault(stage, 0.0)
        work[category][stage] += seconds
    everything = sum(sum(stages.values()) for stages in work.values())
    rows: list[Sequence[str]] = [
        [
            escape_markdown(category),
            str(counts[category]),
            *(f"{stages.get(stage, 0.0):,.1f}" for stage in ("edit", "score")),
            f"{prediction.last_device * sum(stages.values()) / everything if everything else 0.0:,.1f}",
        ]
        for category, stages in work.items()
    ]
    head = ["category", "items", "edit, device s", "score, device s", "share of the run, s"]
    return aligned([head, *rows])
