"""Judging again: what could not be judged is tried again, the rest is kept, and the end is a clean run's."""

import json
from collections import Counter
from pathlib import Path

import pytest
from experiments import Experiment, add, copy_of_the_repository, rows, write_small_experiment

# Writes what it is asked; while `moody` exists, three answers of ten are no numbers: one raises, one
# cannot be read, one is a refusal.
JUDGE = '''\
"""A judge with moods."""

import hashlib
from pathlib import Path

from snakedit.judges.reading.answers import verdict_of, written_answer
from snakedit.judges.judge import Judge

HERE = Path({folder!r})


class Moody(Judge):
    """A toy."""

    def judge(self, requests):
        return [self._verdict(request, len(requests)) for request in requests]

    def _verdict(self, request, size):
        mood = int(request.item.id.split("-")[1]) % 10 if (HERE / "moody").exists() else 9
        answered = {{}}
        for metric in self.settings.rubric.asked_of(request.item):
            with open(HERE / "calls.log", "a", encoding="utf-8") as file:
                file.write(f"{{metric.name}} {{request.item.id}}\\n")
            good = hashlib.sha256(f"{{metric.name}}{{request.item.id}}".encode()).digest()[0] % 11
            text = {{0: "as you like", 1: "I cannot rate this image."}}.get(mood, f"Score: {{good}}")
            answered[metric.name] = [written_answer(text, metric, 1)]
        if mood == 2:
            raise RuntimeError("not today")
        return verdict_of(self.settings.rubric, request.item, answered, size)
'''


def moody_experiment(folder: Path) -> Experiment:
    folder.mkdir()
    experiment = write_small_experiment(folder)
    experiment.repository = copy_of_the_repository(folder)
    add(
        experiment.repository,
        "judges",
        '"moody": "snakedit.judges.toy:Moody",',
        JUDGE.format(folder=str(folder)),
    )
    (folder / "small.json").write_text(json.dumps({"c": rows("c", 100)}), encoding="utf-8")
    experiment.configure(
        lambda config: config.update(
            editors={"identity": {"type": "identity"}},
            # One at a time: what raises takes no other with it.
            judges={"judge": {"type": "moody", "reading": "generate", "batch_size": 1}},
        )
    )
    return experiment


def calls(experiment: Experiment) -> Counter[str]:
    """How often each metric was asked, since the last time."""
    log = experiment.folder / "calls.log"
    asked = Counter(line.split()[0] for line in log.read_text(encoding="utf-8").splitlines())
    log.unlink()
    return asked


def results(experiment: Experiment) -> list[tuple[object, ...]]:
    scores = experiment.records("scores/judge/identity/c/scores.jsonl")
    return [(s["item"], s["status"], s["values"], s["score"], s["replies"], s["fingerprint"]) for s in scores]


METRICS = ("success", "overediting", "naturalness", "artefacts")


@pytest.fixture
def clean(tmp_path: Path) -> Experiment:
    """The experiment after a run in which every answer could be read."""
    experiment = moody_experiment(tmp_path / "clean")
    run = experiment.run()
    assert run.code == 0, run.output
    assert calls(experiment) == dict.fromkeys(METRICS, 100)
    return experiment


def test_a_rerun_judges_only_what_failed_and_ends_as_a_clean_run(tmp_path: Path, clean: Experiment) -> None:
    experiment = moody_experiment(tmp_path / "moody")
    (experiment.folder / "moody").touch()
    run = experiment.run()
    assert run.code == 0, run.output
    statuses = Counter(score[1] for score in results(experiment))
    assert statuses == {"ok": 70, "unparsed": 10, "refused": 10, "failed": 10}
    assert all(score[3] is None for score in results(experiment) if score[1] != "ok")
    assert calls(experiment) == dict.fromkeys(METRICS, 100)

    (experiment.folder / "moody").unlink()
    run = experiment.run("--forcerun", "score_category")
    assert run.code == 0, run.output
    assert calls(experiment) == dict.fromkeys(METRICS, 30)
    assert results(experiment) == results(clean)
    report = "report/leaderboard.csv"
    assert (experiment.results / report).read_text() == (clean.results / report).read_text()


def test_with_refresh_everything_is_judged_again(clean: Experiment) -> None:
    clean.configure(lambda config: config["run"].update(refresh=["scores"]))
    before = results(clean)
    assert clean.run("--forcerun", "score_category").code == 0
    assert calls(clean) == dict.fromkeys(METRICS, 100)
    assert results(clean) == before
