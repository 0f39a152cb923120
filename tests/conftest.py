"""What tests of every kind share: the tiny models, built once a session."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_editor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny QwenImageEditPlusPipeline checkpoint. Copy it before you change it."""
    import torch

    from snakedit.demo.checkpoints import ensure_checkpoint

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("editor") / "qwen-image-edit-plus-tiny"
    ensure_checkpoint(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny Qwen3-VL checkpoint. Copy it before you change it."""
    import torch

    from snakedit.demo.checkpoints import ensure_checkpoint

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("judge") / "qwen3-vl-tiny"
    ensure_checkpoint(folder)
    return folder
