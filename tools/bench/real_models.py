"""The real architectures on a GPU: full size, random weights, loaded once, variants side by side.

The time of a step does not depend on the weights' values. The steps that a cache skips do depend on them, so
its row only shows that it runs.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from PIL import Image

from snakedit.core.errors import ImageError, StageError
from snakedit.core.records import Item
from snakedit.demo.checkpoints.qwen_networks import ImageEditSizes, VisionLanguageSizes
from snakedit.editors.editor import EditRequest
from snakedit.editors.qwen_image_edit import QwenImageEdit, QwenImageEditParams
from snakedit.judges.judge import JudgeRequest, JudgeSettings
from snakedit.judges.qwen3_vl import Qwen3VL
from snakedit.judges.qwen3_vl_params import Qwen3VLParams
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.runtime.devices.discover import visible_gpus
from snakedit.runtime.devices.leases import Holder, acquire, waiting_line
from snakedit.runtime.devices.replicas import Demand
from snakedit.runtime.resident.owner import owner
from tools.bench.full_size import (
    QWEN3_VL_8B,
    QWEN_IMAGE_EDIT,
    build_editor,
    build_judge,
    build_transformer,
)
from tools.bench.measurement import Measurement
from tools.bench.variants import (
    CONV3D_PATCHES,
    EDITOR_VARIANTS,
    FUSED_PATCHES,
    JUDGE_VARIANTS,
    WEIGHT_CHANGING,
    fuse_patches,
)

VARIANT_BATCH = 4


@dataclass(frozen=True)
class Scale:
    """Sizes of models and inputs; small ones let the same code run without a GPU.

    Attributes:
        dtype: of the weights.
        side: of images, in pixels.
        steps: denoising steps of an image.
        batches: sizes of the judge's batches.
        rounds: timed calls, of which the median counts.
    """

    editor: ImageEditSizes
    judge: VisionLanguageSizes
    dtype: str = "bfloat16"
    side: int = 1024
    steps: int = 8
    batches: Sequence[int] = (1, 2, 4, 8, 16)
    rounds: int = 3


FULL = Scale(QWEN_IMAGE_EDIT, QWEN3_VL_8B)


def measure_real_models() -> list[Measurement]:
    """Lease one GPU and measure on it; without one, print so and return nothing."""
    gpus = visible_gpus()
    if not gpus:
        print("no GPU is visible: the rows of full-size models are left out", file=sys.stderr)
        return []
    holder = Holder(os.getpid(), "bench", owner(), socket=None)
    lease, _ = acquire(
        gpus, Demand(1), holder, lambda held: print(waiting_line("bench", held), file=sys.stderr)
    )
    try:
        # CUDA reads it once, on first use.
        os.environ["CUDA_VISIBLE_DEVICES"] = lease.devices[0].id
        measurements = measure_editor(FULL, "cuda:0")
        # Editor and judge do not fit into memory together.
        _free_memory()
        return measurements + measure_judge(FULL, "cuda:0")
    finally:
        lease.release()


def measure_editor(scale: Scale, device: str, variants: Sequence[str] = ()) -> list[Measurement]:
    """Time an image with each variant of the editor's transformer.

    Args:
        variants: names of `EDITOR_VARIANTS`; empty for all.

    Returns:
        ``models_edit_VARIANT_s``. A variant that cannot run here is named on stderr and left out.
    """
    params = QwenImageEditParams(
        dtype=scale.dtype,
        num_inference_steps=scale.steps,
        height=scale.side,
        width=scale.side,
        condition_side=min(384, scale.side),
        vae_side=scale.side,
    )
    editor = QwenImageEdit.around(build_editor(scale.editor, device, scale.dtype), params, device)
    request = EditRequest(_bench_item(), [_noise_image(scale.side)], seed=0)
    size = f"{scale.side}², {scale.steps} steps with guidance"
    how = f"Qwen-Image-Edit, random weights, {size}, {_device_name(device)}"

    def prepare(name: str) -> None:
        if name in WEIGHT_CHANGING:
            # Two transformers do not fit into memory together.
            editor.pipeline.transformer = None
            _free_memory()
            editor.pipeline.transformer = build_transformer(scale.editor, device, scale.dtype)
        if name == FUSED_PATCHES:
            fuse_patches(editor.pipeline.text_encoder)
        # The backend is global to the process: resetting it would leave that of the previous variant.
        editor.pipeline.transformer.set_attention_backend("native")
        EDITOR_VARIANTS[name](editor.pipeline.transformer)

    measurements = []
    for name in variants or EDITOR_VARIANTS:
        work = partial(_edit_once, editor, request)
        seconds = _median_or_none(f"edit_{name}", partial(prepare, name), work, scale.rounds)
        if seconds is not None:
            explanation = f"seconds an image, {name}, {how}"
            measurements.append(Measurement(f"models_edit_{name}_s", seconds, explanation))
    return measurements


def measure_judge(scale: Scale, device: str, variants: Sequence[str] = ()) -> list[Measurement]:
    """Time a batch of each size, and one of `VARIANT_BATCH` with each variant of the judge's network.

    Args:
        variants: names of `JUDGE_VARIANTS`; empty for all.

    Returns:
        ``models_judge_batch_N_s`` and ``models_judge_VARIANT_s``, seconds an item. Those that cannot run
        here are named on stderr and left out.
    """
    settings = JudgeSettings(load_rubric("viescore", {}), "expected", min_scale_mass=0.0, samples=1)
    params = Qwen3VLParams(dtype=scale.dtype, max_pixels=scale.side**2)

    def build(variant: str = "") -> tuple[Any, Any]:
        network, processor = build_judge(scale.judge, device, scale.dtype)
        if variant != CONV3D_PATCHES:
            fuse_patches(network)
        return network, processor

    judge = Qwen3VL.around(*build(), params, device, settings)
    source, edit = _noise_image(scale.side), _noise_image(scale.side, sigma=80)
    requests = [JudgeRequest(_bench_item(n), [source], edit, seed=0) for n in range(max(scale.batches))]
    how = f"Qwen3-VL-8B, random weights, viescore at {scale.side}², {_device_name(device)}"
    measurements = []
    for size in scale.batches:
        work = partial(_judge_once, judge, requests[:size])
        seconds = _median_or_none(f"judge_batch_{size}", lambda: None, work, scale.rounds)
        if seconds is not None:
            explanation = f"seconds an item in batches of {size}, {how}"
            measurements.append(Measurement(f"models_judge_batch_{size}_s", seconds / size, explanation))
    batch = requests[:VARIANT_BATCH]

    def prepare(name: str) -> None:
        if name in WEIGHT_CHANGING:
            judge.network = None
            _free_memory()
            judge.take(*build(name))
        JUDGE_VARIANTS[name](judge.network)

    for name in variants or JUDGE_VARIANTS:
        work = partial(_judge_once, judge, batch)
        seconds = _median_or_none(f"judge_{name}", partial(prepare, name), work, scale.rounds)
        if seconds is not None:
            explanation = f"seconds an item in batches of {len(batch)}, {name}, {how}"
            measurements.append(Measurement(f"models_judge_{name}_s", seconds / len(batch), explanation))
    return measurements


def _median_or_none(
    name: str, prepare: Callable[[], object], work: Callable[[], object], rounds: int
) -> float | None:
    """Return the median seconds of the work after one warm-up call, or None if it cannot run here."""
    try:
        prepare()
        work()
        seconds = []
        for _ in range(rounds):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
    except Exception as error:  # noqa: BLE001 - a missing kernel may raise anything
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"models: {name} is left out: {reason}", file=sys.stderr)
        _free_memory()
        return None
    return median(seconds)


def _edit_once(editor: QwenImageEdit, request: EditRequest) -> None:
    try:
        editor.edit(request)
    except ImageError as error:
        # Random weights may produce NaN; the time is the same.
        if "NaN" not in str(error):
            raise


def _judge_once(judge: Qwen3VL, requests: Sequence[JudgeRequest]) -> None:
    """Judge one batch; raise if it was halved or judged one by one, because then its size was another."""
    verdict = judge.judge(requests)[0]
    if verdict.error is not None or verdict.batch_size != len(requests):
        raise StageError(verdict.error or f"only {verdict.batch_size} at a time fit", where="models")


def _bench_item(number: int = 0) -> Item:
    return Item(f"i{number}", "c", ["s.png"], ["0" * 64], "make the sky orange and keep everything else")


def _noise_image(side: int, sigma: float = 40) -> Image.Image:
    return Image.effect_noise((side, side), sigma).convert("RGB")


def _device_name(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    import torch

    return str(torch.cuda.get_device_name(device))


def _free_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
