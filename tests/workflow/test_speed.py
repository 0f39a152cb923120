"""Both sides of the comparison of speeds: the serial baseline makes what the pipeline makes."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import Experiment, rows


@pytest.fixture
def tiny(experiment: Experiment, tiny_editor: Path, tiny_judge: Path) -> Experiment:
    """The tiny real models on two CPU workers, one category."""
    models = experiment.folder / "models"
    shutil.copytree(tiny_editor, models / "editor")
    shutil.copytree(tiny_judge, models / "judge")
    source = {"light": rows("light", 3)}
    (experiment.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")
    sides = {"height": 64, "width": 64, "condition_side": 64, "vae_side": 64}
    editor = {"dtype": "float32", "num_inference_steps": 2, "true_cfg_scale": 1.0, **sides}
    experiment.configure(
        lambda config: config.update(
            editors={
                "tiny": {"type": "qwen_image_edit", "model": "models/editor", "params": editor},
            },
            judges={
                "tiny": {
                    "type": "qwen3_vl",
                    "model": "models/judge",
                    "min_scale_mass": 0.0,
                    "params": {"dtype": "float32", "max_pixels": 65536},
                }
            },
            run={"devices": {"kind": "cpu", "count": 2}, "baseline_items": None},
        )
    )
    return experiment


def test_the_serial_baseline_makes_the_same_images_and_scores_as_the_pipeline(tiny: Experiment) -> None:
    for swap in ("reload", "offload"):
        check_sameness(tiny, swap)


def check_sameness(tiny: Experiment, swap: str) -> None:
    tiny.configure(lambda config: config["run"].update(baseline_swap=swap))
    run = tiny.run("results/small/speed/serial/tiny/light/serial.json")
    assert run.code == 0, run.output
    serial = json.loads((tiny.results / "speed/serial/tiny/light/serial.json").read_text(encoding="utf-8"))
    assert (serial["items"], serial["measured"], serial["swap"]) == (3, 3, swap)
    assert serial["loads"] == 2 * 3, "the editor and the judge for each item"
    assert (serial["compared"], serial["identical"]) == (3, 3)
    assert serial["largest_difference"] <= 1e-4

    ours = tiny.results / "speed" / "serial" / "tiny" / "light"
    theirs = tiny.results / "edits" / "tiny" / "light"
    images = sorted(path.name for path in (theirs / "images").glob("*.png"))
    assert len(images) == 3
    for name in images:
        assert (ours / "images" / name).read_bytes() == (theirs / "images" / name).read_bytes(), name
    scores = {score["item"]: score for score in tiny.records("scores/tiny/tiny/light/scores.jsonl")}
    alone = tiny.records("speed/serial/tiny/light/scores-tiny.jsonl")
    assert {score["batch_size"] for score in scores.values()} == {3}
    assert {score["batch_size"] for score in alone} == {1}
    for score in alone:
        assert score["values"] == pytest.approx(scores[score["item"]]["values"], abs=1e-4)
