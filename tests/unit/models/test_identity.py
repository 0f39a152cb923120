"""What names a model: a hub commit, or the hash of a local folder."""

import json
import os
import shutil
from pathlib import Path

import pytest

from snakedit.config.schema import EditorConfig
from snakedit.core.errors import CheckpointError
from snakedit.models import identity as module
from snakedit.models.identity import folder_revision, hub_revision, is_local
from snakedit.recipe import editor_recipe

EDITOR = EditorConfig(name="e", type="simulated")


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
        editor_recipe(EDITOR.model_copy(update={"model": str(path)}), "checkpoint", {}, 0)
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
        editor_recipe(EDITOR.model_copy(update={"model": name}), "checkpoint", {}, 0)


def test_a_hub_name_is_told_from_a_folder(folder):
    assert not is_local("Qwen/Qwen-Image-Edit-2511")
    (folder / "Qwen" / "here").mkdir(parents=True)
    assert is_local("Qwen/here")
    assert is_local("/models/x")


def test_a_hub_models_commit_is_asked_for_once_and_kept(monkeypatch):
    import huggingface_hub

    asked = []

    class Hub(huggingface_hub.HfApi):
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
