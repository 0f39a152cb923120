"""A tiny random Qwen3-VL checkpoint: the real class and the hub's layout."""

from pathlib import Path

from snakedit.demo.checkpoints.tokenizer import CHAT_TEMPLATE, build_tokenizer, save_processor, token_ids
from snakedit.models.processors import image_only


def build_qwen3_vl(folder: Path, width: int = 1, depth: int = 3) -> None:
    """Write a tiny checkpoint of Qwen3VLForConditionalGeneration and its processor.

    Its weights are random, but a digit is what it most likely says, so that its answers can be read.

    Args:
        width: how many times as wide its layers are, for measurements in which compute is to count.
        depth: layers of the language model, and of the vision tower.
    """
    import torch
    from transformers import (
        GenerationConfig,
        Qwen2VLImageProcessorPil,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
    )

    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    begin = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    configuration = Qwen3VLConfig(
        text_config={
            "vocab_size": -(-len(tokenizer) // 64) * 64,
            "hidden_size": 64 * width,
            "intermediate_size": 128 * width,
            "num_hidden_layers": depth,
            "num_attention_heads": 4 * width,
            "num_key_value_heads": 2 * width,
            "head_dim": 16,
            "max_position_embeddings": 8192,
            "initializer_range": 0.2,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 5e6,
                "mrope_section": [4, 2, 2],
                "mrope_interleaved": True,
            },
            "bos_token_id": begin,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "depth": depth,
            "hidden_size": 32 * width,
            "intermediate_size": 64 * width,
            "num_heads": 2 * width,
            "patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "out_hidden_size": 64 * width,
            "num_position_embeddings": 256,
            "deepstack_visual_indexes": [0, 1],
            "initializer_range": 0.1,
        },
        **token_ids(tokenizer),
    )
    model = Qwen3VLForConditionalGeneration(configuration).eval()
    # As the hub's Instruct checkpoints, which sample unless they are told not to.
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=0.7,
        top_p=0.8,
        top_k=20,
        bos_token_id=begin,
        eos_token_id=[tokenizer.eos_token_id, begin],
        pad_token_id=tokenizer.pad_token_id,
    )
    # Opposite digits look in opposite directions, so that one of them is likely wherever the network ends
    # up. Not the 1: another digit would follow it, and of those only 10 is on a scale.
    head = model.lm_head.weight
    with torch.no_grad():
        for one, other in ("05", "27", "38", "49"):
            first, second = tokenizer.convert_tokens_to_ids([one, other])
            head[first] *= 6.0
            head[second] = -head[first]
    model.save_pretrained(folder)
    processor = image_only(Qwen3VLProcessor)(
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=16,
            merge_size=2,
            temporal_patch_size=2,
            size={"shortest_edge": 65536, "longest_edge": 16777216},
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
        ),
    )
    save_processor(processor, folder, "Qwen3VLVideoProcessor", patch_size=16)
