import json
from pathlib import Path

import pytest

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
