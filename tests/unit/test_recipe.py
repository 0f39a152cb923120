import dataclasses

import pytest
from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.config.schema import EditorConfig, JudgeConfig
from snakedit.core.records import Item
from snakedit.recipe import (
    changed_params,
    edit_fingerprint,
    edit_seed,
    editor_recipe,
    item_seed,
    judge_recipe,
    result_params,
    score_fingerprint,
)

ITEM = Item("a", "c", ["images/a.png"], ["0" * 64], "make it red", description="a hat")
EDITOR = EditorConfig(name="e", type="simulated")
JUDGE = JudgeConfig(name="j", type="simulated")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_seed_follows_from_run_category_and_id_alone():
    other_place = dataclasses.replace(ITEM, images=["x"], instruction="else")
    assert item_seed(3, ITEM) == item_seed(3, other_place)
    seeds = {
        item_seed(3, ITEM),
        item_seed(4, ITEM),
        item_seed(3, dataclasses.replace(ITEM, id="b")),
        item_seed(3, dataclasses.replace(ITEM, category="d")),
    }
    assert len(seeds) == 4
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_a_rows_own_seed_is_mixed_in_and_an_editor_that_draws_nothing_has_none():
    own = dataclasses.replace(ITEM, seed=11)
    other = dataclasses.replace(ITEM, seed=12)
    seeds = {item_seed(3, own), item_seed(4, own), item_seed(3, other), item_seed(3, ITEM), 11, 12}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert item_seed(None, own) is None


@pytest.mark.parametrize(("seed", "used"), [(11, 11), (0, 0), (2**32 + 5, 5), (-1, 2**32 - 1)])
def test_a_rows_own_seed_is_used_unchanged_where_that_is_asked_for(seed, used):
    own = dataclasses.replace(ITEM, seed=seed)
    recipe = editor_recipe(EDITOR, "none", {}, 3, "as_is")
    assert item_seed(3, own, "as_is") == edit_seed(recipe, own) == used
    assert edit_seed(editor_recipe(EDITOR, "none", {}, 3), own) == item_seed(3, own) != used
    assert item_seed(3, ITEM, "as_is") == item_seed(3, ITEM)
    assert edit_seed(editor_recipe(EDITOR, "none", {}, None, "as_is"), own) is None


def test_how_rows_seeds_are_used_changes_the_edits_of_rows_that_have_one_and_no_other():
    """The recipe changes, so that the rule runs again; the fingerprint decides what is edited again."""
    mixed, as_is = (editor_recipe(EDITOR, "none", {}, 3, use) for use in ("mixed", "as_is"))
    assert mixed != as_is
    assert "row_seeds" not in mixed
    assert edit_fingerprint(mixed, ITEM, {}) == edit_fingerprint(as_is, ITEM, {})
    own = dataclasses.replace(ITEM, seed=11)
    assert edit_fingerprint(mixed, own, {}) != edit_fingerprint(as_is, own, {})
    draws_nothing = [editor_recipe(EDITOR, "none", {}, None, use) for use in ("mixed", "as_is")]
    assert draws_nothing[0] == draws_nothing[1]


class Parameters(FamilyParams):
    folder: str
    steps: int = 4
    threads: int = 1
    later: list[str] = Field(default_factory=list)


@pytest.mark.parametrize(
    ("params", "in_recipe", "changed"),
    [
        (Parameters(folder="f"), {"folder": "f", "steps": 4}, {"folder": "f"}),
        (
            Parameters(folder="f", steps=5, threads=9),
            {"folder": "f", "steps": 5},
            {"folder": "f", "steps": 5, "threads": 9},
        ),
        (
            Parameters(folder="f", later=["x"]),
            {"folder": "f", "steps": 4, "later": ["x"]},
            {"folder": "f", "later": ["x"]},
        ),
    ],
)
def test_a_param_of_a_later_version_is_in_the_recipe_only_if_it_is_not_at_its_default(
    params, in_recipe, changed
):
    assert result_params(params, {"threads"}, {"later"}) == in_recipe
    assert changed_params(params) == changed


def _edit(editor=EDITOR, item=ITEM, params=None, seed=0, inputs=None):
    return edit_fingerprint(editor_recipe(editor, "none", params or {"steps": 2}, seed), item, inputs or {})


@pytest.mark.parametrize(
    "changed",
    [
        {"editor": EDITOR.model_copy(update={"type": "blank"})},
        {"params": {"steps": 3}},
        {"seed": 1},
        {"item": dataclasses.replace(ITEM, instruction="make it blue")},
        {"item": dataclasses.replace(ITEM, image_sha256s=["1" * 64])},
        {"item": dataclasses.replace(ITEM, seed=5)},
        {"inputs": {"reference": "2" * 64}},
    ],
)
def test_whatever_changes_a_pixel_changes_an_edits_fingerprint(changed):
    assert _edit(**changed) != _edit()


@pytest.mark.parametrize(
    "changed",
    [
        {"editor": EDITOR.model_copy(update={"name": "other"})},
        {"item": dataclasses.replace(ITEM, description="another", tags=["x"], images=["elsewhere.png"])},
    ],
)
def test_a_name_or_a_note_changes_no_edits_fingerprint(changed):
    assert _edit(**changed) == _edit()


def test_an_editors_own_seed_comes_before_the_runs():
    own = editor_recipe(EDITOR, "none", {"steps": 2, "seed": 5}, 0)
    assert own == editor_recipe(EDITOR, "none", {"steps": 2, "seed": None}, 5)
    assert own == editor_recipe(EDITOR, "none", {"steps": 2, "seed": 5}, 1)


def _score(judge=JUDGE, item=ITEM, params=None, rubric=None, image="3" * 64):
    return score_fingerprint(judge_recipe(judge, "none", params or {}, rubric or {"q": "?"}), item, image)


@pytest.mark.parametrize(
    "changed",
    [
        {"judge": JUDGE.model_copy(update={"reading": "generate"})},
        {"judge": JUDGE.model_copy(update={"samples": 3})},
        {"judge": JUDGE.model_copy(update={"min_scale_mass": 0.1})},
        {"params": {"max_pixels": 1}},
        {"rubric": {"q": "!"}},
        {"image": "4" * 64},
        {"item": dataclasses.replace(ITEM, instruction="else")},
        {"item": dataclasses.replace(ITEM, description="else")},
    ],
)
def test_whatever_changes_an_answer_changes_a_scores_fingerprint(changed):
    assert _score(**changed) != _score()


def test_a_batch_size_changes_no_scores_fingerprint():
    assert _score(judge=JUDGE.model_copy(update={"batch_size": 16})) == _score()
