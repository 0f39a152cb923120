"""Both sides of the comparison of speeds: the serial baseline makes what the pipeline makes."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from experiments import Experiment, rows


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


def test_both_sides_run_and_the_serial_one_makes_the_same_images_and_scores(tiny: Experiment) -> None:
    run = tiny.run("compare_speed")
    assert run.code == 0, run.output
    check_sameness(tiny, "reload")
    written = json.loads((tiny.results / "speed" / "speed.json").read_text(encoding="utf-8"))
    assert written["rows"][-1]["serial"]["images"] == written["rows"][-1]["pipeline"]["images"] == 3
    assert (written["identical"], written["compared"], written["simulated"]) == (3, 3, False)
    assert written["pipeline_usage"]["peak_memory_mb"] > 100
    pictures = {path.stem for path in (tiny.results / "speed").glob("*.svg")}
    assert pictures == {"timeline-serial", "timeline-pipeline", "shares"}
    (table,) = (tiny.results / "speed" / "telemetry").glob("serial_category/tiny/light.*.csv")
    spans = [
        line.split(",")[2] for line in table.read_text(encoding="utf-8").splitlines() if "light-1" in line
    ]
    assert spans == ["load", "edit", "unload", "load", "score", "unload"]
    before = {path: path.stat().st_mtime_ns for path in (tiny.results / "scores").rglob("*.jsonl")}

    tiny.configure(lambda config: config["run"].update(baseline_swap="offload"))
    run = tiny.run("compare_speed")
    assert run.code == 0, run.output
    assert run.rules() == {"serial_category", "build_comparison"}, "the pipeline's own results are kept"
    check_sameness(tiny, "offload")
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert tiny.run("compare_speed").jobs == []


def test_the_report_links_to_a_comparison_that_is_made_after_it_and_is_not_made_again(
    finished: Experiment,
) -> None:
    page = finished.results / "report" / "index.html"
    before = (page.read_bytes(), page.stat().st_mtime_ns)
    assert b'href="../speed/link.css"' in before[0]
    link = page.parent / "../speed/link.css"
    assert not link.exists()
    run = finished.run("compare_speed")
    assert run.code == 0, run.output
    assert run.rules() == {"serial_category", "build_comparison"}
    assert link.exists()
    assert finished.run().jobs == []
    assert finished.run("compare_speed").jobs == []
    assert before == (page.read_bytes(), page.stat().st_mtime_ns)

    # A comparison that fails leaves neither its page nor the link to it.
    for path in (finished.results / "telemetry").rglob("*.json"):
        path.unlink()
    assert finished.run("compare_speed", "--forcerun", "build_comparison").code != 0
    assert not link.exists()
    assert not (link.parent / "index.html").exists()


def test_what_is_said_to_do_without_telemetry_does_it_for_whole_categories_and_for_shards(
    experiment: Experiment,
) -> None:
    experiment.configure(lambda config: config["run"].update(shard_items=3, baseline_items=1))
    experiment.configure(lambda config: config["editors"].pop("identity"))
    run = experiment.run()
    assert run.code == 0, run.output
    assert {"edit_category", "edit_shard", "score_category", "score_shard"} <= run.rules()
    shutil.rmtree(experiment.results / "telemetry" / "edit_category")
    failed = experiment.run("compare_speed")
    assert failed.code != 0
    told = re.search(r"make everything anew: snakemake compare_speed (.*)", failed.output)
    assert told is not None, failed.output
    run = experiment.run("compare_speed", *shlex.split(told[1]))
    assert run.code == 0, run.output
    categories = {w["category"] for w in [*run.of("edit_category"), *run.of("edit_shard")]}
    assert categories == {"物理", "light"}
    assert (experiment.results / "speed" / "index.html").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_serial_side_that_is_stopped_leaves_nothing_behind_and_is_measured_again(
    finished: Experiment, how: signal.Signals
) -> None:
    slow = {"load_seconds": 0.0, "seconds": 0.4}
    finished.configure(lambda config: config["run"].update(baseline_items=None))
    finished.configure(lambda config: config["editors"]["sim"].update(params=slow))
    folder = finished.results / "speed" / "serial" / "sim" / "light"
    target = "results/small/speed/serial/sim/light/serial.json"
    running = subprocess.Popen(
        finished.command(target),
        env=finished.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: list((folder / "images").glob("*.png")))
    begin = time.monotonic()
    if how == signal.SIGINT:
        os.killpg(running.pid, how)  # as a terminal does
    else:
        next(process for process in processes(finished) if is_job(process)).send_signal(how)
    assert running.wait(30) != 0
    wait_until(lambda: not processes(finished))
    assert time.monotonic() - begin < 5
    assert not (folder / "serial.json").exists()
    log = finished.results / "logs" / "serial_category" / "sim" / "light.log"
    assert "Traceback" not in log.read_text(encoding="utf-8")
    finished.run("--unlock")
    run = finished.run(target)
    assert run.code == 0, run.output
    assert run.rules() == {"serial_category"}
    assert "3 of 3 items, reload" in log.read_text(encoding="utf-8")
    serial = json.loads((folder / "serial.json").read_text(encoding="utf-8"))
    assert (serial["items"], serial["measured"], serial["loads"], serial["identical"]) == (3, 3, 6, 3)
    assert 3 * 0.4 < serial["seconds"]["edit"] <= serial["seconds"]["total"]
    edits = list(finished.records("speed/serial/sim/light/edits.jsonl"))
    assert {path.name for path in (folder / "images").iterdir()} == {Path(e["image"]).name for e in edits}


def processes(experiment: Experiment) -> list[psutil.Process]:
    """What runs in an experiment's environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SNAKEDIT_LOCK_DIR") == experiment.environment()["SNAKEDIT_LOCK_DIR"]:
                found.append(process)
        except psutil.Error:
            continue
    return found


def is_job(process: psutil.Process) -> bool:
    return process.name().startswith("python") and any(
        "serial_category.py" in word for word in process.cmdline()
    )


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def check_sameness(tiny: Experiment, swap: str) -> None:
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
