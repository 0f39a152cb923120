"""Edits are judged as soon as they are made, where the judge is behind a server."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from endpoint_by_hand import Asked, Told, chat, only_the_loopback, picture_told, serving
from experiments import Experiment, rows, write_small_experiment
from PIL import Image

from snakedit.telemetry.trace import read_trace

EDITS, CATEGORIES = 6, ("c", "d")
AT_ONCE = 2


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    only_the_loopback(monkeypatch, SNAKEDIT_TEST_KEY="sk-geheim-0123456789abcdef")


class Painter:
    """Edits and judges. The edit of number n is 40 + n pixels wide, by which a judgement is told apart.

    Attributes:
        order: ``edit`` and ``judge``, as they came.
    """

    def __init__(self, holds_last: bool = False) -> None:
        """With `holds_last` the last edit is made only once a judgement has been asked for."""
        self._holds_last, self._has_judged = holds_last, threading.Event()
        self.edits = 0
        self.judged: Counter[int] = Counter()
        self.order: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, asked: Asked, number: int) -> Told:
        is_edit = asked.path.endswith("/images/edits")
        if self._holds_last and is_edit and self.edits == EDITS * len(CATEGORIES) - 1:
            assert self._has_judged.wait(100)
        with self._lock:
            if is_edit:
                self.edits += 1
                self.order.append("edit")
                return Told(**{**vars(picture_told(Image.new("RGB", (40 + self.edits, 40)))), "seconds": 0.2})
            self._has_judged.set()
            width = asked.pictures[-1].width
            self.judged[width] += 1
            self.order.append("judge")
            # One edit in five gets an answer that cannot be read.
            return chat("as you like" if width % 5 == 0 else f"Score: {width % 10}")


def experiment_of(folder: Path, address: str, **run: object) -> Experiment:
    folder.mkdir()
    experiment = write_small_experiment(folder)
    content = {category: rows(category, EDITS) for category in CATEGORIES}
    (folder / "small.json").write_text(json.dumps(content), encoding="utf-8")
    params = {
        "base_url": address,
        "retries": 1,
        "first_wait": 0.01,
        "timeout": 120.0,
        "api_key_env": "SNAKEDIT_TEST_KEY",
        "concurrency": AT_ONCE,
    }
    judge = {"type": "openai", "model": "critic", "rubric": "single", "reading": "generate", "params": params}
    experiment.configure(
        lambda config: config.update(
            editors={"images": {"type": "openai_images", "model": "painter", "params": params}},
            judges={"chat": judge},
            run={**config.get("run", {}), **run},
        )
    )
    return experiment


def scores_of(experiment: Experiment) -> dict[str, tuple[str, object]]:
    return {
        record["item"]: (record["status"], record["score"])
        for category in CATEGORIES
        for record in experiment.records(f"scores/chat/images/{category}/scores.jsonl")
    }


def test_edits_are_judged_as_they_are_made_and_none_twice(tmp_path: Path) -> None:
    painter = Painter(holds_last=True)
    with serving(painter) as server:
        experiment = experiment_of(tmp_path / "ahead", server.url)
        run = experiment.run()
        assert run.code == 0, run.output
        assert painter.edits == EDITS * len(CATEGORIES)
        assert set(painter.judged.values()) == {1}
        assert len(painter.judged) == EDITS * len(CATEGORIES)
        assert painter.order.index("judge") < len(painter.order) - painter.order[::-1].index("edit")
        assert Counter(status for status, _ in scores_of(experiment).values())["unparsed"] > 0
        assert not list(experiment.results.glob("scores/chat/images/*/ahead-*.jsonl"))
        assert experiment.run().jobs == []


def test_without_judging_ahead_the_scores_are_the_same(tmp_path: Path) -> None:
    painter = Painter()
    with serving(painter) as server:
        experiment = experiment_of(tmp_path / "after", server.url, judge_ahead=False)
        assert experiment.run("--cores", "1").code == 0
        for category in CATEGORIES:
            log = (experiment.results / f"logs/score_category/chat/images/{category}.log").read_text()
            assert f"{EDITS} edits, {EDITS} to judge" in log
    assert set(painter.judged.values()) == {1}


def test_a_judge_on_devices_of_its_own_judges_while_the_others_edit(tmp_path: Path) -> None:
    experiment = write_small_experiment(tmp_path)
    content = {category: rows(category, EDITS) for category in CATEGORIES}
    (tmp_path / "small.json").write_text(json.dumps(content), encoding="utf-8")
    own = {"kind": "simulated", "ids": [2]}
    judge = {"type": "simulated", "batch_size": 2, "devices": own}
    experiment.configure(
        lambda config: config.update(
            # Edits that take longer than it takes to start the judge's pool.
            editors={"sim": {"type": "simulated", "params": {"load_seconds": 0.0, "seconds": 4.0}}},
            judges={"j": judge},
            run={"devices": {"kind": "simulated", "ids": [0, 1]}},
        )
    )
    run = experiment.run()
    assert run.code == 0, run.output
    places = {path.parts[-3]: read_trace(path)[1] for path in experiment.results.glob("telemetry/*/*/*.json")}
    assert {span.device for span in places["edit_category"]} == {"simulated:0", "simulated:1"}
    assert {span.device for span in places["score_category"]} == {"simulated:2"}
    for category in CATEGORIES:
        assert len(experiment.records(f"scores/j/sim/{category}/scores.jsonl")) == EDITS
    logs = [path.read_text() for path in (experiment.results / "logs/score_category/j/sim").iterdir()]
    assert not all(f"{EDITS} edits, {EDITS} to judge" in log for log in logs)


@pytest.mark.parametrize("stage", ["edit", "judge"])
def test_after_a_kill_only_what_was_in_flight_is_asked_again(tmp_path: Path, stage: str) -> None:
    painter = Painter()
    with serving(painter) as server:
        experiment = experiment_of(tmp_path / "killed", server.url)
        running = subprocess.Popen(
            experiment.command(),
            env=experiment.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: painter.order.count(stage) >= 4)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        # The client ends by itself once its run is gone; what it had asked is answered to nobody.
        wait_for(lambda: not processes_of(experiment))
        assert experiment.run("--unlock").code == 0
        run = experiment.run()
        assert run.code == 0, run.output
    assert len(scores_of(experiment)) == EDITS * len(CATEGORIES)
    assert painter.edits <= EDITS * len(CATEGORIES) + AT_ONCE
    again = sum(count - 1 for width, count in painter.judged.items() if width % 5)
    assert again <= AT_ONCE


@pytest.mark.parametrize("script", ["serve_pool.py", "edit_category.py"])
def test_a_run_survives_the_death_of_its_clients_and_of_its_jobs(tmp_path: Path, script: str) -> None:
    painter = Painter()
    with serving(painter) as server:
        experiment = experiment_of(tmp_path / "killed", server.url)
        running = subprocess.Popen(
            [*experiment.command(), "--retries", "1"],
            env=experiment.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: painter.order.count("judge") >= 2)
        killed = [process for process in processes_of(experiment) if script in " ".join(process.cmdline())]
        assert killed
        for process in killed:
            process.kill()
        assert running.wait(300) == 0
    assert len(scores_of(experiment)) == EDITS * len(CATEGORIES)
    # Each of the clients, and of the two jobs, may have had as many requests in flight.
    assert painter.edits <= EDITS * len(CATEGORIES) + 2 * AT_ONCE
    again = sum(count - 1 for width, count in painter.judged.items() if width % 5)
    assert again <= 2 * AT_ONCE


def processes_of(experiment: Experiment) -> list[psutil.Process]:
    locks = str(experiment.folder / "locks")
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("SNAKEDIT_LOCK_DIR") == locks:
                found.append(process)
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
