"""What the real architectures take on a GPU: full size, random weights, loaded once, variants side by side.

How long a step takes does not depend on the weights' values. What a cache skips does, so that its row only
shows that it runs.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

from PIL import Image

from snakedit.core.errors import ImageError, StageError
from snakedit.core.records import Item
from snakedit.editors.editor import Editor, EditRequest
from snakedit.editors.qwen_image_edit import QwenImageEdit, QwenImageEditParams
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings
from snakedit.judges.qwen3_vl import Qwen3VL, Qwen3VLParams
from snakedit.judges.rubrics.rubric import load_rubric
from snakedit.runtime.devices.discover import visible_gpus
from snakedit.runtime.devices.leases import Holder, acquire, waiting_line
from snakedit.runtime.resident.owner import owner
from tools.bench.full_size import (
    QWEN3_VL_8B,
    QWEN_IMAGE_EDIT,
    EditorSizes,
    VisionLanguageSizes,
    build_editor,
    build_judge,
    build_transformer,
)
from tools.bench.variants import EDITOR_VARIANTS, JUDGE_VARIANTS, SPOILING

BATCHES = (1, 2, 4, 8, 16)
BATCH = 4
STEPS = 8
SIDE = 1024
ROUNDS = 3
Figures = list[tuple[str, float, str]]


@dataclass(frozen=True)
class Scale:
    """How large everything is, so that the same code can be tried where there is no GPU.

    Attributes:
        dtype: of the weights.
        side: of pictures, in pixels.
        steps: denoising steps of an image.
        rounds: timed calls, of which the median counts.
    """

    editor: EditorSizes
    judge: VisionLanguageSizes
    dtype: str = "bfloat16"
    side: int = SIDE
    steps: int = STEPS
    batches: Sequence[int] = BATCHES
    rounds: int = ROUNDS


FULL = Scale(QWEN_IMAGE_EDIT, QWEN3_VL_8B)


def measure_models() -> Figures:
    """Lease one GPU and measure on it; without one, say so and return nothing."""
    gpus = visible_gpus()
    if not gpus:
        print("no GPU is visible: the rows of full-size models are left out", file=sys.stderr)
        return []
    holder = Holder(os.getpid(), "bench", owner(), socket=None)
    lease = acquire(gpus, 1, holder, lambda held: print(waiting_line("bench", held), file=sys.stderr))
    try:
        # Before CUDA is first used, which reads it once.
        os.environ["CUDA_VISIBLE_DEVICES"] = lease.devices[0].id
        figures = measure_editor(FULL, "cuda:0")
        # Both do not fit beside each other.
        _free()
        return figures + measure_judge(FULL, "cuda:0")
    finally:
        lease.release()


def measure_editor(scale: Scale, device: str, variants: Sequence[str] = ()) -> Figures:
    """Time an image with each variant of the editor's transformer.

    Args:
        variants: names of `EDITOR_VARIANTS`; empty for all.

    Returns:
        ``models_edit_VARIANT_s``; a variant that cannot run here is told on stderr and left out.
    """
    params = QwenImageEditParams(
        dtype=scale.dtype,
        num_inference_steps=scale.steps,
        height=scale.side,
        width=scale.side,
        condition_side=min(384, scale.side),
        vae_side=scale.side,
    )
    editor = QwenImageEdit.__new__(QwenImageEdit)
    Editor.__init__(editor, None, params, device)
    editor.take(build_editor(scale.editor, device, scale.dtype), "none")
    request = EditRequest(_item(), [_noise(scale.side)], seed=0)
    how = (
        f"Qwen-Image-Edit, random weights, {scale.side}², {scale.steps} steps with guidance, {_name(device)}"
    )

    def prepare(name: str) -> None:
        if name in SPOILING:
            # Two do not fit beside each other.
            editor.pipeline.transformer = None
            _free()
            editor.pipeline.transformer = build_transformer(scale.editor, device, scale.dtype)
        # Kept for the whole process: resetting a transformer's own choice leaves that of the variant before.
        editor.pipeline.transformer.set_attention_backend("native")
        EDITOR_VARIANTS[name](editor.pipeline.transformer)

    figures: Figures = []
    for name in variants or EDITOR_VARIANTS:
        seconds = _tried(
            f"edit_{name}", partial(prepare, name), partial(_edit, editor, request), scale.rounds
        )
        if seconds is not None:
            figures.append((f"models_edit_{name}_s", seconds, f"seconds an image, {name}, {how}"))
    return figures


def measure_judge(scale: Scale, device: str, variants: Sequence[str] = ()) -> Figures:
    """Time a batch in each size, and one of four with each variant of the judge's network.

    Args:
        variants: names of `JUDGE_VARIANTS`; empty for all.

    Returns:
        ``models_judge_batch_N_s`` and ``models_judge_VARIANT_s``, seconds an item; what cannot run here is
        told on stderr and left out.
    """
    settings = JudgeSettings(load_rubric("viescore", {}), "expected", min_scale_mass=0.0, samples=1)
    params = Qwen3VLParams(dtype=scale.dtype, max_pixels=scale.side**2)
    judge = Qwen3VL.__new__(Qwen3VL)
    Judge.__init__(judge, None, params, device, settings)
    judge.take(*build_judge(scale.judge, device, scale.dtype))
    source, edit = _noise(scale.side), _noise(scale.side, sigma=80)
    requests = [JudgeRequest(_item(n), [source], edit, seed=0) for n in range(max(scale.batches))]
    how = f"Qwen3-VL-8B, random weights, viescore at {scale.side}², {_name(device)}"
    figures: Figures = []
    for size in scale.batches:
        seconds = _tried(
            f"judge_batch_{size}",
            lambda: None,
            partial(_judge, judge, requests[:size]),
            scale.rounds,
        )
        if seconds is not None:
            told = f"seconds an item in batches of {size}, {how}"
            figures.append((f"models_judge_batch_{size}_s", seconds / size, told))
    batch = requests[:BATCH]

    def prepare(name: str) -> None:
        if name in SPOILING:
            judge.network = None
            _free()
            judge.take(*build_judge(scale.judge, device, scale.dtype))
        JUDGE_VARIANTS[name](judge.network)

    for name in variants or JUDGE_VARIANTS:
        seconds = _tried(f"judge_{name}", partial(prepare, name), partial(_judge, judge, batch), scale.rounds)
        if seconds is not None:
            told = f"seconds an item in batches of {len(batch)}, {name}, {how}"
            figures.append((f"models_judge_{name}_s", seconds / len(batch), told))
    return figures


def _tried(name: str, prepare: Callable[[], object], work: Callable[[], object], rounds: int) -> float | None:
    """Return the median seconds of the work after one call to warm up, or None where it cannot be done."""
    try:
        prepare()
        work()
        seconds = []
        for _ in range(rounds):
            begin = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begin)
    except Exception as error:  # noqa: BLE001 - a kernel that is missing here raises whatever it raises
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"models: {name} is left out: {reason}", file=sys.stderr)
        _free()
        return None
    return median(seconds)


def _edit(editor: QwenImageEdit, request: EditRequest) -> None:
    try:
        editor.edit(request)
    except ImageError as error:
        # Random weights may end in values that are no numbers; the time is the same.
        if "NaN" not in str(error):
            raise


def _judge(judge: Qwen3VL, requests: Sequence[JudgeRequest]) -> None:
    """Judge one batch; one that was halved, or judged one by one, is none of its size."""
    verdict = judge.judge(requests)[0]
    if verdict.error is not None or verdict.batch_size != len(requests):
        raise StageError(verdict.error or f"only {verdict.batch_size} at a time fit", where="models")


def _item(number: int = 0) -> Item:
    return Item(f"i{number}", "c", ["s.png"], ["0" * 64], "make the sky orange and keep everything else")


def _noise(side: int, sigma: float = 40) -> Image.Image:
    return Image.effect_noise((side, side), sigma).convert("RGB")


def _name(device: str) -> str:
    if not device.startswith("cuda"):
        return device
    import torch

    return str(torch.cuda.get_device_name(device))


def _free() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
