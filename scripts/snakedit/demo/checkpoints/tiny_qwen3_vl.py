"""A tiny random Qwen3-VL checkpoint: the real class, in the hub's layout."""

from pathlib import Path

from snakedit.demo.checkpoints.qwen_networks import (
    VisionLanguageSizes,
    make_qwen3_vl,
    make_qwen3_vl_processor,
    save_processor,
)
from snakedit.demo.checkpoints.tokenizer import build_tokenizer

TINY_QWEN3_VL = VisionLanguageSizes(
    text={
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "initializer_range": 0.2,
        "rope_parameters": {"rope_theta": 5e6, "mrope_section": [4, 2, 2]},
    },
    vision={
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "deepstack_visual_indexes": [0, 1],
        "initializer_range": 0.1,
    },
)


def build_qwen3_vl(folder: Path, sizes: VisionLanguageSizes = TINY_QWEN3_VL) -> None:
    """Write a checkpoint of Qwen3VLForConditionalGeneration and its processor.

    Its weights are random, but its most likely answer is a digit, so that its answers can be read.
    """
    import torch

    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    # The hub's Instruct checkpoints sample by default.
    sampling = {"do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 20}
    network = make_qwen3_vl(sizes, tokenizer, generation=sampling).eval()
    # The rows of two digits are opposite vectors, so that one of them is likely for any hidden state. 1 is
    # left out: another digit would follow it, and of the two-digit numbers only 10 is on a scale.
    head = network.lm_head.weight
    with torch.no_grad():
        for digits in ("05", "27", "38", "49"):
            first, second = tokenizer.convert_tokens_to_ids(list(digits))
            head[first] *= 6.0
            head[second] = -head[first]
    network.save_pretrained(folder)
    save_processor(make_qwen3_vl_processor(tokenizer), folder)
