"""Tiny random Qwen-Image-Edit checkpoints: 0.3 M parameters in the real classes and the hub's layout."""

import json
from pathlib import Path
from typing import Any

from snakedit.demo.checkpoints.tokenizer import CHAT_TEMPLATE, build_tokenizer, save_processor, token_ids
from snakedit.models.processors import image_only


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
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImageTransformer2DModel,
    )
    from transformers import Qwen2VLImageProcessorPil, Qwen2VLProcessor

    tokenizer = build_tokenizer()
    processor = image_only(Qwen2VLProcessor)(
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=14, min_pixels=56 * 56, max_pixels=28 * 28 * 16384
        ),
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        text_encoder = _text_encoder(tokenizer)
        transformer = QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=64,
            out_channels=16,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=(4, 6, 6),
        )
        _make_attentive(transformer)
        vae = AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=16,
            dim_mult=[1, 2, 4, 4],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        )
    pipeline = pipeline_class(
        transformer=transformer,
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        processor=processor,
        # The values of Qwen-Image-Edit-2509's own scheduler_config.json.
        scheduler=FlowMatchEulerDiscreteScheduler(
            base_image_seq_len=256,
            base_shift=0.5,
            max_image_seq_len=8192,
            max_shift=0.9,
            num_train_timesteps=1000,
            shift=1.0,
            shift_terminal=0.02,
            time_shift_type="exponential",
            use_dynamic_shifting=True,
        ),
    )
    pipeline.save_pretrained(folder)
    save_processor(processor, folder / "processor", "Qwen2VLVideoProcessor", patch_size=14)
    _name_processor(folder / "model_index.json")


def _make_attentive(transformer: Any) -> None:
    """Draw the weights so that what is attended to shows in the picture.

    With the usual weights a random network attends to all tokens alike: their mean hardly moves, and
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


def _text_encoder(tokenizer: Any) -> Any:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    configuration = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": -(-len(tokenizer) // 64) * 64,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 8192,
            # At the usual 0.02 so narrow a network's output would hardly depend on the instruction.
            "initializer_range": 0.2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]},
            "bos_token_id": tokenizer.convert_tokens_to_ids("<|endoftext|>"),
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "patch_size": 14,
            "in_channels": 3,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 112,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
            "initializer_range": 0.1,
        },
        **token_ids(tokenizer),
    )
    return Qwen2_5_VLForConditionalGeneration(configuration).eval()


def _name_processor(path: Path) -> None:
    """diffusers writes where the image-only subclass was made; name the class that real checkpoints name."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["processor"] = ["transformers", "Qwen2VLProcessor"]
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
