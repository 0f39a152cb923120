"""Qwen-Image-Edit and Qwen3-VL-8B built in memory: full size, random weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from snakedit.demo.checkpoints.qwen_networks import (
    ImageEditSizes,
    VisionLanguageSizes,
    make_image_edit_pipeline,
    make_qwen2_5_vl,
    make_qwen3_vl,
    make_qwen3_vl_processor,
)
from snakedit.demo.checkpoints.tokenizer import build_tokenizer

# From the configurations of Qwen/Qwen3-VL-8B-Instruct and Qwen/Qwen-Image-Edit-2509.
QWEN3_VL_8B = VisionLanguageSizes(
    text={
        "vocab_size": 151936,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "max_position_embeddings": 262144,
        "rope_parameters": {"rope_theta": 5e6, "mrope_section": [24, 20, 20]},
    },
    vision={
        "depth": 27,
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_heads": 16,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": [8, 16, 24],
    },
)
QWEN_IMAGE_EDIT = ImageEditSizes(
    transformer={
        "patch_size": 2,
        "in_channels": 64,
        "out_channels": 16,
        "num_layers": 60,
        "attention_head_dim": 128,
        "num_attention_heads": 24,
        "joint_attention_dim": 3584,
        "axes_dims_rope": (16, 56, 56),
    },
    vae={"base_dim": 96, "z_dim": 16, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 2},
    text_encoder=VisionLanguageSizes(
        text={
            "vocab_size": 152064,
            "hidden_size": 3584,
            "intermediate_size": 18944,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "max_position_embeddings": 128000,
            "rope_parameters": {"rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        vision={
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "num_heads": 16,
            "fullatt_block_indexes": [7, 15, 23, 31],
        },
    ),
)


def build_judge(sizes: VisionLanguageSizes, device: str, dtype: str) -> tuple[Any, Any]:
    """Return a Qwen3-VL with random weights on a device, and its processor.

    Args:
        dtype: torch's name of the weights' type.
    """
    tokenizer = build_tokenizer()
    with _parameters_on(device, dtype):
        network = make_qwen3_vl(sizes, tokenizer)
    return network, make_qwen3_vl_processor(tokenizer)


def build_editor(sizes: ImageEditSizes, device: str, dtype: str) -> Any:
    """Return a QwenImageEditPlusPipeline with random weights on a device; see `build_judge`."""
    from diffusers import AutoencoderKLQwenImage, QwenImageEditPlusPipeline

    tokenizer = build_tokenizer()
    with _parameters_on(device, dtype):
        text_encoder = make_qwen2_5_vl(sizes.text_encoder, tokenizer)
        vae = AutoencoderKLQwenImage(**sizes.vae).eval()
    transformer = build_transformer(sizes, device, dtype)
    return make_image_edit_pipeline(QwenImageEditPlusPipeline, tokenizer, transformer, vae, text_encoder)


def build_transformer(sizes: ImageEditSizes, device: str, dtype: str) -> Any:
    """Return only the transformer of such a pipeline, with random weights; see `build_judge`."""
    from diffusers import QwenImageTransformer2DModel

    with _parameters_on(device, dtype):
        return QwenImageTransformer2DModel(**sizes.transformer).eval()


@contextmanager
def _parameters_on(device: str, dtype: str) -> Iterator[None]:
    """Create parameters directly on one device and in one type, so that none is copied."""
    import torch

    default_dtype = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(default_dtype)
