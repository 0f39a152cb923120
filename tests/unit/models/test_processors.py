"""The processor of a Qwen vision-language model, with and without torchvision."""

from pathlib import Path
from typing import Any

import pytest
from transformers import Qwen3VLProcessor

from snakedit.models import processors
from snakedit.models.processors import load_processor


def test_without_torchvision_no_video_processor_is_built(tiny_judge: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processors, "find_spec", lambda name: None)
    processor, loader = load_processor(str(tiny_judge), Qwen3VLProcessor)
    assert loader == "image-only"
    assert getattr(processor, "video_processor", None) is None
    chat = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    assert "Hello" in processor.apply_chat_template(chat, add_generation_prompt=True)


def test_with_torchvision_transformers_chooses(tiny_judge: Path, monkeypatch: pytest.MonkeyPatch):
    asked: dict[str, Any] = {}

    def from_pretrained(folder: str, **options: Any) -> str:
        asked.update(options, folder=folder)
        return "a processor"

    monkeypatch.setattr(processors, "find_spec", lambda name: name)
    monkeypatch.setattr("transformers.AutoProcessor.from_pretrained", from_pretrained)
    assert load_processor(str(tiny_judge), Qwen3VLProcessor, "processor") == ("a processor", "AutoProcessor")
    assert asked == {
        "folder": str(tiny_judge),
        "local_files_only": True,
        "trust_remote_code": False,
        "subfolder": "processor",
    }
