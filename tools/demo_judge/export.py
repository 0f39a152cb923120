"""A trained network as a checkpoint in the hub's layout, half precision, with its processor."""

from pathlib import Path
from typing import Any

from snakedit.demo.checkpoints.tokenizer import CHAT_TEMPLATE, save_processor
from snakedit.models.processors import image_only
from tools.demo_judge.network import MERGE, PATCH, build_network


def export(network: Any, tokenizer: Any, folder: Path) -> None:
    """Write a trained network, without what training put into it, so that `Qwen3VL` can load it."""
    import torch
    from transformers import Qwen2VLImageProcessorPil, Qwen3VLProcessor

    plain = build_network(tokenizer)
    plain.load_state_dict(network.state_dict())
    # What marks it as the demo's judge wherever it is copied to.
    plain.config.snakedit_demo_judge = True
    plain.to(torch.float16).save_pretrained(folder)
    processor = image_only(Qwen3VLProcessor)(
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=PATCH,
            merge_size=MERGE,
            temporal_patch_size=2,
            size={"shortest_edge": 65536, "longest_edge": 16777216},
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
        ),
    )
    save_processor(processor, folder, "Qwen3VLVideoProcessor", patch_size=PATCH)
