"""Qwen networks of any size with random weights, and their processors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.demo.checkpoints.tokenizer import CHAT_TEMPLATE
from snakedit.models.processors import image_only


@dataclass(frozen=True)
class VisionLanguageSizes:
    """Sizes of a Qwen vision-language network, by the keys of the two parts of its configuration.

    Attributes:
        text: of `text_config`; `vocab_size` is the tokenizer's where it is left out.
        vision: of `vision_config`.
    """

    text: Mapping[str, Any]
    vision: Mapping[str, Any]


@dataclass(frozen=True)
class ImageEditSizes:
    """Sizes of a Qwen-Image-Edit pipeline: the arguments of its transformer and VAE, and its text encoder."""

    transformer: Mapping[str, Any]
    vae: Mapping[str, Any]
    text_encoder: VisionLanguageSizes


def make_qwen3_vl(
    sizes: VisionLanguageSizes, tokenizer: Any, generation: Mapping[str, Any] | None = None, **options: Any
) -> Any:
    """Return a Qwen3VLForConditionalGeneration.

    Args:
        generation: further keys of its generation configuration.
        options: further keys of its configuration.
    """
    from transformers import GenerationConfig, Qwen3VLConfig, Qwen3VLForConditionalGeneration

    ids = _text_ids(tokenizer)
    vision = {"patch_size": 16, "num_position_embeddings": 256, **sizes.vision}
    text = _text_config(sizes, tokenizer)
    text["rope_parameters"] = {"mrope_interleaved": True, **text["rope_parameters"]}
    configuration = Qwen3VLConfig(
        text_config=text, vision_config=_vision_config(vision, text), **_image_ids(tokenizer), **options
    )
    network = Qwen3VLForConditionalGeneration(configuration)
    ends = [ids["eos_token_id"], ids["bos_token_id"]]
    network.generation_config = GenerationConfig(**{**ids, "eos_token_id": ends, **(generation or {})})
    return network


def make_qwen2_5_vl(sizes: VisionLanguageSizes, tokenizer: Any) -> Any:
    """Return a Qwen2_5_VLForConditionalGeneration, the text encoder of Qwen-Image-Edit."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text = _text_config(sizes, tokenizer)
    vision = {"patch_size": 14, "in_channels": 3, "window_size": 112, **sizes.vision}
    configuration = Qwen2_5_VLConfig(
        text_config=text, vision_config=_vision_config(vision, text), **_image_ids(tokenizer)
    )
    return Qwen2_5_VLForConditionalGeneration(configuration).eval()


def _text_config(sizes: VisionLanguageSizes, tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": -(-len(tokenizer) // 64) * 64,
        "max_position_embeddings": 8192,
        **sizes.text,
        "rope_parameters": {"rope_type": "default", **sizes.text["rope_parameters"]},
        **_text_ids(tokenizer),
    }


def _vision_config(vision: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {"spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": text["hidden_size"]}
    return {**defaults, **vision}


def _text_ids(tokenizer: Any) -> dict[str, int]:
    return {
        "bos_token_id": tokenizer.convert_tokens_to_ids("<|endoftext|>"),
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _image_ids(tokenizer: Any) -> dict[str, int]:
    names = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    return {name: tokenizer.convert_tokens_to_ids(token) for name, token in names.items()}


def make_qwen3_vl_processor(tokenizer: Any) -> Any:
    """Return an image-only Qwen3VLProcessor with the hub's sizes and normalisation."""
    from transformers import Qwen2VLImageProcessorPil, Qwen3VLProcessor

    images = Qwen2VLImageProcessorPil(
        patch_size=16,
        merge_size=2,
        temporal_patch_size=2,
        size={"shortest_edge": 65536, "longest_edge": 16777216},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    return image_only(Qwen3VLProcessor)(
        tokenizer=tokenizer, chat_template=CHAT_TEMPLATE, image_processor=images
    )


def make_image_edit_pipeline(
    pipeline_class: Any, tokenizer: Any, transformer: Any, vae: Any, text_encoder: Any
) -> Any:
    """Return a Qwen-Image-Edit pipeline of these networks, with an image-only processor."""
    from diffusers import FlowMatchEulerDiscreteScheduler
    from transformers import Qwen2VLImageProcessorPil, Qwen2VLProcessor

    images = Qwen2VLImageProcessorPil(patch_size=14, min_pixels=56 * 56, max_pixels=28 * 28 * 16384)
    processor = image_only(Qwen2VLProcessor)(
        image_processor=images, tokenizer=tokenizer, chat_template=CHAT_TEMPLATE
    )
    # The values of Qwen-Image-Edit-2509's own scheduler_config.json.
    scheduler = FlowMatchEulerDiscreteScheduler(
        base_image_seq_len=256,
        base_shift=0.5,
        max_image_seq_len=8192,
        max_shift=0.9,
        num_train_timesteps=1000,
        shift=1.0,
        shift_terminal=0.02,
        time_shift_type="exponential",
        use_dynamic_shifting=True,
    )
    return pipeline_class(
        transformer=transformer,
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        processor=processor,
        scheduler=scheduler,
    )


def save_processor(processor: Any, folder: Path) -> None:
    """Save an image-only processor so that `AutoProcessor` can load it too if torchvision is installed.

    Args:
        processor: a class made by `snakedit.models.processors.image_only`.
        folder: created if it is missing.
    """
    processor.save_pretrained(folder)
    path = folder / "processor_config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["video_processor"] = {
        "video_processor_type": type(processor).__name__.replace("Processor", "VideoProcessor"),
        "patch_size": processor.image_processor.patch_size,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "size": {"shortest_edge": 4096, "longest_edge": 786432},
    }
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
