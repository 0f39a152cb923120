"""The measurements that need a GPU, tried at a tiny scale on the CPU."""

import dataclasses
import sys

import pytest

from snakedit.demo.checkpoints.tiny_qwen3_vl import TINY_QWEN3_VL
from snakedit.demo.checkpoints.tiny_qwen_image_edit import TINY_QWEN_IMAGE_EDIT
from tools.bench import real_models
from tools.bench.real_models import Scale, measure_editor, measure_judge, measure_real_models

TINY = Scale(
    TINY_QWEN_IMAGE_EDIT, TINY_QWEN3_VL, dtype="float32", side=64, steps=2, batches=(1, 2, 4), rounds=1
)


@pytest.fixture(autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


def test_the_editors_variants_are_timed_side_by_side(capsys):
    names = ["plain", "first_block_cache", "float8_storage", "fused_patches"]
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
    figures = measure_judge(TINY, "cpu", ["sdpa", "eager", "flash_attention_2", "conv3d_patches"])
    names = [name for name, _, _ in figures]
    assert names == [
        *(f"models_judge_batch_{n}_s" for n in (1, 2, 4)),
        "models_judge_sdpa_s",
        "models_judge_eager_s",
        "models_judge_conv3d_patches_s",
    ]
    assert "models: judge_flash_attention_2 is left out: " in capsys.readouterr().err


def test_without_torchao_the_quantised_rows_are_left_out_and_stderr_says_how_to_get_them(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torchao", None)
    assert measure_editor(TINY, "cpu", ["int8_weights"]) == []
    figures = measure_judge(dataclasses.replace(TINY, batches=(1,)), "cpu", ["int8_weights"])
    assert [name for name, _, _ in figures] == ["models_judge_batch_1_s"]
    errors = capsys.readouterr().err.splitlines()
    for row in ("edit_int8_weights", "judge_int8_weights"):
        line = (
            f"models: {row} is left out: quantisation: torchao is not installed; pip install '.[quantised]'"
        )
        assert line in errors


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


def test_without_a_gpu_the_rows_are_left_out_and_stderr_says_so(monkeypatch, capsys):
    monkeypatch.setattr(real_models, "visible_gpus", list)
    assert measure_real_models() == []
    assert "no GPU is visible: the rows of full-size models are left out" in capsys.readouterr().err
