"""The measurements that need a GPU, tried at a tiny scale on the CPU, and the sizes they are made with."""

import dataclasses
import sys

import pytest

from tools.bench import models as bench_models
from tools.bench.full_size import (
    QWEN3_VL_8B,
    QWEN_IMAGE_EDIT,
    EditorSizes,
    build_editor,
    build_judge,
    build_transformer,
)
from tools.bench.models import Scale, measure_editor, measure_judge, measure_models
from tools.bench.variants import EDITOR_VARIANTS, JUDGE_VARIANTS

TINY_JUDGE = dataclasses.replace(
    QWEN3_VL_8B,
    text={
        **QWEN3_VL_8B.text,
        "vocab_size": 640,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "rope_parameters": {**QWEN3_VL_8B.text["rope_parameters"], "mrope_section": [4, 2, 2]},
    },
    vision={
        **QWEN3_VL_8B.vision,
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_heads": 2,
        "out_hidden_size": 64,
        "num_position_embeddings": 256,
        "deepstack_visual_indexes": [0, 1],
    },
)
TINY_EDITOR = EditorSizes(
    transformer={
        **QWEN_IMAGE_EDIT.transformer,
        "num_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 32,
        "axes_dims_rope": (4, 6, 6),
    },
    vae={**QWEN_IMAGE_EDIT.vae, "base_dim": 8, "num_res_blocks": 1},
    text_encoder=dataclasses.replace(
        QWEN_IMAGE_EDIT.text_encoder,
        text={
            **QWEN_IMAGE_EDIT.text_encoder.text,
            "vocab_size": 640,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]},
        },
        vision={
            **QWEN_IMAGE_EDIT.text_encoder.vision,
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 32,
            "fullatt_block_indexes": [1],
        },
    ),
)
TINY = Scale(TINY_EDITOR, TINY_JUDGE, dtype="float32", side=64, steps=2, batches=(1, 2, 4), rounds=1)


@pytest.fixture(autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


def billions(module):
    return sum(parameter.numel() for parameter in module.parameters()) / 1e9


def test_full_size_is_the_size_that_the_models_are_known_by():
    pipeline = build_editor(QWEN_IMAGE_EDIT, "meta", "bfloat16")
    assert billions(pipeline.transformer) == pytest.approx(20.43, abs=0.01)
    assert billions(pipeline.text_encoder) == pytest.approx(8.29, abs=0.01)
    network, _ = build_judge(QWEN3_VL_8B, "meta", "bfloat16")
    assert billions(network) == pytest.approx(8.77, abs=0.01)


def test_the_editors_variants_are_timed_side_by_side(capsys):
    names = ["plain", "first_block_cache", "float8_storage"]
    figures = measure_editor(TINY, "cpu", names)
    assert [name for name, _, _ in figures] == [f"models_edit_{name}_s" for name in names], (
        capsys.readouterr()
    )
    assert all(seconds > 0 for _, seconds, _ in figures)
    assert all("random weights, 64², 2 steps" in how for _, _, how in figures)


def test_no_variant_is_timed_with_the_attention_of_the_one_before(capsys):
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    figures = measure_editor(TINY, "cpu", ["cudnn_attention", "first_block_cache", "float8_storage"])
    assert "models: edit_cudnn_attention is left out: " in capsys.readouterr().err
    assert [name for name, _, _ in figures] == [
        "models_edit_first_block_cache_s",
        "models_edit_float8_storage_s",
    ]
    assert _AttentionBackendRegistry.get_active_backend()[0] == "native"


def test_the_judges_batches_and_variants_are_timed_side_by_side(capsys):
    figures = measure_judge(TINY, "cpu", ["sdpa", "eager", "flash_attention_2"])
    names = [name for name, _, _ in figures]
    assert names == [
        *(f"models_judge_batch_{n}_s" for n in (1, 2, 4)),
        "models_judge_sdpa_s",
        "models_judge_eager_s",
    ]
    assert "models: judge_flash_attention_2 is left out: " in capsys.readouterr().err


QUANTISED = ["int8_weights"]


def test_without_torchao_the_quantised_rows_are_left_out_and_it_is_said_how_to_get_them(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torchao", None)
    assert measure_editor(TINY, "cpu", QUANTISED) == []
    figures = measure_judge(dataclasses.replace(TINY, batches=(1,)), "cpu", QUANTISED)
    assert [name for name, _, _ in figures] == ["models_judge_batch_1_s"]
    told = capsys.readouterr().err
    for row in ("edit_int8_weights", "judge_int8_weights"):
        line = (
            f"models: {row} is left out: quantisation: torchao is not installed; pip install '.[quantised]'"
        )
        assert line in told.splitlines()


def test_quantised_weights_are_timed_on_blocks_of_their_own(capsys):
    pytest.importorskip(
        "torchao", reason="slows every import of diffusers, so it is in no lock: pip install '.[quantised]'"
    )
    figures = measure_editor(TINY, "cpu", ["float8_storage", "int8_weights", "plain"])
    figures += measure_judge(dataclasses.replace(TINY, batches=(1,)), "cpu", ["int8_weights", "sdpa"])
    assert [name for name, _, _ in figures] == [
        "models_edit_float8_storage_s",
        "models_edit_int8_weights_s",
        "models_edit_plain_s",
        "models_judge_batch_1_s",
        "models_judge_int8_weights_s",
        "models_judge_sdpa_s",
    ], capsys.readouterr()


@pytest.mark.parametrize(
    ("quantise", "build", "blocks"),
    [
        (EDITOR_VARIANTS["int8_weights"], build_transformer, "transformer_blocks"),
        (JUDGE_VARIANTS["int8_weights"], lambda *a: build_judge(*a)[0], "model.language_model.layers"),
    ],
)
def test_quantised_weights_are_a_byte_each_and_give_nearly_the_same(quantise, build, blocks):
    torchao = pytest.importorskip("torchao.quantization", reason="see above")
    import torch

    network = build(TINY_EDITOR if build is build_transformer else TINY_JUDGE, "cpu", "float32")
    linear = [m for m in network.get_submodule(blocks).modules() if isinstance(m, torch.nn.Linear)]
    inputs = [torch.randn(3, layer.in_features) for layer in linear]
    with torch.no_grad():
        before = [layer(x) for layer, x in zip(linear, inputs, strict=True)]
        quantise(network)
        after = [layer(x) for layer, x in zip(linear, inputs, strict=True)]
    assert linear
    assert all(isinstance(layer.weight, torchao.Int8Tensor) for layer in linear)
    for one, other in zip(before, after, strict=True):
        assert 0 < (one - other).abs().max() < 0.03 * one.abs().max()


def test_without_a_gpu_the_rows_are_left_out_and_it_is_said(monkeypatch, capsys):
    monkeypatch.setattr(bench_models, "visible_gpus", list)
    assert measure_models() == []
    assert "no GPU is visible: the rows of full-size models are left out" in capsys.readouterr().err
