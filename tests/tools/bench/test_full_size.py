import pytest

from tools.bench.full_size import QWEN3_VL_8B, QWEN_IMAGE_EDIT, build_editor, build_judge


def billions(module):
    return sum(parameter.numel() for parameter in module.parameters()) / 1e9


def test_full_size_is_the_published_size_of_the_models():
    pipeline = build_editor(QWEN_IMAGE_EDIT, "meta", "bfloat16")
    assert billions(pipeline.transformer) == pytest.approx(20.43, abs=0.01)
    assert billions(pipeline.text_encoder) == pytest.approx(8.29, abs=0.01)
    network, _ = build_judge(QWEN3_VL_8B, "meta", "bfloat16")
    assert billions(network) == pytest.approx(8.77, abs=0.01)
