"""The records of judged batches, and what their fingerprints depend on."""

from pathlib import Path

from editing_by_hand import item
from runs_by_hand import run_of, small

from snakedit.core.records import Edit
from snakedit.runtime.pool.tasks import Outcome
from snakedit.stages.judging import ahead_journal, expected_fingerprints, scores_of


def edit(name: str, sha256: str | None = "1" * 64) -> Edit:
    image = None if sha256 is None else f"images/{name}.png"
    return Edit(item=name, status="ok" if image else "failed", image=image, image_sha256=sha256)


def outcome(result: dict[str, object] | None, error: str | None = None) -> Outcome:
    return Outcome("a", result, error, "cpu", 3.0, "2026-01-01T00:00:00")


def test_a_batch_shares_its_time_and_an_error_is_each_edits_own():
    batch, expected = [edit("a"), edit("b")], {"a": "fa", "b": "fb"}
    scores = scores_of(batch, outcome({"scores": [{"status": "ok"}, {"status": "unparsed"}]}), expected)
    assert [(s.item, s.status, s.fingerprint, s.seconds) for s in scores] == [
        ("a", "ok", "fa", 1.5),
        ("b", "unparsed", "fb", 1.5),
    ]
    failed = scores_of(batch, outcome(None, "ValueError: broken"), expected)
    assert [(s.status, s.error) for s in failed] == [("failed", "ValueError: broken")] * 2


def test_a_fingerprint_follows_the_pixels_and_an_edit_without_any_has_none():
    judge = run_of(small()).judges["j"]
    items, extras = {name: item(name) for name in "abc"}, {name: {} for name in "abc"}
    edits = [edit("a"), edit("b", "2" * 64), edit("c", None)]
    found = expected_fingerprints(judge, items, edits, extras)
    assert set(found) == {"a", "b"}
    assert found == expected_fingerprints(judge, items, edits, extras)
    assert found["a"] != expected_fingerprints(judge, items, [edit("a", "3" * 64)], extras)["a"]


def test_each_run_has_a_journal_of_its_own_for_what_failed_ahead(monkeypatch):
    scores = Path("scores/j/e/c/scores.jsonl")
    names = set()
    for owner in ("1:1", "2:2"):
        monkeypatch.setenv("SNAKEDIT_OWNER", owner)
        names.add(ahead_journal(scores))
    assert len(names) == 2
    assert all(path.parent == scores.parent and path.match("ahead-*.jsonl") for path in names)
