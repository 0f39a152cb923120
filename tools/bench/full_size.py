"""Qwen-Image-Edit and Qwen3-VL built in memory: random weights, the sizes of their own configurations."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from snakedit.demo.checkpoints.tokenizer import CHAT_TEMPLATE, build_tokenizer, token_ids
from snakedit.models.processors import image_only


@dataclass(frozen=True)
class VisionLanguageSizes:
    """Of a Qwen vision-language model: the keys of its configuration's two parts that say how large it is."""

    text: Mapping[str, Any]
    vision: Mapping[str, Any]


@dataclass(frozen=True)
class EditorSizes:
    """Of a Qwen-Image-Edit: what its transformer and its VAE are made with, and its text encoder."""

    transformer: Mapping[str, Any]
    vae: Mapping[str, Any]
    text_encoder: VisionLanguageSizes


# As in the configurations of Qwen/Qwen3-VL-8B-Instruct and Qwen/Qwen-Image-Edit-2509.
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
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 5e6,
            "mrope_section": [24, 20, 20],
            "mrope_interleaved": True,
        },
    },
    vision={
        "depth": 27,
        "hidden_size": 1152,
        "intermediate_size": 4304,
        "num_heads": 16,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": 4096,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": [8, 16, 24],
    },
)
QWEN_IMAGE_EDIT = EditorSizes(
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
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        vision={
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "num_heads": 16,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 112,
            "out_hidden_size": 3584,
            "fullatt_block_indexes": [7, 15, 23, 31],
        },
    ),
)


def build_judge(sizes: VisionLanguageSizes, device: str, dtype: str) -> tuple[Any, Any]:
    """Return a Qwen3-VL with random weights on a device, and its processor.

    Args:
        dtype: torch's name of the weights' type.
    """
    from transformers import (
        GenerationConfig,
        Qwen2VLImageProcessorPil,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
    )

    tokenizer = build_tokenizer()
    configuration = Qwen3VLConfig(
        text_config={**sizes.text, "pad_token_id": tokenizer.pad_token_id},
        vision_config=dict(sizes.vision),
        **token_ids(tokenizer),
    )
    with _building(device, dtype):
        network = Qwen3VLForConditionalGeneration(configuration)
    network.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id)
    processor = image_only(Qwen3VLProcessor)(
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=sizes.vision["patch_size"], merge_size=2, temporal_patch_size=2
        ),
    )
    return network, processor


def build_editor(sizes: EditorSizes, device: str, dtype: str) -> Any:
    """Return a QwenImageEditPlusPipeline with random weights on a device; see `build_judge`."""
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImageEditPlusPipeline,
    )
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2VLImageProcessorPil,
        Qwen2VLProcessor,
    )

    tokenizer = build_tokenizer()
    encoder = sizes.text_encoder
    configuration = Qwen2_5_VLConfig(
        text_config={**encoder.text, "pad_token_id": tokenizer.pad_token_id},
        vision_config=dict(encoder.vision),
        **token_ids(tokenizer),
    )
    with _building(device, dtype):
        text_encoder = Qwen2_5_VLForConditionalGeneration(configuration)
        vae = AutoencoderKLQwenImage(**sizes.vae)
    processor = image_only(Qwen2VLProcessor)(
        image_processor=Qwen2VLImageProcessorPil(patch_size=encoder.vision["patch_size"]),
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
    )
    return QwenImageEditPlusPipeline(
        transformer=build_transformer(sizes, device, dtype),
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=tokenizer,
        processor=processor,
        scheduler=FlowMatchEulerDiscreteScheduler(
            base_shift=0.5,
            max_shift=0.9,
            max_image_seq_len=8192,
            shift_terminal=0.02,
            time_shift_type="exponential",
            use_dynamic_shifting=True,
        ),
    )


def build_transformer(sizes: EditorSizes, device: str, dtype: str) -> Any:
    """Return the transformer of such a pipeline alone, with random weights; see `build_judge`."""
    from diffusers import QwenImageTransformer2DModel

    with _building(device, dtype):
        return QwenImageTransformer2DModel(**sizes.transformer).eval()


@contextmanager
def _building(device: str, dtype: str) -> Iterator[None]:
    """Make parameters on one device in one type, so that none is ever copied."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)
