"""What an editor has to do in a category."""

from pathlib import Path
from typing import Any

import pytest
from editing_by_hand import item, picture
from runs_by_hand import run_of

from snakedit.core.images import save_png
from snakedit.core.records import Edit, write_records
from snakedit.core.shards import Shard
from snakedit.stages.edit_planning import CategoryPlan, blank_edit, plan_category

REFERENCE = "images/a.ref.png"


def plan(folder: Path, editor: dict[str, Any], row_seeds: str = "mixed", **options: Any) -> CategoryPlan:
    config = {
        "run": {"row_seeds": row_seeds},
        "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
        "editors": {"other": {"type": "identity"}, "e": editor},
        "judges": {"j": {"type": "simulated"}},
    }
    items = folder / "items" / "colour" / "items.jsonl"
    return plan_category(run_of(config).editors["e"], items, folder / "edits", **options)


@pytest.fixture
def items(tmp_path: Path) -> Path:
    """Three items; only the first has a reference."""
    path = tmp_path / "items" / "colour" / "items.jsonl"
    save_png(picture(), path.parent / REFERENCE)
    write_records(path, [item("a", reference=REFERENCE), item("b"), item("c")])
    return path


def test_items_are_planned_in_order_each_with_its_own_fingerprint_and_seed(tmp_path: Path, items: Path):
    planned = plan(tmp_path, {"type": "simulated"}).planned
    assert [edit.item.id for edit in planned] == ["a", "b", "c"]
    assert len({edit.fingerprint for edit in planned}) == len({edit.seed for edit in planned}) == 3
    assert blank_edit(planned[1]).fingerprint == planned[1].fingerprint


@pytest.mark.parametrize("use", ["mixed", "as_is"])
def test_a_rows_own_seed_is_the_edits_only_where_that_is_asked_for(tmp_path: Path, items: Path, use: str):
    write_records(items, [item("a", seed=7), item("b")])
    own, derived = plan(tmp_path, {"type": "simulated"}, row_seeds=use).planned
    assert (own.seed == 7) == (use == "as_is")
    assert derived.seed == plan(tmp_path, {"type": "simulated"}).planned[1].seed


def test_a_shard_plans_its_own_items(tmp_path: Path, items: Path):
    planned = plan(tmp_path, {"type": "simulated"}, shard=Shard.parse("00001-00002")).planned
    assert [edit.item.id for edit in planned] == ["a", "b"]


def test_an_item_without_what_the_editor_needs_fails_by_name(tmp_path: Path, items: Path):
    with_one, without, _ = plan(tmp_path, {"type": "reference"}).planned
    assert with_one.error is None
    assert with_one.inputs == {"reference": items.parent / REFERENCE}
    assert without.error == (
        "ImageError: the item has no reference; where none has one, leave this editor out"
    )
    assert without.fingerprint == ""


def test_another_editors_edits_are_inputs_once_they_are_finished(tmp_path: Path, items: Path):
    shuffled = {"type": "shuffled", "params": {"of": "other"}}
    assert all(edit.error for edit in plan(tmp_path, shuffled).planned)
    edits = tmp_path / "edits" / "other" / "colour"
    for name in "abc":
        save_png(picture(), edits / "images" / f"{name}.png")
    records = [
        Edit(
            item=name,
            status="ok",
            instruction_used="Go.",
            fingerprint="f",
            seed=None,
            image=f"images/{name}.png",
        )
        for name in "abc"
    ]
    write_records(edits / "edits.jsonl", records)
    assert all(edit.inputs["other"].parent == edits / "images" for edit in plan(tmp_path, shuffled).planned)
