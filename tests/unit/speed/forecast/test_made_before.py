"""A job that runs again makes only what is missing, so only that is counted."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from editing_by_hand import item, picture
from runs_by_hand import run_of

from snakedit.core.images import save_png
from snakedit.core.journal import Journal
from snakedit.core.records import Score, write_records
from snakedit.report.data.partial import wanted_scores
from snakedit.report.data.read import category_files
from snakedit.speed.forecast.made_before import MadeBefore
from snakedit.stages.edit_planning import blank_edit, plan_category

JOB = {"benchmark": "b", "category": "light", "editor": "mine", "judge": "j"}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A plan of three items, of which two are edited and one of these is judged."""
    monkeypatch.chdir(tmp_path)
    run = run_of(
        {
            "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
            "editors": {"mine": {"type": "identity"}},
            "judges": {"j": {"type": "simulated"}},
        }
    )
    results = Path("results/b")
    files = category_files(results, "light", run.editors, run.judges)
    items = [item(name, category="light") for name in ("a", "b", "c")]
    for entry in items:
        save_png(picture(), files.items.parent / entry.images[0])
    write_records(files.items, items)
    planned = plan_category(run.editors["mine"], files.items, results / "edits").planned
    edits = [
        dataclasses.replace(blank_edit(p), status="ok", image=p.image, image_sha256=p.item.id * 64)
        for p in planned[:2]
    ]
    folder = files.edits["mine"].parent
    with Journal(folder / "journal.jsonl") as journal:
        journal.extend(edits)
    for edit in edits:
        save_png(picture(), folder / str(edit.image))
    wanted = wanted_scores(run.judges["j"], files, {i.id: i for i in items}, {e.item: e for e in edits})
    score = Score("b", "ok", score=1.0, fingerprint=wanted["b"])
    write_records(files.scores["j", "mine"], [score, dataclasses.replace(score, item="a", fingerprint="old")])
    index = SimpleNamespace(categories={"light": SimpleNamespace(count=3)})
    return SimpleNamespace(run=run, config=run.config, indexes={"b": index})


def test_edits_and_scores_of_the_present_recipes_count(made: Any) -> None:
    before = MadeBefore(made)
    assert before.count("edit", JOB) == 2
    assert before.count("score", JOB) == 1
    assert before.count("edit", {**JOB, "shard": "000002-000003"}) == 1


def test_a_lost_image_takes_its_score_with_it(made: Any) -> None:
    Path("results/b/edits/mine/light/images/b.png").unlink()
    assert (MadeBefore(made).count("edit", JOB), MadeBefore(made).count("score", JOB)) == (1, 0)


def test_nothing_counts_before_a_category_is_prepared(made: Any) -> None:
    Path("results/b/items/light/items.jsonl").unlink()
    assert MadeBefore(made).count("edit", JOB) == 0
