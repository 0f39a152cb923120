"""A judge and an editor behind a server: real runs against one that misbehaves."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from endpoint_by_hand import Asked, Server, Told, chat, error, only_the_loopback, picture_told, serving
from experiments import Experiment, rows, write_small_experiment
from PIL import Image

KEY = "sk-geheim-0123456789abcdef"
QUICK = {"retries": 1, "first_wait": 0.01, "timeout": 5.0, "api_key_env": "SNAKEDIT_TEST_KEY"}
METRICS = 4


def endpoint_experiment(folder: Path, server: Server, count: int = 8, **more: Any) -> Experiment:
    """The small experiment with an editor and a judge behind one server."""
    folder.mkdir(exist_ok=True)
    experiment = write_small_experiment(folder)
    (folder / "small.json").write_text(json.dumps({"c": rows("c", count)}), encoding="utf-8")
    params = {**QUICK, "base_url": server.url, **more}
    experiment.configure(
        lambda config: config.update(
            editors={"images": {"type": "openai_images", "model": "painter", "params": params}},
            judges={
                "chat": {
                    "type": "openai",
                    "model": "critic",
                    "reading": "generate",
                    "params": {**params, "concurrency": 3},
                }
            },
        )
    )
    return experiment


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    only_the_loopback(monkeypatch, SNAKEDIT_TEST_KEY=KEY)


class Moods:
    """Edits and judges; by an item's number it slows down, breaks, refuses or babbles, until it is `calm`."""

    def __init__(self) -> None:
        self.calm = False
        self.questions: Counter[str] = Counter()
        self.edits: Counter[str] = Counter()
        self._slowed: set[str] = set()

    def __call__(self, asked: Asked, number: int) -> Told:
        if asked.path.endswith("/images/edits"):
            return self._edit(asked.body["prompt"])
        # What is asked of the edit alone names no item: the size of its picture does.
        item = str(asked.pictures[-1].width - 40)
        self.questions[item] += 1
        if not self.calm:
            if item == "1" and item not in self._slowed:
                self._slowed.add(item)
                return error(429, "slow down", headers={"Retry-After": "0.02"})
            told = {
                "2": error(500, f"oops {KEY}"),
                "3": chat(None, finish_reason="content_filter"),
                "4": chat("as you like"),
                "5": Told(body=b"<html>", headers={"Content-Type": "text/html"}),
            }.get(item)
            if told is not None:
                return told
        return chat(f"Score: {int(item) % 10}")

    def _edit(self, prompt: str) -> Told:
        item = prompt.split()[2]
        self.edits[item] += 1
        if item == "0" and not self.calm:
            return error(400, "not this one", "moderation_blocked")
        return picture_told(Image.new("RGB", (40 + int(item), 32), (0, 9 * int(item), 200)))


def statuses(experiment: Experiment, editor: str = "images") -> dict[str, str]:
    scores = experiment.records(f"scores/chat/{editor}/c/scores.jsonl")
    return {score["item"].removeprefix("c-"): score["status"] for score in scores}


def test_a_server_that_misbehaves_costs_only_what_it_did_not_answer(tmp_path: Path) -> None:
    moods = Moods()
    with serving(moods) as server:
        experiment = endpoint_experiment(tmp_path, server)
        run = experiment.run()
        assert run.code == 0, run.output
        expected = {
            **{"0": "no_edit", "1": "ok", "2": "failed", "3": "refused", "4": "unparsed", "5": "failed"},
            **{"6": "ok", "7": "ok"},
        }
        assert statuses(experiment) == expected
        assert moods.edits == dict.fromkeys("01234567", 1)
        assert server.most_at_once <= 4

        edits = {e["item"]: e for e in experiment.records("edits/images/c/edits.jsonl")}
        assert "RefusedError: the server refused (400): not this one" in edits["c-0"]["error"]
        assert {e["size_policy"] for e in edits.values() if e["status"] == "ok"} == {"as the server gives it"}
        scores = {s["item"]: s for s in experiment.records("scores/chat/images/c/scores.jsonl")}
        assert scores["c-1"]["requests"] == METRICS + 1
        assert scores["c-1"]["tokens"] == METRICS * 102
        assert scores["c-1"]["versions"]["served_model"] == "served-model-2026"
        assert [score["score"] for score in scores.values() if score["status"] != "ok"] == [None] * 5
        assert scores["c-2"]["error"].endswith("the server answered 500: oops [key]")

        # The key is in nothing that a run leaves or says.
        assert KEY not in run.output
        for path in tmp_path.rglob("*"):
            if path.is_file():
                assert KEY.encode() not in path.read_bytes(), path

        moods.calm = True
        moods.questions.clear()
        run = experiment.run("--forcerun", "score_category")
        assert run.code == 0, run.output
        assert moods.questions == dict.fromkeys("2345", METRICS)
        assert Counter(statuses(experiment).values()) == {"ok": 7, "no_edit": 1}

        # Neither another server nor another pace makes another result.
        change = {"base_url": server.url.replace("127.0.0.1", "localhost"), "concurrency": 1, "timeout": 9.0}
        experiment.configure(lambda config: config["judges"]["chat"]["params"].update(change))
        assert experiment.run().jobs == []
        experiment.configure(lambda config: config["judges"]["chat"]["params"].update(max_tokens=99))
        assert experiment.run("--dry-run").rules() == {"score_category", "build_report"}


