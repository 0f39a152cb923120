"""Tiny random Qwen-Image-Edit checkpoints: 0.3 M parameters in the real classes and the hub's layout."""

import json
from pathlib import Path
from typing import Any

from snakedit.demo.checkpoints.qwen_networks import (
    ImageEditSizes,
    VisionLanguageSizes,
    make_image_edit_pipeline,
    make_qwen2_5_vl,
    save_processor,
)
from snakedit.demo.checkpoints.tokenizer import build_tokenizer

TINY_QWEN_IMAGE_EDIT = ImageEditSizes(
    transformer={
        "patch_size": 2,
        "in_channels": 64,
        "out_channels": 16,
        "num_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 32,
        "axes_dims_rope": (4, 6, 6),
    },
    vae={
        "base_dim": 8,
        "z_dim": 16,
        "dim_mult": [1, 2, 4, 4],
        "num_res_blocks": 1,
        "temperal_downsample": [False, True, True],
    },
    text_encoder=VisionLanguageSizes(
        text={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            # With the usual 0.02 the output of so narrow a network hardly depends on the instruction.
            "initializer_range": 0.2,
            "rope_parameters": {"rope_theta": 1e6, "mrope_section": [2, 3, 3]},
        },
        vision={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "fullatt_block_indexes": [1],
            "initializer_range": 0.1,
        },
    ),
)


def build_qwen_image_edit(folder: Path) -> None:
    """Write a tiny checkpoint of QwenImageEditPipeline."""
    from diffusers import QwenImageEditPipeline

    _build(QwenImageEditPipeline, folder)


def build_qwen_image_edit_plus(folder: Path) -> None:
    """Write a tiny checkpoint of QwenImageEditPlusPipeline, which takes several source images."""
    from diffusers import QwenImageEditPlusPipeline

    _build(QwenImageEditPlusPipeline, folder)


def _build(pipeline_class: Any, folder: Path) -> None:
    import torch
    from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel

    sizes = TINY_QWEN_IMAGE_EDIT
    tokenizer = build_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        text_encoder = make_qwen2_5_vl(sizes.text_encoder, tokenizer)
        transformer = QwenImageTransformer2DModel(**sizes.transformer)
        _make_attentive(transformer)
        vae = AutoencoderKLQwenImage(**sizes.vae)
    pipeline = make_image_edit_pipeline(pipeline_class, tokenizer, transformer, vae, text_encoder)
    pipeline.save_pretrained(folder)
    save_processor(pipeline.processor, folder / "processor")
    _name_processor(folder / "model_index.json")


def _make_attentive(transformer: Any) -> None:
    """Draw weights for which the attended tokens change the picture.

    With the usual weights a random network attends to all tokens equally. Their mean hardly varies, so that
    neither source nor instruction changes a pixel by more than one level.
    """
    import torch

    with torch.no_grad():
        for module in transformer.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.normal_(0.0, 1.5 * module.in_features**-0.5)
                if module.bias is not None:
                    module.bias.zero_()
        for block in transformer.transformer_blocks:
            attention = block.attn
            for norm in (
                attention.norm_q,
                attention.norm_k,
                attention.norm_added_q,
                attention.norm_added_k,
            ):
                norm.weight.fill_(6.0)


def _name_processor(path: Path) -> None:
    """Name the processor as real checkpoints do; diffusers wrote the module of the subclass."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["processor"] = ["transformers", "Qwen2VLProcessor"]
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
