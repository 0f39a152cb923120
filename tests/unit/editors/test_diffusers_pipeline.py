"""What all diffusers pipelines share, with a tiny Qwen-Image-Edit and with a pipeline made by hand."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from editing_by_hand import item, load_tiny, mean_difference, picture, pixels, request

from snakedit.config.params import FamilyParams
from snakedit.core.errors import CheckpointError, ImageError
from snakedit.editors.diffusers_pipeline import DiffusersEditor
from snakedit.editors.editor import EditRequest


class HandParams(FamilyParams):
    dtype: str = "float32"
    offload: str = "none"
    vae_tiling: bool = False


class HandEditor(DiffusersEditor):
    """All that a family must say."""

    Params: ClassVar[type] = HandParams
    pipelines: ClassVar[tuple[str, ...]] = ("SimpleNamespace",)

    def run_pipeline(self, request, **shared):
        return self.pipeline.run(request.sources[0], request.item.instruction, **shared)


class HandPipeline(SimpleNamespace):
    """Records what is called, and makes pixels of one value."""

    def __init__(self, value=0.5):
        self.calls, self.value, self.options = [], value, {}
        self.vae = SimpleNamespace(
            enable_tiling=lambda: self.calls.append("tiled"),
            disable_tiling=lambda: self.calls.append("whole"),
        )

    def to(self, device):
        self.calls.append(f"to {device}")

    def enable_model_cpu_offload(self, device):
        self.calls.append(f"offload {device}")

    def maybe_free_model_hooks(self):
        self.calls.append("free")

    def remove_all_hooks(self):
        self.calls.append("no hooks")

    def set_progress_bar_config(self, disable):
        self.calls.append("quiet")

    def run(self, image, instruction, **options):
        self.options = options
        return SimpleNamespace(images=[np.full((*image.size[::-1], 3), self.value, dtype=np.float32)])


@pytest.fixture
def copy(tiny_editor, tmp_path):
    return Path(shutil.copytree(tiny_editor, tmp_path / "copy"))


def test_a_family_only_calls_its_pipeline():
    pipeline = HandPipeline()
    image = HandEditor.around(pipeline, HandParams(), "cpu").edit(request(seed=5))
    assert (image.size, image.getpixel((0, 0))) == (picture().size, (128, 128, 128))
    assert pipeline.calls == ["to cpu", "quiet", "whole"]
    assert (pipeline.options["generator"].initial_seed(), pipeline.options["output_type"]) == (5, "np")


def test_a_pipeline_that_takes_one_source_is_not_given_two():
    editor = HandEditor.around(HandPipeline(), HandParams(), "cpu")
    with pytest.raises(ImageError, match=r"2 source images, and HandPipeline takes one$"):
        editor.edit(request(sources=[picture(), picture(1)]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_no_numbers_are_a_failure_and_not_a_black_image(value):
    with pytest.raises(ImageError, match="not numbers"):
        HandEditor.around(HandPipeline(value), HandParams(), "cpu").edit(request())


def test_after_an_out_of_memory_only_the_item_that_did_not_fit_is_made_in_tiles(tiny_editor):
    # Over 256 px, or there is but one tile.
    editor = load_tiny(tiny_editor, height=320, width=320)
    whole = pixels(editor)
    editor.release_memory()
    tiled = pixels(editor)
    assert editor.notes["vae_tiling"] == "true"
    assert mean_difference(whole, tiled) > 0
    other = EditRequest(item("b"), [picture()], 0)
    assert mean_difference(pixels(editor, other), whole) == 0
    assert editor.notes["vae_tiling"] == "false"


def test_an_item_that_never_fits_leaves_the_next_one_untiled(tiny_editor):
    editor = load_tiny(tiny_editor)
    editor.edit(request())
    editor.release_memory()
    editor.release_memory()
    editor.edit(EditRequest(item("b"), [picture()], 0))
    assert editor.notes["vae_tiling"] == "false"


def test_after_an_out_of_memory_with_offload_no_part_stays_on_the_device(monkeypatch):
    """What was being called when the memory ran out would stay there beside the next item's first part."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: pipeline.calls.append("empty"))
    pipeline = HandPipeline()
    editor = HandEditor.around(pipeline, HandParams(), "cuda:0")
    editor.release_memory()
    editor.release_memory()
    assert pipeline.calls == ["to cuda:0", "quiet", "offload cuda:0", "empty", "free", "empty"]


@pytest.mark.parametrize("fits", [True, False])
def test_after_an_out_of_memory_the_next_item_finds_the_pipeline_as_it_was(monkeypatch, fits):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    pipeline = HandPipeline()
    editor = HandEditor.around(pipeline, HandParams(), "cuda:0")
    editor.edit(request())
    assert editor.release_memory() == "in tiles and with its weights in CPU memory"
    if fits:
        editor.edit(request())
    else:
        editor.release_memory()
    pipeline.calls.clear()
    for name in "bc":
        editor.edit(EditRequest(item(name), [picture()], 0))
    assert pipeline.calls == ["no hooks", "to cuda:0", "whole", "whole"]


def _without_index(folder):
    (folder / "model_index.json").unlink()


def _with_index(**changes):
    def change(folder):
        path = folder / "model_index.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def _with_cut_weights(folder):
    path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def _with_pickles(folder):
    path = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))


def _without_processor(folder):
    shutil.rmtree(folder / "processor")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_index, "holds no model_index.json"),
        (
            _with_index(_class_name="FluxPipeline"),
            "is a FluxPipeline; allowed: QwenImageEditPipeline, QwenImageEditPlusPipeline",
        ),
        (_with_index(transformer=["os", "system"]), "brings code of its own (os), which is never run"),
        (_with_cut_weights, "cannot be loaded"),
        (_with_pickles, "cannot be loaded"),
        (_without_processor, "cannot be loaded"),
    ],
    ids=["no index", "another class", "own code", "cut weights", "pickles", "no processor"],
)
def test_a_checkpoint_that_cannot_be_used_is_refused_in_one_line(copy, spoil, message):
    spoil(copy)
    with pytest.raises(CheckpointError) as caught:
        load_tiny(copy)
    assert message in str(caught.value)
    assert str(copy) in str(caught.value)
    assert "\n" not in str(caught.value)