def test_a_missing_key_server_or_model_is_refused_before_the_first_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Moods()) as server:
        experiment = endpoint_experiment(tmp_path, server)
        experiment.configure(lambda config: config["editors"]["images"].update(model="paintre"))
        refused(experiment, "editors.images: the server does not have the model 'paintre'; allowed: painter")
        experiment.configure(lambda config: config["editors"]["images"].update(model="painter"))
    refused(experiment, "editors.images: the server gave no whole answer")
    monkeypatch.delenv("SNAKEDIT_TEST_KEY")
    experiment.configure(lambda config: config.update(editors={"identity": {"type": "identity"}}))
    refused(experiment, "judges.chat: api_key_env: the environment variable SNAKEDIT_TEST_KEY is not set")
    assert server.asked == []
    assert "'chat' needs SNAKEDIT_TEST_KEY, which is not set" in experiment.run("--dry-run").output


def refused(experiment: Experiment, words: str) -> None:
    run = experiment.run()
    assert (run.code != 0, run.jobs) == (True, []), run.output
    assert len([line for line in run.output.splitlines() if words in line]) == 1, run.output
    assert "Traceback" not in run.output


def test_what_asks_a_server_claims_no_gpu_and_no_pool(experiment: Experiment) -> None:
    server = {"type": "openai", "model": "critic", "params": QUICK}
    experiment.configure(lambda config: config["judges"].update(chat=server))
    run = experiment.run("--dry-run")
    jobs = re.findall(r"wildcards: .*judge=(\w+),.*\n(?: +.*\n)*? +resources: (.*)\n", run.output)
    claimed = {judge: dict(part.split("=") for part in line.split(", ")) for judge, line in jobs}
    asked = ("gpu", "pool_gpu", "device_jobs", "served_score_jobs")
    assert [claimed["judge"].get(name, "0") for name in asked] == ["1", "2", "1", "0"]
    assert [claimed["chat"].get(name, "0") for name in asked] == ["0", "0", "0", "1"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_told_to_stop_keeps_its_journal_and_a_rerun_asks_only_the_rest(
    tmp_path: Path, number: signal.Signals
) -> None:
    with held_server() as (server, release, answered):
        experiment = endpoint_experiment(tmp_path, server, count=12, timeout=60.0)
        experiment.configure(lambda config: config.update(editors={"identity": {"type": "identity"}}))
        running = subprocess.Popen(
            experiment.command(),
            env=experiment.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        journal = experiment.results / "scores/chat/identity/c/journal.jsonl"
        _wait_for(lambda: journal.exists() and len(journal.read_text().splitlines()) == 3)
        begin = time.monotonic()
        # To all processes: so does a terminal, and so does a cluster.
        os.killpg(running.pid, number)
        assert running.wait(30) != 0
        # The server holds its answers back for far longer.
        assert time.monotonic() - begin < 10
        kept = {json.loads(line)["item"] for line in journal.read_text().splitlines()}
        assert kept == {"c-0", "c-1", "c-2"}
        log = experiment.results / "logs/score_category/chat/identity/c.log"
        assert "Traceback" not in log.read_text(encoding="utf-8")
        release.set()
        answered.clear()
        experiment.run("--unlock")
        run = experiment.run()
        assert run.code == 0, run.output
        assert answered == dict.fromkeys(map(str, range(3, 12)), METRICS)
        assert set(statuses(experiment, "identity").values()) == {"ok"}


@contextmanager
def held_server() -> Iterator[tuple[Server, threading.Event, Counter[str]]]:
    """A server that answers for three items, and holds every other answer back until it is released."""
    release, answered = threading.Event(), Counter[str]()

    def script(asked: Asked, number: int) -> Told:
        item = str(asked.pictures[-1].width - 40)
        if int(item) > 2 and not release.is_set():
            release.wait(60)
            return Told(drop=True)
        answered[item] += 1
        return chat("7")

    with serving(script) as server:
        yield server, release, answered


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
