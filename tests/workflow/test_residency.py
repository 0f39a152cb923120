"""Resident pools in whole runs: they share devices with nobody, and outlive nothing."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import threading
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from counted_models import wait_until
from experiments import Experiment, Run, rows, write_small_experiment

# Generous: a machine may be busy. That nothing went on is seen by the images that are missing.
DEADLINE = 60.0


def pool_processes(experiment: Experiment) -> list[psutil.Process]:
    """Processes of this experiment's run: those that inherited its lock folder, but for Snakemake itself."""
    wanted = experiment.environment()["SNAKEDIT_LOCK_DIR"]
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SNAKEDIT_LOCK_DIR") == wanted and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def slow(experiment: Experiment) -> Experiment:
    """The experiment with edits that take so long that they can be interrupted."""
    experiment.configure(lambda config: config["editors"]["sim"]["params"].update(seconds=1.5))
    return experiment


def start(experiment: Experiment) -> subprocess.Popen[bytes]:
    running = subprocess.Popen(
        experiment.command(),
        env=experiment.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: experiment.image_times("sim"), 60, "no image appeared")
    return running


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_a_run_however_it_ends(
    slow: Experiment, how: signal.Signals, resident: bool
) -> None:
    slow.configure(lambda config: config["run"].update(resident=resident))
    running = start(slow)
    if how == signal.SIGINT:
        os.killpg(running.pid, how)  # as a terminal does
    else:
        running.send_signal(how)
    if how == signal.SIGTERM:  # Snakemake lets running jobs finish
        running.wait(60)
    running.wait(DEADLINE)
    wait_until(lambda: not pool_processes(slow), DEADLINE, f"{pool_processes(slow)} are left")
    if how != signal.SIGTERM:
        assert len(slow.image_times("sim")) < 7

    for path in slow.results.glob("edits/sim/*/images/*"):
        assert path.suffix == ".png" or path.name.startswith("."), path
    slow.run("--unlock")
    run = slow.run()
    assert run.code == 0, run.output
    assert len(slow.image_times("sim")) == 7
    assert not list(slow.results.glob("edits/sim/*/images/.*"))


def test_a_killed_job_leaves_its_pool_to_the_others(slow: Experiment) -> None:
    source = {"物理": rows("物理", 8), "light": rows("light", 8)}
    (slow.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")
    running = start(slow)
    jobs = [p for p in psutil.Process(running.pid).children(recursive=True) if _is_edit_job(p)]
    pools = {p.pid for p in pool_processes(slow) if any("serve_pool.py" in w for w in p.cmdline())}
    assert jobs
    jobs[0].kill()
    assert running.wait(120) != 0
    assert len(pools) == 1
    # Both categories were in flight on it; the other one is whole.
    whole = [p for p in slow.results.glob("edits/sim/*/edits.jsonl")]
    assert len(whole) == 1
    assert slow.run().code == 0
    assert len(slow.image_times("sim")) == 16


def _is_edit_job(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("python") and any("edit_category.py" in w for w in process.cmdline())
    except psutil.Error:
        return False


def test_two_runs_at_once_share_no_device_and_both_finish(tmp_path: Path, experiment: Experiment) -> None:
    (tmp_path / "other").mkdir()
    other = write_small_experiment(tmp_path / "other")
    locks = experiment.environment()["SNAKEDIT_LOCK_DIR"]
    other.environment = lambda: {**Experiment.environment(other), "SNAKEDIT_LOCK_DIR": locks}  # type: ignore[method-assign]
    for each in (experiment, other):
        each.configure(lambda config: config["editors"]["sim"]["params"].update(seconds=0.1))
    runs: list[Run] = []
    threads = [threading.Thread(target=lambda e=e: runs.append(e.run())) for e in (experiment, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert [run.code for run in runs] == [0, 0], runs
    spans = []
    for each in (experiment, other):
        for category in ("物理", "light"):
            for edit in each.records(f"edits/sim/{category}/edits.jsonl"):
                spans.append((edit["device"], edit["started"], edit["seconds"]))
    by_device: dict[str, list[tuple[float, float]]] = {}
    for device, started, seconds in spans:
        begin = datetime.fromisoformat(started).timestamp()
        by_device.setdefault(device, []).append((begin, begin + seconds))
    for times in by_device.values():
        ordered = sorted(times)
        assert all(end <= begin + 0.001 for (_, end), (begin, _) in itertools.pairwise(ordered))


def test_any_number_of_devices_makes_the_same_bytes(experiment: Experiment) -> None:
    made = []
    for count in (1, 2, 6):
        experiment.configure(lambda config, n=count: config["run"]["devices"].update(count=n))
        shutil.rmtree(experiment.results / "edits", ignore_errors=True)
        run = experiment.run("results/small/edits/sim/物理/edits.jsonl")
        assert run.code == 0, run.output
        made.append([edit["image_sha256"] for edit in experiment.records("edits/sim/物理/edits.jsonl")])
    assert len(set(made[0])) == 4
    assert made[1:] == made[:1] * 2


def test_without_residency_each_job_has_workers_of_its_own(experiment: Experiment) -> None:
    experiment.configure(lambda config: config["run"].update(resident=False))
    run = experiment.run()
    assert run.code == 0, run.output
    assert pool_processes(experiment) == []
