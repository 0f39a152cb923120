"""Qwen-Image-Edit: diffusers' QwenImageEdit and QwenImageEditPlus pipelines, chosen by the checkpoint."""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from snakedit.core.errors import CheckpointError, ImageError
from snakedit.editors.editor import Editor, EditRequest
from snakedit.models.processors import load_processor

DTYPES = ("bfloat16", "float16", "float32")
OFFLOADS = ("none", "model", "sequential")
PLUS = "QwenImageEditPlusPipeline"
PIPELINES = ("QwenImageEditPipeline", PLUS)
PIXELS_PER_TOKEN = 16


@dataclass(frozen=True)
class QwenImageEditParams:
    """Parameters of `QwenImageEdit`.

    Attributes:
        dtype: of the weights: one of `DTYPES`.
        num_inference_steps: denoising steps; the model cards of 2509 and 2511 say 40.
        true_cfg_scale: strength of classifier-free guidance; 1 turns it off and halves the time.
        negative_prompt: what guidance leads away from; without one diffusers turns it off in silence.
        height, width: of the edit in pixels, multiples of 16, or None for about 1024² in the aspect of
            the last source.
        condition_side: side of the square whose area the text encoder sees; None is the library's 384.
        vae_side: side of the square whose area the source is encoded at; None is the library's 1024.
        mrope_repair: give the text encoder the image positions that diffusers 0.42.1 does not forward
            under transformers 5 (diffusers #14194). Off only to measure what that changes.
        vae_tiling: encode and decode in overlapping tiles of 256²: less memory, slightly other pixels.
        offload: where weights wait: `none` (on the device), `model` or `sequential` (in CPU memory).
            Without a meaning on the CPU.
        seed: in the place of `run.seed`, to compare one model's seeds as two editors.
    """

    dtype: str = "bfloat16"
    num_inference_steps: int = 40
    true_cfg_scale: float = 4.0
    negative_prompt: str = " "
    height: int | None = None
    width: int | None = None
    condition_side: int | None = None
    vae_side: int | None = None
    mrope_repair: bool = True
    vae_tiling: bool = False
    offload: str = "none"
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype '{self.dtype}' is not one of {', '.join(DTYPES)}")
        if self.offload not in OFFLOADS:
            raise ValueError(f"offload '{self.offload}' is not one of {', '.join(OFFLOADS)}")
        if self.num_inference_steps < 1:
            raise ValueError("num_inference_steps must be 1 or more")
        if not math.isfinite(self.true_cfg_scale):
            raise ValueError(f"true_cfg_scale {self.true_cfg_scale} is not a number")
        for name in ("height", "width", "condition_side", "vae_side"):
            side = getattr(self, name)
            if side is not None and not 32 <= side <= 4096:
                raise ValueError(f"{name} {side} is not between 32 and 4096")
        for name in ("height", "width"):
            if (getattr(self, name) or 0) % PIXELS_PER_TOKEN:
                raise ValueError(f"{name} {getattr(self, name)} is not a multiple of {PIXELS_PER_TOKEN}")


