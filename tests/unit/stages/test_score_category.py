"""The score stage with a judge that is given its answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from runs_by_hand import run_of

from snakedit.core.errors import StageError
from snakedit.core.images import save_png
from snakedit.core.records import Edit, Item, Score, read_records, write_records
from snakedit.runtime.pool.work import JobContext
from snakedit.stages.score_category import score_category


@pytest.fixture(autouse=True)
def category(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three items; the edit of the last one failed."""
    monkeypatch.chdir(tmp_path)
    items, edits = [], []
    for number, name in enumerate("abc"):
        source = save_png(Image.new("RGB", (8, 8), (number, 0, 0)), f"items/c/images/{name}.png")
        edited = save_png(Image.new("RGB", (8, 8), (number, 90, 0)), f"edits/e/c/images/{name}.png")
        items.append(Item(name, "c", [f"images/{name}.png"], [source], "make it green"))
        edits.append(Edit(name, "ok", f"images/{name}.png", edited, 8, 8))
    edits[2] = Edit("c", "failed", error="ImageError: no such picture")
    write_records("items/c/items.jsonl", items)
    write_records("edits/e/c/edits.jsonl", edits)
    return tmp_path


def judged(answers: dict[str, Any], **run: Any) -> list[Score]:
    """Judge the category on this process; ``answers`` are of the metric `grade`, by item."""
    params = {"answers": {item: {"grade": answer} for item, answer in answers.items()}}
    data = {
        "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
        "editors": {"e": {"type": "identity"}},
        "judges": {"j": {"type": "simulated", "rubric": "single", "params": params}},
        "run": {"devices": {"kind": "simulated", "count": 1}, "resident": False, **run},
    }
    planned = run_of(data)
    output = Path("scores/j/e/c/scores.jsonl")
    job = JobContext("score_category", "j", "c", "b", device_limit=1, total=0)
    score_category(
        planned.judges["j"],
        "e",
        planned.config.run,
        Path("items/c/items.jsonl"),
        Path("edits/e/c/edits.jsonl"),
        output,
        job,
    )
    return list(read_records(output, Score))


def test_answers_become_scores_and_an_edit_that_failed_gets_none():
    scores = judged({"a": 7, "b": "I'd say 4/10"})
    assert [(s.item, s.status, s.score) for s in scores] == [
        ("a", "ok", 7.0),
        ("b", "ok", 4.0),
        ("c", "no_edit", None),
    ]
    assert scores[2].error == "ImageError: no such picture"


def test_an_answer_that_cannot_be_read_is_unparsed_and_asked_again_by_the_next_run():
    for _ in range(2):
        scores = judged({"a": 7, "b": "it depends"})
        assert [(s.status, s.score) for s in scores] == [("ok", 7.0), ("unparsed", None), ("no_edit", None)]
    lines = Path("scores/j/e/c/journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert sorted(json.loads(line)["item"] for line in lines) == ["a", "b", "b"]


def test_more_unreadable_answers_than_allowed_fail_the_job_and_keep_what_was_read():
    with pytest.raises(StageError, match=r"1 of 2 items failed: 1 × unparsed.*run.max_failures: 0"):
        judged({"a": 7, "b": "it depends"}, max_failures=0)
    lines = Path("scores/j/e/c/journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["item"] for line in lines} == {"a", "b"}
    assert not Path("scores/j/e/c/scores.jsonl").exists()


@pytest.mark.parametrize("how", ["missing", "altered"])
def test_a_picture_that_is_not_the_records_stops_the_judging(how: str):
    picture = Path("edits/e/c/images/a.png")
    picture.unlink() if how == "missing" else picture.write_bytes(picture.read_bytes() + b"0")
    with pytest.raises(StageError, match=rf"a.png (is|was) {how}; nothing was scored.*snakemake edits/e/c"):
        judged({"a": 7})
