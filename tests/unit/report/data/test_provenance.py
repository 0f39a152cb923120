"""provenance.json: what a report came from, and nothing about whose machine it was."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from results_by_hand import ResultsByHand, edit, item, planned_run

from snakedit.core.hashing import fingerprint
from snakedit.core.records import Edit
from snakedit.report.data.how_made import ResultStats
from snakedit.report.data.provenance import git_state, provenance

GIT = {"commit": "c" * 40, "changed": False}


def run_of_model(model="hub/model"):
    editor = {"type": "some_model", "model": model, "params": {"steps": 2}}
    return planned_run({"tiny": editor}, {"vl": {"type": "some_judge", "model": model}})


def content(tmp_path, edits, run=None):
    hand = ResultsByHand(tmp_path / "bench", editors=("tiny",))
    hand.add("c", [item(e.item, "c") for e in edits], {"tiny": edits}, {})
    stats = ResultStats(["tiny"], ["vl"])
    for category in hand.read():
        stats.add(category)
    return provenance("bench", run or run_of_model(), GIT, stats)


def test_it_names_models_by_revision_or_weights_and_rubrics_by_hash(tmp_path):
    run = run_of_model()
    found = content(tmp_path, [edit("a")], run)
    assert found["editors"]["tiny"]["model"] == "hub/model"
    assert found["editors"]["tiny"]["weights"] == "f" * 64
    assert found["editors"]["tiny"]["params"] == {"steps": 2}
    assert found["judges"]["vl"]["rubric_sha256"] == fingerprint(run.judges["vl"].rubric)
    assert found["snakedit"]["git"] == GIT
    assert found["report"]["libraries"]["numpy"]


def test_it_counts_what_the_records_were_made_with(tmp_path):
    edits = [
        edit("a", versions={"torch": "2.13.0"}, device="cuda:0", seconds=1.0, started="2026-01-01T00:00:00Z"),
        edit("b", versions={"torch": "2.13.0"}, device="cuda:1", seconds=3.0, started="2026-01-02T00:00:00Z"),
        Edit("c", "failed", error="x", versions={"torch": "1"}),
    ]
    found = content(tmp_path, edits)["editors"]["tiny"]
    assert found["records"] == {"failed": 1, "ok": 2}
    assert found["made_with"] == {"device": {"cuda": 2}, "torch": {"2.13.0": 2}}
    assert found["median_seconds"] == 2.0
    assert (found["first_started"], found["last_started"]) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        (str(Path.home() / "models" / "mine"), "~/models/mine"),
        (str(Path.cwd() / "models"), "./models"),
        ("https://me:secret@far.example/v1", "https://far.example/v1"),
        ("/models/shared", "/models/shared"),
        (str(Path.home()) + "less", str(Path.home()) + "less"),
    ],
)
def test_neither_home_folders_nor_users_in_addresses_stand_in_it(tmp_path, model, shown):
    found = content(tmp_path, [], run_of_model(model))
    assert found["editors"]["tiny"]["model"] == found["config"]["judges"]["vl"]["model"] == shown


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_state_is_the_commit_and_whether_it_was_changed(tmp_path):
    assert git_state(tmp_path) == {"commit": None, "changed": None}
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "file").write_text("1")
    for arguments in (["init", "-q"], ["add", "file"], ["commit", "-qm", "m"]):
        subprocess.run([*git, *arguments], check=True)
    state = git_state(tmp_path)
    assert len(state["commit"]) == 40
    assert state["changed"] is False
    (tmp_path / "file").write_text("2")
    assert git_state(tmp_path)["changed"] is True


def test_the_file_of_a_report_is_json_that_holds_the_planned_run(tmp_path):
    hand = ResultsByHand(tmp_path / "bench")
    hand.add_scored("c", tiny=[1.0], blank=[2.0])
    found = json.loads((hand.build() / "provenance.json").read_text(encoding="utf-8"))
    assert found["benchmark"] == "bench"
    assert list(found["config"]["editors"]) == list(planned_run().editors)
