"""The demo judge's network: its configuration, and its forward pass in a form that trains fast on a CPU."""

import shutil
from collections.abc import Sequence
from itertools import groupby
from types import MethodType
from typing import Any

from snakedit.demo.checkpoints.tokenizer import token_ids

PATCH, MERGE = 16, 2
ATTENTION = "demo_judge_training"


def build_network(tokenizer: Any) -> Any:
    """Return an untrained Qwen3VLForConditionalGeneration of 5 million parameters."""
    from transformers import GenerationConfig, Qwen3VLConfig, Qwen3VLForConditionalGeneration

    begin = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    configuration = Qwen3VLConfig(
        text_config={
            "vocab_size": -(-len(tokenizer) // 64) * 64,
            "hidden_size": 192,
            "intermediate_size": 448,
            "num_hidden_layers": 6,
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
            "head_dim": 32,
            "max_position_embeddings": 8192,
            "rope_parameters": {
                "rope_type": "default",
                # Sequences are short, and places in an image are to be told apart to the cell.
                "rope_theta": 200.0,
                "mrope_section": [6, 5, 5],
                "mrope_interleaved": True,
            },
            "bos_token_id": begin,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            "depth": 4,
            "hidden_size": 160,
            "intermediate_size": 384,
            "num_heads": 5,
            "patch_size": PATCH,
            "spatial_merge_size": MERGE,
            "temporal_patch_size": 2,
            "out_hidden_size": 192,
            "num_position_embeddings": 256,
            "deepstack_visual_indexes": [0, 2],
        },
        tie_word_embeddings=True,
        **token_ids(tokenizer),
    )
    network = Qwen3VLForConditionalGeneration(configuration)
    network.generation_config = GenerationConfig(
        bos_token_id=begin,
        eos_token_id=[tokenizer.eos_token_id, begin],
        pad_token_id=tokenizer.pad_token_id,
    )
    _place(network.model.visual.pos_embed)
    return network


def _place(embedding: Any) -> None:
    """Begin with waves along both axes for position embeddings, so that places can be matched at once."""
    import torch

    count, width = embedding.weight.shape
    side = int(count**0.5)
    rows, columns = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    waves = torch.linspace(0.5, 6.0, width // 8) * torch.pi
    angles = [axis.flatten()[:, None] * waves for axis in (rows, columns)]
    parts = [wave(angle) for angle in angles for wave in (torch.sin, torch.cos)]
    with torch.no_grad():
        table = torch.cat(parts, 1)
        embedding.weight[:, : table.shape[1]] = 0.3 * table


def make_fast(network: Any) -> None:
    """Swap in what computes the same faster on a CPU: float32 attention over equal images, no convolution."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, _attend)
    network.set_attn_implementation(ATTENTION)
    visual = network.model.visual
    visual.patch_embed.forward = MethodType(_embed_patches, visual.patch_embed)
    for block in visual.blocks:
        block.attn.forward = MethodType(_attend_images, block.attn)


def compile_layers(network: Any) -> bool:
    """Compile the layers where there is a C++ compiler, for a third more speed; say whether it was done."""
    import torch

    if shutil.which("g++") is None:
        return False
    # Each shape of image is a shape of its own.
    torch._dynamo.config.recompile_limit = 64
    for layer in network.model.language_model.layers:
        layer.forward = torch.compile(layer.forward, dynamic=True)
    for block in network.model.visual.blocks:
        block.mlp.forward = torch.compile(block.mlp.forward, dynamic=True)
    return True


def _attend(
    module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: float | None = None, **_: Any
) -> tuple[Any, None]:
    import torch
    from torch.nn import functional

    with torch.autocast("cpu", enabled=False):
        groups = query.shape[1] // key.shape[1]
        keys, values = (t.float().repeat_interleave(groups, 1) for t in (key, value))
        attended = functional.scaled_dot_product_attention(
            query.float(), keys, values, attn_mask=mask, scale=scaling
        )
    return attended.transpose(1, 2), None


def _attend_images(
    self: Any, hidden_states: Any, cu_seqlens: Any, position_embeddings: Any = None, **_: Any
) -> Any:
    import torch
    from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb_vision

    length = hidden_states.shape[0]
    qkv = self.qkv(hidden_states).reshape(length, 3, self.num_heads, -1)
    query, key = apply_rotary_pos_emb_vision(qkv[:, 0], qkv[:, 1], *position_embeddings)
    value = qkv[:, 2]
    done, start = [], 0
    for size, group in groupby((cu_seqlens[1:] - cu_seqlens[:-1]).tolist()):
        images = len(list(group))
        part = slice(start, start + images * size)
        asking, asked, told = (
            t[part].reshape(images, size, self.num_heads, -1).transpose(1, 2) for t in (query, key, value)
        )
        done.append(_attend(self, asking, asked, told, None, self.scaling)[0].reshape(images * size, -1))
        start += images * size
    return self.proj(torch.cat(done))


def _embed_patches(self: Any, patches: Any) -> Any:
    """A still image is shown twice in time: add the weights instead. Takes (N, 3·16·16)."""
    from torch.nn import functional

    return functional.linear(patches, self.proj.weight.sum(2).flatten(1), self.proj.bias)


def patches_of(pixels: Any) -> Any:
    """Return an image (H, W, 3), 0–255, as the processor's patches without time (N, 3·16·16), −1 to 1."""
    import torch

    values = torch.from_numpy(pixels).float().div_(127.5).sub_(1.0)
    rows, columns = (side // (PATCH * MERGE) for side in values.shape[:2])
    cells = values.view(rows, MERGE, PATCH, columns, MERGE, PATCH, 3)
    return cells.permute(0, 3, 1, 4, 6, 2, 5).reshape(-1, 3 * PATCH * PATCH)


def hidden_after(network: Any, layers: Sequence[int]) -> tuple[dict[Any, Any], list[Any]]:
    """Keep what leaves these layers of the language model in a dictionary; return it and the hooks.

    Under ``before`` it has what enters the first of them: hidden states, and rotary cosines and sines.
    """
    kept: dict[Any, Any] = {}

    def enter(_module: Any, inputs: Any, named: Any) -> None:
        kept["before"] = (inputs[0], named["position_embeddings"])

    def keep(number: int) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            kept[number] = output

        return hook

    modules = network.model.language_model.layers
    hooks = [modules[number].register_forward_hook(keep(number)) for number in layers]
    return kept, [*hooks, modules[layers[0]].register_forward_pre_hook(enter, with_kwargs=True)]
