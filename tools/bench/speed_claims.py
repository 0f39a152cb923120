"""The speed claims, measured: both sides of the older comparison, predictions, and the tiny real models."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.speed.forecast.costs import known_costs
from snakedit.speed.forecast.estimate import estimate, whole_run
from snakedit.speed.forecast.schedule import ModelWork
from snakedit.workflow.resolved import read_run
from tools.bench.experiment import BATCH_SIZE, CATEGORIES, DEVICES, Experiment
from tools.bench.measurement import Measurement
from tools.bench.older_designs import declared_work, fixed_shares, one_by_one

# Constants of the older comparison: seconds of an edit, of a judge's batch by its size, of either load.
OLD_EDIT, OLD_JUDGE, OLD_LOAD = 1.8, {"1": 2.0, "4": 3.0}, 0.5
BASELINE_ITEMS = 2


@dataclass(frozen=True)
class SimulatedRun:
    """A configuration of simulated models.

    Attributes:
        categories: category → number of items.
        devices: number of devices.
        editor_load, edit, judge_load: seconds.
        judge: seconds of a judge's batch by its size.
        batch: size of the judge's batches.
    """

    categories: Mapping[str, int]
    devices: int
    editor_load: float
    edit: float
    judge_load: float
    judge: Mapping[str, float]
    batch: int

    def experiment(self, folder: Path, categories: Mapping[str, int], devices: int) -> Experiment:
        """Write a benchmark of these categories and the configuration into a folder."""
        experiment = Experiment(folder, categories)
        experiment.configure(
            {"load_seconds": self.editor_load, "seconds": self.edit},
            {"load_seconds": self.judge_load, "seconds_by_batch": self.judge},
            judge_batch=self.batch,
            devices=devices,
        )
        return experiment


# The runs that are predicted from a small run of the same models on two devices.
PREDICTED: Mapping[str, SimulatedRun] = {
    "six_devices": SimulatedRun({"a": 36, "b": 36, "c": 48}, 6, 3.0, 1.9, 2.0, {"1": 1.0, "4": 2.0}, 4),
    "slow_loads": SimulatedRun(dict.fromkeys("abcd", 9), 3, 14.0, 1.5, 8.0, {"1": 1.0, "8": 4.0}, 8),
    "one_category": SimulatedRun({"a": 40}, 2, 1.0, 2.0, 1.0, {"1": 0.6}, 1),
}


def measure_old_projection(folder: Path) -> list[Measurement]:
    """Run the whole pipeline and compare it with the projected time of the older scripts.

    Returns:
        ``old_projection_s``, computed; ``pipeline_270_s``; ``pipeline_vs_old_projection``, their ratio.
    """
    experiment = Experiment(folder, CATEGORIES)
    experiment.configure(*_old_models())
    wall = experiment.snakemake()
    projection = fixed_shares(_old_work(), DEVICES)
    how = f"{DEVICES} simulated devices"
    return _with_ratio(
        "pipeline_vs_old_projection",
        Measurement("old_projection_s", projection, "computed: projected time of the older scripts"),
        Measurement(
            "pipeline_270_s", wall, f"270 items, loads of {OLD_LOAD:g} s, {how}, Snakemake included, measured"
        ),
        how,
    )


def measure_baseline(folder: Path) -> list[Measurement]:
    """Run the serial baseline on a few items of each category, in real processes.

    Returns:
        ``baseline_270_s``, extrapolated to 270 items; ``old_serial_s``, computed; ``baseline_vs_old``.
    """
    experiment = Experiment(folder, dict.fromkeys(CATEGORIES, 3 * BASELINE_ITEMS))
    experiment.configure(*_old_models(), baseline_items=BASELINE_ITEMS)
    experiment.snakemake("compare_speed")
    comparison = json.loads((experiment.results / "speed" / "speed.json").read_text(encoding="utf-8"))
    serial = comparison["rows"][-1]["serial"]
    start = comparison["serial_start"]
    extrapolated = start + (serial["total"] - start) / serial["images"] * sum(CATEGORIES.values())
    computed = one_by_one(_old_work())
    how = f"a simulated device, measured on {comparison['sampled']} items"
    return _with_ratio(
        "baseline_vs_old",
        Measurement("baseline_270_s", extrapolated, f"270 items one by one, {how} and multiplied"),
        Measurement("old_serial_s", computed, "computed: its projected time"),
        how,
    )


def measure_prediction(folder: Path) -> list[Measurement]:
    """Measure the costs of a small run, predict a larger one of the same models from them, then run that.

    Returns:
        ``prediction_error_NAME``, |predicted ÷ measured − 1| of the wall time, and ``prediction_error_max``.
    """
    measurements = []
    for name, run in PREDICTED.items():
        small = run.experiment(folder / f"{name}-small", {"small": 2 * run.batch}, devices=2)
        small.snakemake()
        experiment = run.experiment(folder / name, run.categories, run.devices)
        predicted = _predicted_wall(experiment, run, small.results)
        wall = experiment.snakemake()
        how = f"predicted {predicted:.1f} s, measured {wall:.1f} s on {run.devices} simulated devices"
        measurements.append(Measurement(f"prediction_error_{name}", abs(predicted / wall - 1), how))
    largest = max(measurement.value for measurement in measurements)
    return [*measurements, Measurement("prediction_error_max", largest, "the largest of them")]


def measure_tiny_models(folder: Path) -> list[Measurement]:
    """Run both sides with the tiny random models on two CPU workers, and print the comparison's table.

    Returns:
        ``tiny_speedup``; ``tiny_identical``, the share of images that are identical on both sides;
        ``tiny_score_difference``, the largest.
    """
    from snakedit.demo.checkpoints import ensure_checkpoint

    experiment = Experiment(folder, {"colour": 6, "light": 6})
    names = ("qwen-image-edit-plus-tiny", "qwen3-vl-tiny")
    for name in names:
        ensure_checkpoint(folder / name)
    sides = {"height": 256, "width": 256, "condition_side": 224, "vae_side": 256}
    editor = {"dtype": "float32", "num_inference_steps": 2, "true_cfg_scale": 1.0, **sides}
    judge = {"dtype": "float32", "max_pixels": 65536}
    experiment.write_config(
        {"tiny": {"type": "qwen_image_edit", "model": str(folder / names[0]), "params": editor}},
        {"tiny": {"type": "qwen3_vl", "model": str(folder / names[1]), "params": judge}},
        {"devices": {"kind": "cpu", "count": 2}, "baseline_items": None},
    )
    experiment.snakemake("compare_speed")
    speed = experiment.results / "speed"
    print((speed / "speed.md").read_text(encoding="utf-8"), file=sys.stderr)
    comparison = json.loads((speed / "speed.json").read_text(encoding="utf-8"))
    identical = comparison["identical"] / comparison["compared"]
    how = "tiny random models, 12 items, 2 CPU workers, measured"
    return [
        Measurement("tiny_speedup", comparison["speedup"], f"one by one ÷ pipeline, {how}"),
        Measurement("tiny_identical", identical, f"same images, {how}"),
        Measurement("tiny_score_difference", comparison["largest_difference"], f"the largest, {how}"),
    ]


def _with_ratio(name: str, first: Measurement, second: Measurement, how: str) -> list[Measurement]:
    return [first, second, Measurement(name, first.value / second.value, f"their ratio, {how}")]


def _old_models() -> tuple[dict[str, Any], dict[str, Any]]:
    editor = {"load_seconds": OLD_LOAD, "seconds": OLD_EDIT}
    return editor, {"load_seconds": OLD_LOAD, "seconds_by_batch": OLD_JUDGE}


def _old_work() -> list[ModelWork]:
    seconds = {int(size): value for size, value in OLD_JUDGE.items()}
    return declared_work(CATEGORIES, BATCH_SIZE, (OLD_LOAD, OLD_EDIT), (OLD_LOAD, seconds))


def _predicted_wall(experiment: Experiment, claim: SimulatedRun, measured: Path) -> float:
    run = read_run(experiment.folder / "config.yaml")
    work = whole_run(run, {("claim", name): count for name, count in claim.categories.items()})
    prepared = len(claim.categories)
    forecast = estimate(run, work, known_costs(run, [measured]), claim.devices, cores=2, prepared=prepared)
    assert forecast.prediction is not None
    return forecast.prediction.wall
