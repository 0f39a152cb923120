import pytest

from snakedit.demo.checkpoints.tiny_qwen3_vl import TINY_QWEN3_VL
from snakedit.demo.checkpoints.tiny_qwen_image_edit import TINY_QWEN_IMAGE_EDIT
from tools.bench.full_size import build_editor, build_judge, build_transformer
from tools.bench.variants import EDITOR_VARIANTS, JUDGE_VARIANTS, fuse_patches


@pytest.mark.parametrize(
    ("quantise", "build", "blocks"),
    [
        (
            EDITOR_VARIANTS["int8_weights"],
            lambda: build_transformer(TINY_QWEN_IMAGE_EDIT, "cpu", "float32"),
            "transformer_blocks",
        ),
        (
            JUDGE_VARIANTS["int8_weights"],
            lambda: build_judge(TINY_QWEN3_VL, "cpu", "float32")[0],
            "model.language_model.layers",
        ),
    ],
)
def test_quantised_weights_are_a_byte_each_and_give_nearly_the_same(quantise, build, blocks):
    torchao = pytest.importorskip(
        "torchao.quantization",
        reason="it slows every import of diffusers, so it is in no lock: pip install '.[quantised]'",
    )
    import torch

    network = build()
    layers = [m for m in network.get_submodule(blocks).modules() if isinstance(m, torch.nn.Linear)]
    inputs = [torch.randn(3, layer.in_features) for layer in layers]
    with torch.no_grad():
        before = [layer(x) for layer, x in zip(layers, inputs, strict=True)]
        quantise(network)
        after = [layer(x) for layer, x in zip(layers, inputs, strict=True)]
    assert layers
    assert all(isinstance(layer.weight, torchao.Int8Tensor) for layer in layers)
    for exact, quantised in zip(before, after, strict=True):
        assert 0 < (exact - quantised).abs().max() < 0.03 * exact.abs().max()


@pytest.mark.parametrize(
    "build",
    [
        lambda: build_judge(TINY_QWEN3_VL, "cpu", "float32")[0],
        lambda: build_editor(TINY_QWEN_IMAGE_EDIT, "cpu", "float32").text_encoder,
    ],
    ids=["judge", "text encoder"],
)
def test_fused_patches_give_the_same_numbers_without_a_convolution(build):
    import torch

    network = build()
    embedding = network.model.visual.patch_embed
    patches = torch.randn(6, embedding.proj.weight[0].numel())
    with torch.no_grad():
        before = embedding(patches)
        fuse_patches(network)
        after = network.model.visual.patch_embed(patches)
    assert not any(isinstance(module, torch.nn.Conv3d) for module in network.modules())
    assert torch.allclose(before, after, rtol=1e-4, atol=1e-4)
