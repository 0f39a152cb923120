"""One long night: workers die, one hangs, a device fails, two items are poison, the driver is killed once."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
from experiments import Experiment, add, copy_of_the_repository, rows

ITEMS, DEVICES, WORKER_KILLS = 300, 6, 4
POISON = {"night-17", "night-203"}
HANGS = "night-101"
FAILING = "simulated:3"

EDITOR = '''\
"""A simulated editor with faults: it says what it edits, two items kill it, one hangs, a device fails."""

import os
import signal
import time
from pathlib import Path

from snakedit.editors.simulated_editor import SimulatedEditor

POISON, HANGS, FAILING, LOG = {poison!r}, {hangs!r}, {failing!r}, Path({log!r})


class Faulty(SimulatedEditor):
    def edit(self, request):
        item = request.item.id
        if self.device == FAILING:
            raise RuntimeError("this device is broken")
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(f"{{item}}\\n")
        if item in POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        if item == HANGS and LOG.read_text(encoding="utf-8").split().count(item) == 1:
            time.sleep(3600)
        return super().edit(request)
'''


def _workers(experiment: Experiment) -> list[psutil.Process]:
    """The processes that edit: children of the pool that multiprocessing has started."""
    wanted = experiment.environment()["SNAKEDIT_LOCK_DIR"]
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SNAKEDIT_LOCK_DIR") != wanted:
                continue
            if any("spawn_main" in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _is_driver(process: psutil.Process) -> bool:
    return process.name().startswith("python") and "edit_category.py" in " ".join(process.cmdline())


def _edited(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").split() if log.exists() else []


def test_every_good_item_has_exactly_one_image_after_a_night_of_faults(experiment: Experiment) -> None:
    log = experiment.folder / "edited.log"
    repository = copy_of_the_repository(experiment.folder)
    text = EDITOR.format(poison=POISON, hangs=HANGS, failing=FAILING, log=str(log))
    add(repository, "editors", '"faulty": "snakedit.editors.toy:Faulty",', text)
    experiment.repository = repository
    source = {"night": rows("night", ITEMS)}
    (experiment.folder / "small.json").write_text(json.dumps(source), encoding="utf-8")
    experiment.configure(
        lambda config: config.update(editors={"f": {"type": "faulty", "params": {"seconds": 0.05}}})
    )
    experiment.configure(lambda config: config["run"].update(item_timeout=3))
    experiment.configure(lambda config: config["run"]["devices"].update(count=DEVICES))
    target = "results/small/edits/f/night/edits.jsonl"

    drawn = random.Random(1)
    running = subprocess.Popen(
        experiment.command(target),
        env=experiment.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    milestones = sorted(drawn.sample(range(20, 130), WORKER_KILLS))
    for milestone in milestones:
        _wait_for(lambda m=milestone: len(_edited(log)) >= m)
        drawn.choice(_workers(experiment)).kill()
    _wait_for(lambda: len(_edited(log)) >= 160)
    driver = next(p for p in psutil.Process(running.pid).children(recursive=True) if _is_driver(p))
    os.kill(driver.pid, signal.SIGKILL)
    assert running.wait(60) != 0
    kept = experiment.image_times("f")
    assert kept

    run = experiment.run(target)
    assert run.code == 0, run.output
    edits = {edit["item"]: edit for edit in experiment.records("edits/f/night/edits.jsonl")}
    assert len(edits) == ITEMS
    failed = {item for item, edit in edits.items() if edit["status"] == "failed"}
    assert failed == POISON
    for item in POISON:
        assert "its worker process died" in edits[item]["error"]
    worked = {edit["device"] for edit in edits.values() if edit["status"] == "ok"} - {None}
    assert FAILING not in worked
    assert f"{FAILING} fails what other devices can do and is parked" in run.output
    images = experiment.image_times("f")
    assert len(images) == ITEMS - len(POISON)
    assert {name: images[name] for name in kept} == kept, "a finished image was made again"

    counts = {item: _edited(log).count(item) for item in edits}
    # A poison item kills two workers in each of the two runs that meet it, at most.
    assert all(counts[item] <= 4 for item in POISON)
    # Beyond once each: a killed worker's item, the hanging one, what six workers held as the driver died.
    again = sum(count - 1 for item, count in counts.items() if item not in POISON)
    assert again <= WORKER_KILLS + 1 + DEVICES


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
