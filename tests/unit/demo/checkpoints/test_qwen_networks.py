import dataclasses
import json

import pytest
import torch
from transformers import Qwen2VLProcessor, Qwen3VLProcessor

from snakedit.demo.checkpoints.qwen_networks import (
    make_qwen2_5_vl,
    make_qwen3_vl,
    make_qwen3_vl_processor,
    save_processor,
)
from snakedit.demo.checkpoints.tiny_qwen3_vl import TINY_QWEN3_VL
from snakedit.demo.checkpoints.tiny_qwen_image_edit import TINY_QWEN_IMAGE_EDIT
from snakedit.demo.checkpoints.tokenizer import build_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer()


@pytest.mark.parametrize(
    ("make", "sizes"),
    [(make_qwen3_vl, TINY_QWEN3_VL), (make_qwen2_5_vl, TINY_QWEN_IMAGE_EDIT.text_encoder)],
)
def test_a_network_has_the_sizes_asked_for_and_the_tokenizers_ids(make, sizes, tokenizer):
    wider = dataclasses.replace(sizes, text={**sizes.text, "intermediate_size": 96})
    with torch.device("meta"):
        configuration = make(wider, tokenizer).config
    assert configuration.text_config.intermediate_size == 96
    assert configuration.text_config.vocab_size >= len(tokenizer)
    assert configuration.vision_config.out_hidden_size == sizes.text["hidden_size"]
    assert configuration.image_token_id == tokenizer.convert_tokens_to_ids("<|image_pad|>")


def test_a_network_ends_its_answers_at_either_end_token(tokenizer):
    with torch.device("meta"):
        network = make_qwen3_vl(TINY_QWEN3_VL, tokenizer, generation={"temperature": 0.7})
    ends = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    assert network.generation_config.eos_token_id == ends
    assert network.generation_config.temperature == 0.7


@pytest.mark.parametrize(
    ("folder", "processor_class", "video_class", "patch_size"),
    [
        ("processor", Qwen2VLProcessor, "Qwen2VLVideoProcessor", 14),
        ("", Qwen3VLProcessor, "Qwen3VLVideoProcessor", 16),
    ],
)
def test_a_saved_processor_names_the_video_processor_of_real_checkpoints(
    folder, processor_class, video_class, patch_size, tiny_editor, tiny_judge
):
    saved = (tiny_editor if folder else tiny_judge) / folder / "processor_config.json"
    content = json.loads(saved.read_text(encoding="utf-8"))
    assert content["processor_class"] == processor_class.__name__
    assert content["video_processor"]["video_processor_type"] == video_class
    assert content["video_processor"]["patch_size"] == patch_size


def test_saving_a_processor_twice_writes_the_same_bytes(tokenizer, tmp_path):
    for name in ("first", "second"):
        save_processor(make_qwen3_vl_processor(tokenizer), tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
