"""The edit stage with an editor that takes its images from a folder."""

from dataclasses import replace
from threading import Timer

import pytest
from editing_by_hand import item, picture
from runs_by_hand import run_of

from snakedit.core.errors import StageError
from snakedit.core.images import save_png
from snakedit.core.records import Edit, read_records, write_records
from snakedit.runtime.host.latency import LATENCY_VARIABLE
from snakedit.runtime.pool.work import JobContext
from snakedit.stages.edit_category import edit_category


def edit(folder, shown):
    """Edit two items with what is in a folder; return the edits' file."""
    config = {
        "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
        "editors": {"mine": {"type": "files", "params": {"folder": str(shown)}}},
        "judges": {"j": {"type": "simulated"}},
    }
    output = folder / "edits" / "mine" / "colour" / "edits.jsonl"
    job = JobContext("edit_category", "mine", "colour", "b", device_limit=0, total=0)
    items = folder / "items" / "colour" / "items.jsonl"
    run = run_of(config)
    edit_category(run.editors["mine"], run.config.run, items, output, job)
    return output


def test_images_stay_until_their_item_goes_though_another_recipe_fails(tmp_path):
    items = tmp_path / "items" / "colour" / "items.jsonl"
    save_png(picture(), items.parent / "images" / "a.png")
    write_records(items, [item("a"), item("b")])
    for name in ("a", "b"):
        save_png(picture(1), tmp_path / "shown" / f"{name}.png")
    output = edit(tmp_path, tmp_path / "shown")
    made = {path.name: path.read_bytes() for path in (output.parent / "images").iterdir()}
    assert sorted(made) == ["a.png", "b.png"]

    with pytest.raises(StageError, match=r"2 of 2 items failed.*; finished images are kept"):
        edit(tmp_path, tmp_path / "nowhere")
    assert {path.name: path.read_bytes() for path in (output.parent / "images").iterdir()} == made

    write_records(items, [item("b")])
    assert [one.item for one in read_records(edit(tmp_path, tmp_path / "shown"), Edit)] == ["b"]
    assert [path.name for path in (output.parent / "images").iterdir()] == ["b.png"]


def test_a_source_that_cannot_be_opened_is_no_items_failure(tmp_path):
    """The next run makes the edit that is missing, and no other."""
    items = tmp_path / "items" / "colour" / "items.jsonl"
    for name in ("a", "b"):
        save_png(picture(), items.parent / "images" / f"{name}.png")
        save_png(picture(1), tmp_path / "shown" / f"{name}.png")
    write_records(items, [item("a"), replace(item("b"), images=["images/b.png"])])
    late = items.parent / "images" / "b.png"
    late.rename(tmp_path / "late.png")
    with pytest.raises(StageError, match=r"1 of 2 items failed: 1 × UnopenedError: .*b\.png: cannot be read"):
        edit(tmp_path, tmp_path / "shown")
    output = tmp_path / "edits" / "mine" / "colour" / "edits.jsonl"
    assert not output.exists()
    first = (output.parent / "images" / "a.png").stat().st_mtime_ns

    (tmp_path / "late.png").rename(late)
    edits = list(read_records(edit(tmp_path, tmp_path / "shown"), Edit))
    assert [record.status for record in edits] == ["ok", "ok"]
    assert (output.parent / "images" / "a.png").stat().st_mtime_ns == first


def test_a_late_source_is_waited_for(tmp_path, monkeypatch):
    items = tmp_path / "items" / "colour" / "items.jsonl"
    for name in ("a", "b"):
        save_png(picture(), items.parent / "images" / f"{name}.png")
        save_png(picture(1), tmp_path / "shown" / f"{name}.png")
    write_records(items, [item("a"), replace(item("b"), images=["images/b.png"])])
    late = items.parent / "images" / "b.png"
    late.rename(tmp_path / "late.png")
    monkeypatch.setenv(LATENCY_VARIABLE, "60")
    Timer(0.5, (tmp_path / "late.png").rename, [late]).start()
    edits = list(read_records(edit(tmp_path, tmp_path / "shown"), Edit))
    assert [record.status for record in edits] == ["ok", "ok"]
