"""Qwen-Image-Edit: diffusers' QwenImageEdit and QwenImageEditPlus pipelines, chosen by the checkpoint."""

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from snakedit.core.errors import CheckpointError
from snakedit.editors.diffusers_pipeline import DTYPES, OFFLOADS, DiffusersEditor
from snakedit.editors.editor import EditRequest
from snakedit.models.processors import load_processor

PLUS = "QwenImageEditPlusPipeline"
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


class QwenImageEdit(DiffusersEditor):
    """A Qwen-Image-Edit checkpoint. `Plus` is the pipeline of versions 2509 and 2511."""

    Params: ClassVar[type] = QwenImageEditParams
    pipelines: ClassVar[tuple[str, ...]] = ("QwenImageEditPipeline", PLUS)
    several_sources: ClassVar[frozenset[str]] = frozenset({PLUS})
    size_policy: ClassVar[str] = "height × width where given, else about 1024² in the last source's aspect"
    params: QwenImageEditParams
    _processor_loader = "none"

    def check_params(self, pipeline_name: str) -> None:
        """Refuse the sides of sources that the older pipeline would ignore."""
        if pipeline_name != PLUS and (self.params.condition_side or self.params.vae_side):
            raise CheckpointError(
                f"{pipeline_name} always encodes the source at about 1024²",
                where=str(self.model),
                hint="leave out condition_side and vae_side",
            )

    def parts(self, folder: Path) -> Mapping[str, Any]:
        """Return the processor, which is loaded without torchvision too."""
        import transformers

        processor, self._processor_loader = load_processor(
            str(folder), transformers.Qwen2VLProcessor, subfolder="processor"
        )
        return {"processor": processor}

    def take(self, pipeline: Any) -> None:
        """Edit with this pipeline."""
        if self.params.mrope_repair:
            repair_positions(pipeline.text_encoder)
        super().take(pipeline)

    @property
    def notes(self) -> Mapping[str, str]:
        """How the processor was loaded, and whether the last edit was decoded in tiles."""
        return {"processor_loader": self._processor_loader, **super().notes}

    def run_pipeline(self, request: EditRequest, **shared: Any) -> Any:
        """Call the pipeline; see `QwenImageEditParams` for the edit's size."""
        params = self.params
        with self._reference_sizes():
            return self.pipeline(
                image=request.sources if self.takes_several else request.sources[0],
                prompt=request.item.instruction,
                # Without guidance, diffusers warns for each image that the prompt is not used.
                negative_prompt=params.negative_prompt if params.true_cfg_scale > 1 else None,
                true_cfg_scale=params.true_cfg_scale,
                height=params.height,
                width=params.width,
                num_inference_steps=params.num_inference_steps,
                **shared,
            )

    @contextmanager
    def _reference_sizes(self) -> Iterator[None]:
        """Set the areas of the inputs, which QwenImageEditPlusPipeline reads from constants of its module."""
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
    """Mark image tokens for the text encoder, so that they get 3-D positions.

    The pipelines of diffusers 0.42.1 pass no `mm_token_type_ids`. Qwen2.5-VL of transformers 5 then silently
    numbers image tokens like words (diffusers #14194).
    """

    def add_token_types(module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if kwargs.get("pixel_values") is not None and kwargs.get("mm_token_type_ids") is None:
            image_tokens = kwargs["input_ids"] == module.config.image_token_id
            kwargs = {**kwargs, "mm_token_type_ids": image_tokens.int()}
        return args, kwargs

    text_encoder.register_forward_pre_hook(add_token_types, with_kwargs=True)
