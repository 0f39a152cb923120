"""A report comes whatever failed, was refused or could not be read, and says so at its top."""

import re
from typing import Any

import pytest
from experiments import Experiment

IDS = {"物理": [f"物理-{number}" for number in range(4)], "light": [f"light-{number}" for number in range(3)]}
METRICS = ("success", "overediting", "naturalness", "artefacts")


def all_answers(text: str, ids: list[str]) -> dict[str, dict[str, str]]:
    """A reply to every question about some items."""
    return {name: dict.fromkeys(METRICS, text) for name in ids}


def troubled(config: dict[str, Any]) -> None:
    every = [name for names in IDS.values() for name in names]
    config["editors"]["lost"] = {"type": "simulated", "params": {"edits": dict.fromkeys(every, "failed")}}
    # The benchmark has no references.
    config["editors"]["reference"] = {"type": "reference"}
    judge = config["judges"]["judge"]
    judge["params"]["answers"] = all_answers("I'm sorry, but I can't assist with that.", IDS["light"])
    config["judges"]["mute"] = {**judge, "params": {"answers": all_answers("It depends.", every)}}


def notices(page: str) -> str:
    """What a page says before anything else."""
    section = re.search(r'<section class="notices".*?</section>', page, re.DOTALL)
    return section[0].replace("&#39;", "'") if section else ""


@pytest.mark.slow
def test_one_editor_fails_everywhere_one_category_is_refused_and_one_judge_is_unreadable(
    experiment: Experiment,
) -> None:
    experiment.configure(troubled)
    run = experiment.run()
    assert run.code == 0, run.output
    top = notices((experiment.results / "report" / "index.html").read_text(encoding="utf-8"))
    failed = "7 items failed (ImageError: the simulated editor was set to fail here)"
    assert f"The editor 'lost' made no edit in any category: {failed}." in top
    assert "The judge 'judge' gave no score to any edit in 'light': 6 refused." in top
    assert "The judge 'mute' gave no score to any edit: 14 could not be read." in top
    assert "reference" not in top
    coverage = {
        (row["judge"], row["editor"], row["category"]): float(row["coverage"])
        for row in experiment.table("report/leaderboard.csv")
        if (row["metric"], row["level"]) == ("score", "category")
    }
    assert coverage["judge", "sim", "物理"] == 1.0
    assert coverage["judge", "sim", "light"] == coverage["judge", "lost", "物理"] == 0.0
    assert coverage["mute", "sim", "物理"] == 0.0
    causes = {row["editor"] for row in experiment.table("report/failures.csv") if row["stage"] == "edit"}
    assert causes == {"lost"}, "a control that a benchmark cannot have is absent, which is no failure"
    assert experiment.run("--dry-run").jobs == []


def test_a_run_that_breaks_marks_the_report_and_leaves_a_preview(finished: Experiment) -> None:
    state = finished.results / "report" / "state.js"
    assert "stale" not in state.read_text(encoding="utf-8")
    finished.configure(
        lambda config: config["editors"].update(
            new={"type": "simulated", "params": {"seed": 5}},
            broken={"type": "files", "params": {"folder": "empty"}},
        )
    )
    (finished.folder / "empty").mkdir()
    finished.configure(lambda config: config["run"].update(max_failures=0))
    run = finished.run()
    assert run.code != 0
    assert "preview_report.py --config" in run.output
    assert "stale" in state.read_text(encoding="utf-8")
    report = {path.name: path.stat().st_mtime_ns for path in (finished.results / "report").iterdir()}

    top = notices(finished.preview().read_text(encoding="utf-8"))
    assert "Partial report" in top
    assert "7 of 7 edits by 'broken'" in top or "The editor 'broken' made no edit in any category" in top
    assert "edits by 'new'" not in top
    assert {p.name: p.stat().st_mtime_ns for p in (finished.results / "report").iterdir()} == report

    finished.configure(lambda config: config["editors"].pop("broken"))
    assert finished.run().code == 0
    assert "stale" not in state.read_text(encoding="utf-8")
