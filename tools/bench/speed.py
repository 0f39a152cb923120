"""The speed claim, measured: both sides of the old comparison, predictions, and the tiny real models."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakedit.config import load as settings
from snakedit.speed.forecast.costs import Costs, ModelCost, measured
from snakedit.speed.forecast.estimate import estimate, known_costs, whole_run
from snakedit.speed.forecast.schedule import ModelWork, fixed_shares, one_by_one
from snakedit.telemetry.runs import read_runs
from tools.bench.experiment import BATCH, CATEGORIES, DEVICES, Experiment

# The old comparison's constants: seconds an image, by the judge's batch, and to load either model.
EDIT, JUDGE, LOAD = 1.8, {"1": 2.0, "4": 3.0}, 0.5
SAMPLE = 2
Figure = tuple[str, float, str]
Figures = list[Figure]

# Configurations that predictions are made for, and the one that they are made from: categories, devices, the
# editor's load and seconds, the judge's load, seconds and batch.
FITTED: tuple[Any, ...] = ({"a": 16, "b": 16}, 3, 1.0, 0.8, 1.0, {"1": 0.8, "4": 1.6}, 4)
PREDICTED: Mapping[str, tuple[Any, ...]] = {
    "six_devices": ({"a": 36, "b": 36, "c": 48}, 6, 3.0, 1.9, 2.0, {"1": 1.0, "4": 2.0}, 4),
    "slow_loads": (dict.fromkeys("abcd", 9), 3, 14.0, 1.5, 8.0, {"1": 1.0, "8": 4.0}, 8),
    "one_category": ({"a": 40}, 2, 1.0, 2.0, 1.0, {"1": 0.6}, 1),
}


def measure_old_projection(folder: Path) -> Figures:
    """Run the whole pipeline and compare it with what older scripts were projected to take.

    Returns:
        ``old_projection_s``, computed; ``pipeline_270_s``; ``pipeline_vs_old_projection``, their ratio.
    """
    experiment = Experiment(folder, CATEGORIES)
    experiment.configure(*_old_models())
    wall = experiment.snakemake()
    projection = fixed_shares(_old_work(), DEVICES).wall
    how = f"{DEVICES} simulated devices"
    return _with_ratio(
        "pipeline_vs_old_projection",
        ("old_projection_s", projection, "computed: what older scripts were projected to take"),
        ("pipeline_270_s", wall, f"270 items, loads of {LOAD:g} s, {how}, Snakemake included, measured"),
        how,
    )


def measure_baseline(folder: Path) -> Figures:
    """Run the serial baseline on a few items of each category, in real processes.

    Returns:
        ``baseline_270_s``, extrapolated to 270 items; ``old_serial_s``, computed; ``baseline_vs_old``.
    """
    experiment = Experiment(folder, dict.fromkeys(CATEGORIES, 3 * SAMPLE))
    experiment.configure(*_old_models(), baseline_items=SAMPLE)
    experiment.snakemake("compare_speed")
    comparison = json.loads((experiment.results / "speed" / "speed.json").read_text(encoding="utf-8"))
    serial = comparison["rows"][-1]["serial"]
    start = comparison["serial_start"]
    extrapolated = start + (serial["total"] - start) / serial["images"] * sum(CATEGORIES.values())
    computed = one_by_one(_old_work()).wall
    how = f"a simulated device, measured on {comparison['sampled']} items"
    return _with_ratio(
        "baseline_vs_old",
        ("baseline_270_s", extrapolated, f"270 items one by one, {how} and multiplied"),
        ("old_serial_s", computed, "computed: what it was projected to take"),
        how,
    )


def measure_prediction(folder: Path) -> Figures:
    """Take the costs of one run; predict three others from them, then run those.

    Returns:
        ``prediction_error_NAME``, |predicted ÷ measured − 1| of the wall time, and ``prediction_error_max``.
    """
    cores = 2
    fitted, _ = _run(folder / "fitted", FITTED)
    costs = measured(
        fitted,
        folder / "fitted" / "results" / "bench",
        read_runs(_telemetry(folder / "fitted"), ["simulated"]),
    )
    figures: Figures = []
    for name, numbers in PREDICTED.items():
        predicted = _predict(folder / name, numbers, costs, cores)
        _, wall = _run(folder / name, numbers)
        error = abs(predicted / wall - 1)
        told = f"predicted {predicted:.1f} s, measured {wall:.1f} s on {numbers[1]} simulated devices"
        figures.append((f"prediction_error_{name}", error, told))
    return [*figures, ("prediction_error_max", max(error for _, error, _ in figures), "the largest of them")]


def measure_tiny_models(folder: Path) -> Figures:
    """Run both sides with the tiny random models on two CPU workers, and print the table as it is.

    Returns:
        ``tiny_speedup``; ``tiny_identical``, the share of images that both sides made to the same byte;
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
    folder = experiment.results / "speed"
    print((folder / "speed.md").read_text(encoding="utf-8"), file=sys.stderr)
    comparison = json.loads((folder / "speed.json").read_text(encoding="utf-8"))
    how = "tiny random models, 12 items, 2 CPU workers, measured"
    return [
        ("tiny_speedup", comparison["speedup"], f"one by one ÷ pipeline, {how}"),
        ("tiny_identical", comparison["identical"] / comparison["compared"], f"same images, {how}"),
        ("tiny_score_difference", comparison["largest_difference"], f"the largest, {how}"),
    ]


def _with_ratio(name: str, one: Figure, other: Figure, how: str) -> Figures:
    return [one, other, (name, one[1] / other[1], f"their ratio, {how}")]


def _old_models() -> tuple[dict[str, Any], dict[str, Any]]:
    return {"load_seconds": LOAD, "seconds": EDIT}, {"load_seconds": LOAD, "seconds_by_batch": JUDGE}


def _old_work() -> list[ModelWork]:
    seconds = {int(size): value for size, value in JUDGE.items()}
    return [
        ModelWork("editor", "edit", ModelCost(LOAD, 0.0, {1: EDIT}, measured=False), CATEGORIES),
        ModelWork("judge", "score", ModelCost(LOAD, 0.0, seconds, measured=False), CATEGORIES, batch=BATCH),
    ]


def _run(folder: Path, numbers: tuple[Any, ...]) -> tuple[settings.Config, float]:
    experiment, config = _experiment(folder, numbers)
    return config, experiment.snakemake()


def _experiment(folder: Path, numbers: tuple[Any, ...]) -> tuple[Experiment, settings.Config]:
    categories, devices, editor_load, edit, judge_load, judge, batch = numbers
    experiment = Experiment(folder, categories)
    experiment.configure(
        {"load_seconds": editor_load, "seconds": edit},
        {"load_seconds": judge_load, "seconds_by_batch": judge},
        judge_batch=batch,
        devices=devices,
    )
    return experiment, settings.load(folder / "config.yaml")


def _predict(folder: Path, numbers: tuple[Any, ...], costs: Costs, cores: int) -> float:
    _, config = _experiment(folder, numbers)
    categories, devices = numbers[:2]
    found = estimate(
        config,
        whole_run(config, categories),
        known_costs(config, [costs]),
        devices,
        cores,
        prepared=len(categories),
    )
    assert found.prediction is not None
    return found.prediction.wall


def _telemetry(folder: Path) -> Path:
    return folder / "results" / "bench" / "telemetry"
