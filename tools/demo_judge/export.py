"""Writes a trained network as a half-precision checkpoint in the hub's layout, with its processor."""

from pathlib import Path
from typing import Any

from snakedit.demo.checkpoints.qwen_networks import make_qwen3_vl_processor, save_processor
from tools.demo_judge.examples import CELL
from tools.demo_judge.network import build_network


def export(network: Any, tokenizer: Any, folder: Path) -> None:
    """Write a trained network, without the changes made for training, so that `Qwen3VL` can load it."""
    import torch

    exported = build_network(tokenizer)
    exported.load_state_dict(network.state_dict())
    # Identifies the demo's judge wherever the checkpoint is copied to.
    exported.config.snakedit_demo_judge = True
    exported.to(torch.float16).save_pretrained(folder)
    processor = make_qwen3_vl_processor(tokenizer)
    # Its pictures were not enlarged while it was trained.
    processor.image_processor.size["shortest_edge"] = CELL * CELL
    save_processor(processor, folder)