class QwenImageEdit(Editor):
    """A Qwen-Image-Edit checkpoint in diffusers' layout; one item a call, noise from a CPU generator."""

    Params: ClassVar[type] = QwenImageEditParams
    model_kind: ClassVar[str] = "checkpoint"
    seeded: ClassVar[bool] = True
    needs_device: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"offload"})
    size_policy: ClassVar[str] = "height × width where given, else about 1024² in the last source's aspect"
    params: QwenImageEditParams

    def __init__(self, model: str | None, params: QwenImageEditParams, device: str) -> None:
        super().__init__(model, params, device)
        assert model is not None
        pipeline_name = _pipeline_name(Path(model))
        if pipeline_name != PLUS and (params.condition_side or params.vae_side):
            raise CheckpointError(
                "QwenImageEditPipeline always encodes the source at about 1024²",
                where=model,
                hint="leave out condition_side and vae_side",
            )
        self.take(*_load_pipeline(Path(model), pipeline_name, params))

    @classmethod
    def around(cls, pipeline: Any, params: QwenImageEditParams, device: str) -> "QwenImageEdit":
        """Return an editor with a pipeline that was built in memory."""
        editor = cls.__new__(cls)
        Editor.__init__(editor, None, params, device)
        editor.take(pipeline, "none")
        return editor

    def take(self, pipeline: Any, processor_loader: str) -> None:
        """Edit with this pipeline."""
        self.pipeline, self._processor_loader = pipeline, processor_loader
        self.is_plus = type(pipeline).__name__ == PLUS
        if self.params.mrope_repair:
            repair_positions(pipeline.text_encoder)
        self._offload = "none"
        self.move_to(self.device)
        pipeline.set_progress_bar_config(disable=True)
        self._editing = self._short_of_memory = ""
        self._is_tiled = self.params.vae_tiling

    @property
    def notes(self) -> Mapping[str, str]:
        """How the processor was loaded, and whether the last edit was made in tiles."""
        return {"processor_loader": self._processor_loader, "vae_tiling": str(self._is_tiled).lower()}

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the edited image; see `QwenImageEditParams` for its size.

        Raises:
            ImageError: for several sources where the pipeline takes one, and for pixels that are no numbers.
        """
        import torch

        if len(request.sources) > 1 and not self.is_plus:
            raise ImageError(
                f"{len(request.sources)} source images, and QwenImageEditPipeline takes one",
                allowed="a checkpoint of QwenImageEditPlusPipeline",
            )
        params = self.params
        self._editing = f"{request.item.category}/{request.item.id}"
        self._set_tiling(params.vae_tiling or self._editing == self._short_of_memory)
        with torch.inference_mode(), self._reference_sizes():
            pixels = self.pipeline(
                image=request.sources if self.is_plus else request.sources[0],
                prompt=request.item.instruction,
                # Without guidance diffusers warns, for each image, that it is not used.
                negative_prompt=params.negative_prompt if params.true_cfg_scale > 1 else None,
                true_cfg_scale=params.true_cfg_scale,
                height=params.height,
                width=params.width,
                num_inference_steps=params.num_inference_steps,
                generator=torch.Generator("cpu").manual_seed(request.seed),
                output_type="np",
            ).images[0]
        self._short_of_memory = ""
        return _to_image(pixels)

    def move_to(self, device: str) -> None:
        """Move the pipeline; with `offload` its parts stay in CPU memory until they are called."""
        self.device = device
        if self._offload != "none":
            return
        self._offload = "none" if device == "cpu" else self.params.offload
        if self._offload == "model":
            self.pipeline.enable_model_cpu_offload(device=device)
        elif self._offload == "sequential":
            self.pipeline.enable_sequential_cpu_offload(device=device)
        else:
            self.pipeline.to(device)

    def release_memory(self) -> None:
        """Empty the device's cache, keep weights in CPU memory from now on, and try this item in tiles.

        Tiles change pixels, so only the item that did not fit is made in them.
        """
        import torch

        self._short_of_memory = self._editing
        if torch.cuda.is_available():
            if self._offload == "none" and self.device != "cpu":
                self.pipeline.enable_model_cpu_offload(device=self.device)
                self._offload = "model"
            elif self._offload == "model":
                # The part that was at work is still on the device; only a whole call takes it off.
                self.pipeline.maybe_free_model_hooks()
            torch.cuda.empty_cache()

    def _set_tiling(self, is_tiled: bool) -> None:
        vae = self.pipeline.vae
        (vae.enable_tiling if is_tiled else vae.disable_tiling)()
        self._is_tiled = is_tiled

    @contextmanager
    def _reference_sizes(self) -> Iterator[None]:
        """QwenImageEditPlusPipeline reads the areas of its inputs from constants of its module."""
        module = sys.modules[type(self.pipeline).__module__]
        sides = {"CONDITION_IMAGE_SIZE": self.params.condition_side, "VAE_IMAGE_SIZE": self.params.vae_side}
        areas = {name: side * side for name, side in sides.items() if side is not None}
        kept = {name: getattr(module, name) for name in areas}
        for name, area in areas.items():
            setattr(module, name, area)
        try:
            yield
        finally:
            for name, area in kept.items():
                setattr(module, name, area)


def repair_positions(text_encoder: Any) -> None:
    """Tell the text encoder which tokens are image tokens, so that they get 3-D positions.

    The pipelines of diffusers 0.42.1 pass no `mm_token_type_ids`, and Qwen2.5-VL of transformers 5 then
    numbers image tokens like words, in silence (diffusers #14194).
    """

    def add_token_types(module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if kwargs.get("pixel_values") is not None and kwargs.get("mm_token_type_ids") is None:
            image_tokens = kwargs["input_ids"] == module.config.image_token_id
            kwargs = {**kwargs, "mm_token_type_ids": image_tokens.int()}
        return args, kwargs

    text_encoder.register_forward_pre_hook(add_token_types, with_kwargs=True)


def _to_image(pixels: Any) -> Image.Image:
    """Return an image of values in 0–1, shaped (height, width, 3); NaN would turn to black in silence."""
    import numpy as np

    if not np.isfinite(pixels).all():
        raise ImageError(
            "the model made values that are not numbers (NaN)",
            hint="float16 overflows where bfloat16 does not; one step is too few for most schedulers",
        )
    return Image.fromarray((pixels * 255).round().astype("uint8"))


def _pipeline_name(folder: Path) -> str:
    """Return the checkpoint's pipeline, after a look at what it would have diffusers import."""
    where = str(folder)
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        name = index["_class_name"]
        libraries = {part[0] for part in index.values() if isinstance(part, list)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise CheckpointError("holds no model_index.json of a diffusers pipeline", where=where) from None
    if name not in PIPELINES:
        raise CheckpointError(f"is a {name}", where=where, allowed=", ".join(PIPELINES))
    strange = sorted(str(library) for library in libraries - {"diffusers", "transformers", None})
    if strange:
        raise CheckpointError(
            f"brings code of its own ({', '.join(strange)}), which is never run",
            where=where,
            allowed="parts of diffusers and transformers",
        )
    return str(name)


def _load_pipeline(folder: Path, name: str, params: QwenImageEditParams) -> tuple[Any, str]:
    """Return the pipeline, and which loader made its processor."""
    import diffusers
    import torch
    import transformers
    from safetensors import SafetensorError

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    try:
        processor, loader = load_processor(str(folder), transformers.Qwen2VLProcessor, subfolder="processor")
        pipeline = getattr(diffusers, name).from_pretrained(
            str(folder),
            processor=processor,
            dtype=getattr(torch, params.dtype),
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"cannot be loaded ({reason})", where=str(folder)) from None
    return pipeline, loader
