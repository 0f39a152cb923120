import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest

from snakedit.config.load import EditorConfig, JudgeConfig
from snakedit.core.errors import CheckpointError
from snakedit.core.hashing import canonical
from snakedit.core.records import Item
from snakedit.models import identity as module
from snakedit.models.identity import folder_revision, hub_revision, is_local
from snakedit.recipe import edit_fingerprint, editor_recipe, item_seed, judge_recipe, score_fingerprint

ITEM = Item("a", "c", ["images/a.png"], ["0" * 64], "make it red", description="a hat")
EDITOR = EditorConfig("e", "simulated", None, None, {})
JUDGE = JudgeConfig("j", "simulated", None, None, "viescore", "expected", 4, 0.5, 1, {}, {})


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def checkpoint(folder):
    path = folder / "model"
    (path / "sub").mkdir(parents=True)
    (path / "config.json").write_text("{}")
    (path / "sub" / "weights.safetensors").write_bytes(b"weights")
    (path / "README.md").write_text("not part of it")
    return path


def test_equal_values_have_one_canonical_text():
    assert canonical({"b": 1, "a": ["物"]}) == canonical(dict(a=["物"], b=1)) == '{"a":["物"],"b":1}'


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


def test_a_rows_own_seed_comes_first_and_an_editor_without_one_has_none():
    assert item_seed(3, dataclasses.replace(ITEM, seed=11)) == 11
    assert item_seed(None, dataclasses.replace(ITEM, seed=11)) is None


def _edit(editor=EDITOR, item=ITEM, params=None, seed=0, inputs=None):
    return edit_fingerprint(editor_recipe(editor, "none", params or {"steps": 2}, seed), item, inputs or {})


@pytest.mark.parametrize(
    "changed",
    [
        {"editor": dataclasses.replace(EDITOR, type="blank")},
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
        {"editor": dataclasses.replace(EDITOR, name="other")},
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
        {"judge": dataclasses.replace(JUDGE, reading="generate")},
        {"judge": dataclasses.replace(JUDGE, samples=3)},
        {"judge": dataclasses.replace(JUDGE, min_scale_mass=0.1)},
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
    assert _score(judge=dataclasses.replace(JUDGE, batch_size=16)) == _score()


def test_a_moved_or_touched_checkpoint_is_the_same_and_a_retrained_one_is_not(checkpoint):
    first = folder_revision(checkpoint)
    moved = checkpoint.with_name("moved")
    shutil.copytree(checkpoint, moved)
    os.utime(moved / "config.json", ns=(1, 1))
    (moved / "README.md").write_text("changed")
    assert folder_revision(moved) == first
    (moved / "sub" / "weights.safetensors").write_bytes(b"Weights")
    assert folder_revision(moved) != first


def test_a_checkpoint_is_hashed_once(checkpoint, monkeypatch):
    first = folder_revision(checkpoint)
    monkeypatch.setattr(module, "file_sha256", lambda path: pytest.fail(f"{path} was hashed again"))
    assert folder_revision(checkpoint) == first


def test_a_damaged_cache_is_made_again(checkpoint):
    first = folder_revision(checkpoint)
    cache = Path("results/.cache/folders.json")
    cache.write_bytes(b"\xff\xfe")
    assert folder_revision(checkpoint) == first
    assert json.loads(cache.read_text(encoding="utf-8"))


def test_a_local_models_path_is_not_in_its_recipe(checkpoint):
    moved = shutil.copytree(checkpoint, checkpoint.with_name("moved"))
    one, other = (
        editor_recipe(dataclasses.replace(EDITOR, model=str(path)), "checkpoint", {}, 0)
        for path in (checkpoint, moved)
    )
    assert one == other


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./none", "no such folder.*Qwen/"),
        ("a/b/c", "no such folder"),
        ("~no-such-user/weights", "no such folder"),
        ("empty", "no .safetensors"),
    ],
)
def test_a_missing_or_empty_checkpoint_is_one_line(folder, name, message):
    (folder / "empty").mkdir()
    with pytest.raises(CheckpointError, match=message):
        editor_recipe(dataclasses.replace(EDITOR, model=name), "checkpoint", {}, 0)


def test_a_hub_name_is_told_from_a_folder(folder):
    assert not is_local("Qwen/Qwen-Image-Edit-2511")
    (folder / "Qwen" / "here").mkdir(parents=True)
    assert is_local("Qwen/here")
    assert is_local("/models/x")


def test_a_hub_models_commit_is_asked_for_once_and_kept(monkeypatch):
    import huggingface_hub

    asked = []

    class Hub:
        def model_info(self, model, revision=None, timeout=None):
            asked.append((model, revision))
            return type("Info", (), {"sha": "c" * 40})()

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", "nowhere")
    assert hub_revision("o/m", None) == hub_revision("o/m", None) == "c" * 40
    assert asked == [("o/m", None)]
    assert json.loads(Path("results/.cache/hub.json").read_text()) == {"o/m@main": "c" * 40}
    assert hub_revision("o/m", "d" * 40) == "d" * 40


def test_a_hub_model_in_the_local_cache_needs_no_network(folder, monkeypatch):
    reference = folder / "hub" / "models--o--m" / "refs" / "main"
    reference.parent.mkdir(parents=True)
    reference.write_text("e" * 40)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder / "hub"))
    assert hub_revision("o/m", None) == "e" * 40
