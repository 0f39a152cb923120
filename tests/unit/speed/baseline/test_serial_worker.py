import gc

import pytest
from PIL import Image

from snakedit.core.errors import StageError
from snakedit.core.images import save_png
from snakedit.core.records import Item
from snakedit.editors import simulated_editor as simulated
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.judges.simulated_judge import SimulatedJudge
from snakedit.speed.baseline import serial_worker as worker_module
from snakedit.speed.baseline.serial_worker import SerialWorker


def worker(swap, device="simulated:0"):
    settings = {"type": "simulated", "model": None, "params": {}, "needs_device": True}
    content = load_rubric("viescore").content()
    judge = {**settings, "rubric": content, "reading": "expected"}
    judge |= {"min_scale_mass": 0.5, "samples": 1}
    return SerialWorker({"swap": swap, "editor": settings, "judges": {"j": judge}}, device)


def payload(folder):
    save_png(Image.new("RGB", (8, 8)), folder / "s.png")
    item = vars(Item("i", "c", ["s.png"], ["0" * 64], "warmer"))
    edit = {"item": item, "sources": [str(folder / "s.png")], "inputs": {}, "seed": 1}
    edit |= {"image": "e.png", "output": str(folder / "e.png"), "text": {}}
    entry = {"item": item, "sources": edit["sources"], "edit": edit["output"], "extras": {}, "seed": 1}
    return {"edit": edit, "judges": {"j": {"batch": [entry]}}}


@pytest.mark.parametrize(("swap", "loads"), [("reload", 1 + 2), ("offload", 1)])
def test_reloading_loads_for_each_item_and_offloading_once(tmp_path, monkeypatch, swap, loads):
    counted = []
    monkeypatch.setattr(gc, "collect", lambda: 0)
    monkeypatch.setattr(simulated.time, "sleep", counted.append)
    serial_worker = worker(swap)
    for _ in range(2):
        serial_worker.handle(payload(tmp_path))
    # The editor and the judge sleep to load, and for each item to work.
    assert len(counted) == 2 * loads + 2 * 2


def test_where_a_judge_is_spread_the_editor_has_the_first_device(monkeypatch):
    places = []
    for name in ("load_edit_worker", "load_score_worker"):
        monkeypatch.setattr(worker_module, name, lambda settings, device: places.append(device))
    worker("reload", "cuda:0,cuda:1")
    assert places == ["cuda:0", "cuda:0,cuda:1"]


def test_a_judge_that_is_spread_is_not_moved_to_cpu_memory_and_back():
    with pytest.raises(StageError, match=r"run.baseline_swap.*several devices.*allowed: reload"):
        worker("offload", "cuda:0,cuda:1")


def test_what_fails_in_the_middle_is_still_unloaded(tmp_path, monkeypatch):
    serial_worker = worker("reload")

    def fail(self, requests):
        raise RuntimeError("broken")

    monkeypatch.setattr(SimulatedJudge, "judge", fail)
    with pytest.raises(RuntimeError, match="broken"):
        serial_worker.handle(payload(tmp_path))
    assert [span["name"] for span in serial_worker._spans] == [
        "load",
        "edit",
        "unload",
        "load",
        "score",
        "unload",
    ]
    assert serial_worker._judges["j"]._handler is None
