"""Variants of running the real architectures: attention, cache, compiler, quantisation."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from snakedit.core.errors import StageError

# The text encoder of the editor has a 3-D convolution as it is loaded, the judge has a matrix product.
FUSED_PATCHES, CONV3D_PATCHES = "fused_patches", "conv3d_patches"


def _plain(transformer: Any) -> None:
    """Change nothing: torch's default attention, no compiler, no cache."""


def _attention(backend: str, transformer: Any) -> None:
    transformer.set_attention_backend(backend)


def _first_block_cache(transformer: Any) -> None:
    from diffusers.hooks import FirstBlockCacheConfig

    transformer.enable_cache(FirstBlockCacheConfig(threshold=0.1))


def _editor_compiled(transformer: Any) -> None:
    if transformer.is_cache_enabled:
        transformer.disable_cache()
    transformer.compile_repeated_blocks(fullgraph=True)


def _float8_storage(transformer: Any) -> None:
    import torch

    transformer.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=transformer.dtype)


def _int8_weights(transformer: Any) -> None:
    _quantise(transformer.transformer_blocks, "Int8WeightOnlyConfig")


def _float8_compiled(transformer: Any) -> None:
    _quantise(transformer.transformer_blocks, "Float8DynamicActivationFloat8WeightConfig")
    # Without the compiler, scaling each layer's input takes separate kernels and more time than it saves.
    transformer.compile_repeated_blocks(fullgraph=True)


def _judge_attention(implementation: str, network: Any) -> None:
    network.set_attn_implementation(implementation)


def _judge_compiled(network: Any) -> None:
    import torch

    network.set_attn_implementation("sdpa")
    language_model = network.model.language_model
    language_model.forward = torch.compile(language_model.forward, dynamic=True)


def _judge_int8_weights(network: Any) -> None:
    _quantise(network.model.language_model.layers, "Int8WeightOnlyConfig")


def _judge_float8_compiled(network: Any) -> None:
    _quantise(network.model.language_model.layers, "Float8DynamicActivationFloat8WeightConfig")
    _judge_compiled(network)


def _quantise(blocks: Any, config: str) -> None:
    """Quantise the blocks' linear layers in place.

    Args:
        config: a class of `torchao.quantization`.
    """
    try:
        from torchao import quantization
    except ImportError:
        raise StageError(
            "torchao is not installed", where="quantisation", hint="pip install '.[quantised]'"
        ) from None
    quantization.quantize_(blocks, getattr(quantization, config)())


def fuse_patches(network: Any) -> None:
    """Turn the 3-D convolution of a Qwen network's patches into a matrix product, in place.

    That is what transformers' `fusion_config` does while it loads a checkpoint; these networks have none.
    """
    import torch
    from transformers.fusion_mapping import PatchEmbeddingsFusionSpec

    embedding = network.model.visual.patch_embed
    weight, bias = embedding.proj.weight.detach().flatten(1), embedding.proj.bias
    with torch.device("meta"):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    linear.weight, linear.bias = torch.nn.Parameter(weight), bias
    del embedding.proj
    embedding.linear_proj, embedding.patch_volume = linear, weight.shape[1]
    embedding.__class__ = PatchEmbeddingsFusionSpec().make_fused_class(type(embedding))


# They are applied in this order to one transformer or network; each undoes the one before.
EDITOR_VARIANTS: Mapping[str, Callable[[Any], None]] = {
    "plain": _plain,
    "flash_attention": partial(_attention, "_native_flash"),
    "cudnn_attention": partial(_attention, "_native_cudnn"),
    "first_block_cache": _first_block_cache,
    "compiled": _editor_compiled,
    "float8_storage": _float8_storage,
    "int8_weights": _int8_weights,
    "float8_compiled": _float8_compiled,
    FUSED_PATCHES: _plain,
}
JUDGE_VARIANTS: Mapping[str, Callable[[Any], None]] = {
    "sdpa": partial(_judge_attention, "sdpa"),
    "eager": partial(_judge_attention, "eager"),
    "flash_attention_2": partial(_judge_attention, "flash_attention_2"),
    "compiled": _judge_compiled,
    CONV3D_PATCHES: partial(_judge_attention, "sdpa"),
    "int8_weights": _judge_int8_weights,
    "float8_compiled": _judge_float8_compiled,
}
# These change the weights, which cannot be undone, so each starts with new ones.
WEIGHT_CHANGING = ("float8_storage", "int8_weights", "float8_compiled", FUSED_PATCHES, CONV3D_PATCHES)
