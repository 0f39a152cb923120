import json
import threading
from pathlib import Path

import build_demo_checkpoints
import pytest

from snakedit.core.errors import CheckpointError
from snakedit.demo import checkpoints
from snakedit.demo.checkpoints import ensure_checkpoint
from snakedit.models.identity import folder_revision


@pytest.fixture(autouse=True)
def _no_cache_here(tmp_path, monkeypatch):
    # Revisions are cached under the working directory.
    monkeypatch.chdir(tmp_path)


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("qwen-image-edit-tiny", "QwenImageEditPipeline"),
        ("qwen-image-edit-plus-tiny", "QwenImageEditPlusPipeline"),
    ],
)
def test_a_checkpoint_has_the_hubs_layout(tmp_path, name, class_name):
    assert ensure_checkpoint(tmp_path / name)
    index = json.loads((tmp_path / name / "model_index.json").read_text())
    assert index["_class_name"] == class_name
    assert index["processor"] == ["transformers", "Qwen2VLProcessor"]
    assert {part[0] for part in index.values() if isinstance(part, list)} == {"diffusers", "transformers"}
    names = set(content(tmp_path / name))
    for part in ("transformer/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"):
        assert f"{part}.safetensors" in names
    assert not [n for n in names if n.endswith((".bin", ".pt", ".ckpt", ".py"))]
    assert sum(map(len, content(tmp_path / name).values())) < 5_000_000


def test_building_twice_gives_the_same_bytes_and_leaves_the_random_state_alone(tmp_path, tiny_editor):
    import torch

    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    folder = tmp_path / tiny_editor.name
    ensure_checkpoint(folder)
    assert content(folder) == content(tiny_editor)
    assert folder_revision(folder) == folder_revision(tiny_editor)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_checkpoint_that_is_there_is_not_built_again(tiny_editor):
    before = {path: path.stat().st_mtime_ns for path in tiny_editor.rglob("*")}
    assert not ensure_checkpoint(tiny_editor)
    assert {path: path.stat().st_mtime_ns for path in tiny_editor.rglob("*")} == before


def test_a_failed_build_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail_halfway(folder):
        (folder / "half").touch()
        raise OSError("no space left")

    monkeypatch.setitem(checkpoints.CHECKPOINTS, "qwen3-vl-tiny", fail_halfway)
    with pytest.raises(OSError, match="no space"):
        ensure_checkpoint(tmp_path / "qwen3-vl-tiny")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_two_at_once_build_it_once(tmp_path, monkeypatch):
    built = []
    both_started = threading.Barrier(2)

    def build(folder):
        built.append(folder)
        (folder / "weights").touch()

    def ensure():
        both_started.wait()
        outcomes.append(ensure_checkpoint(tmp_path / "qwen3-vl-tiny"))

    monkeypatch.setitem(checkpoints.CHECKPOINTS, "qwen3-vl-tiny", build)
    outcomes: list[bool] = []
    threads = [threading.Thread(target=ensure) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    assert len(built) == 1


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path):
    with pytest.raises(CheckpointError, match="allowed: qwen-image-edit-tiny"):
        ensure_checkpoint(tmp_path / "qwen-image-edit-huge")


def test_the_entry_point_says_what_it_built(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(checkpoints.CHECKPOINTS, "qwen3-vl-tiny", lambda folder: None)
    for _ in range(2):
        build_demo_checkpoints.main([str(tmp_path / "qwen3-vl-tiny")])
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()] == [
        "built",
        "is there",
    ]
