"""The demo judge's network: its sizes, and a forward pass that trains faster on a CPU."""

import shutil
from collections.abc import Sequence
from itertools import groupby
from types import MethodType
from typing import Any

from snakedit.demo.checkpoints.qwen_networks import VisionLanguageSizes, make_qwen3_vl

PATCH, MERGE = 16, 2
ATTENTION_NAME = "demo_judge_training"
# 5.4 million parameters with the judge's tokenizer.
DEMO_JUDGE_SIZES = VisionLanguageSizes(
    text={
        "hidden_size": 192,
        "intermediate_size": 448,
        "num_hidden_layers": 6,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 32,
        # Sequences are short, and neighbouring cells of an image need distinct positions.
        "rope_parameters": {"rope_theta": 200.0, "mrope_section": [6, 5, 5]},
    },
    vision={
        "depth": 4,
        "hidden_size": 160,
        "intermediate_size": 384,
        "num_heads": 5,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "deepstack_visual_indexes": [0, 2],
    },
)


def build_network(tokenizer: Any) -> Any:
    """Return an untrained Qwen3VLForConditionalGeneration."""
    network = make_qwen3_vl(DEMO_JUDGE_SIZES, tokenizer, tie_word_embeddings=True)
    _initialise_positions(network.model.visual.pos_embed)
    return network


def _initialise_positions(embedding: Any) -> None:
    """Start position embeddings as waves along both axes, so that places can be matched from the start."""
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
    """Replace parts by faster equivalents: float32 attention over equal images, no convolution."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION_NAME, _attend)
    network.set_attn_implementation(ATTENTION_NAME)
    visual = network.model.visual
    visual.patch_embed.forward = MethodType(_embed_patches, visual.patch_embed)
    for block in visual.blocks:
        block.attn.forward = MethodType(_attend_images, block.attn)


def compile_layers(network: Any) -> bool:
    """Compile the layers if there is a C++ compiler, for a third more speed; say whether it was done."""
    import torch

    if shutil.which("g++") is None:
        return False
    # Each image shape compiles once more.
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
    queries, keys = apply_rotary_pos_emb_vision(qkv[:, 0], qkv[:, 1], *position_embeddings)
    values = qkv[:, 2]
    outputs, start = [], 0
    for size, group in groupby((cu_seqlens[1:] - cu_seqlens[:-1]).tolist()):
        images = len(list(group))
        part = slice(start, start + images * size)
        query, key, value = (
            tensor[part].reshape(images, size, self.num_heads, -1).transpose(1, 2)
            for tensor in (queries, keys, values)
        )
        attended, _none = _attend(self, query, key, value, None, self.scaling)
        outputs.append(attended.reshape(images * size, -1))
        start += images * size
    return self.proj(torch.cat(outputs))


def _embed_patches(self: Any, patches: Any) -> Any:
    """Embed still images (N, 3·16·16), whose two time steps are equal, so that the weights can be summed."""
    from torch.nn import functional

    return functional.linear(patches, self.proj.weight.sum(2).flatten(1), self.proj.bias)


def patches_of(pixels: Any) -> Any:
    """Return an image (H, W, 3), 0–255, as the processor's patches without time (N, 3·16·16), −1 to 1."""
    import torch

    values = torch.from_numpy(pixels).float().div_(127.5).sub_(1.0)
    rows, columns = (side // (PATCH * MERGE) for side in values.shape[:2])
    cells = values.view(rows, MERGE, PATCH, columns, MERGE, PATCH, 3)
    return cells.permute(0, 3, 1, 4, 6, 2, 5).reshape(-1, 3 * PATCH * PATCH)


def record_hidden_states(network: Any, layers: Sequence[int]) -> tuple[dict[Any, Any], list[Any]]:
    """Record the outputs of these layers of the language model; return the dictionary and the hooks.

    The key ``before`` holds the inputs of the first of them: hidden states, and rotary cosines and sines.
    """
    states: dict[Any, Any] = {}

    def record_input(_module: Any, inputs: Any, named: Any) -> None:
        states["before"] = (inputs[0], named["position_embeddings"])

    def recorder(number: int) -> Any:
        def record_output(_module: Any, _inputs: Any, output: Any) -> None:
            states[number] = output

        return record_output

    modules = network.model.language_model.layers
    hooks = [modules[number].register_forward_hook(recorder(number)) for number in layers]
    return states, [*hooks, modules[layers[0]].register_forward_pre_hook(record_input, with_kwargs=True)]
