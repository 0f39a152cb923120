"""Qwen-Image-Edit: diffusers' QwenImageEdit and QwenImageEditPlus pipelines, chosen by the checkpoint."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from snakedit.editors.base import Editor, EditRequest
from snakedit.errors import CheckpointError, ImageError
from snakedit.runtime.processors import load_processor

DTYPES = ("bfloat16", "float16", "float32")
OFFLOADS = ("none", "model", "sequential")


@dataclass(frozen=True)
class QwenImageEditParams:
    """Parameters of `QwenImageEdit`.

    Attributes:
        dtype: of the weights: one of `DTYPES`.
        num_inference_steps: denoising steps; the model cards of 2509 and 2511 say 40.
        true_cfg_scale: strength of classifier-free guidance; 1 turns it off and halves the time.
        negative_prompt: always passed, as guidance is off in silence without one.
        height, width: of the edit in pixels, or None for about 1024² in the source's aspect.
        condition_side: side of the square whose area the text encoder sees; None is the library's 384.
        vae_side: side of the square whose area the source is encoded at; None is the library's 1024.
        mrope_repair: give the text encoder the image positions that diffusers 0.42.1 does not forward
            under transformers 5 (diffusers #14194). Off only to measure what that changes.
        offload: where weights wait: `none` (on the device), `model` or `sequential` (in CPU memory).
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
    offload: str = "none"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype '{self.dtype}' is not one of {', '.join(DTYPES)}")
        if self.offload not in OFFLOADS:
            raise ValueError(f"offload '{self.offload}' is not one of {', '.join(OFFLOADS)}")
        if self.num_inference_steps < 1:
            raise ValueError("num_inference_steps must be 1 or more")
        for name in ("height", "width", "condition_side", "vae_side"):
            side = getattr(self, name)
            if side is not None and not 32 <= side <= 4096:
                raise ValueError(f"{name} {side} is not between 32 and 4096")


class QwenImageEdit(Editor):
    """A Qwen-Image-Edit checkpoint in diffusers' layout; one item a call, noise from a CPU generator."""

    Params: ClassVar[type] = QwenImageEditParams
    model_kind: ClassVar[str] = "checkpoint"
    seeded: ClassVar[bool] = True
    needs_device: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"offload"})
    size_policy: ClassVar[str] = "height × width where given, else about 1024² in the source's aspect"
    params: QwenImageEditParams

    def __init__(self, model: str | None, params: QwenImageEditParams, device: str) -> None:
        super().__init__(model, params, device)
        assert model is not None
        self.pipeline = _load_pipeline(Path(model), params)
        self.is_plus = type(self.pipeline).__name__ == "QwenImageEditPlusPipeline"
        if not self.is_plus and (params.condition_side or params.vae_side):
            raise CheckpointError(
                "QwenImageEditPipeline always encodes the source at about 1024²",
                where=model,
                hint="leave out condition_side and vae_side",
            )
        if params.mrope_repair:
            repair_positions(self.pipeline.text_encoder)
        if params.offload == "model":
            self.pipeline.enable_model_cpu_offload(device=device)
        elif params.offload == "sequential":
            self.pipeline.enable_sequential_cpu_offload(device=device)
        else:
            self.pipeline.to(device)
        self.pipeline.set_progress_bar_config(disable=True)

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the edited image; see `QwenImageEditParams` for its size."""
        import torch

        if len(request.sources) > 1 and not self.is_plus:
            raise ImageError(
                f"{len(request.sources)} source images, and QwenImageEditPipeline takes one",
                allowed="a checkpoint of QwenImageEditPlusPipeline",
            )
        params = self.params
        with torch.inference_mode(), self._reference_sizes():
            image: Image.Image = self.pipeline(
                image=request.sources if self.is_plus else request.sources[0],
                prompt=request.item.instruction,
                negative_prompt=params.negative_prompt,
                true_cfg_scale=params.true_cfg_scale,
                height=params.height,
                width=params.width,
                num_inference_steps=params.num_inference_steps,
                generator=torch.Generator("cpu").manual_seed(request.seed),
            ).images[0]
        return image

    def release_memory(self) -> None:
        """Empty the device's cache, and work in tiles and with weights in CPU memory from now on."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
            if self.params.offload == "none":
                self.pipeline.enable_model_cpu_offload(device=self.device)
        self.pipeline.vae.enable_tiling()

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


def _load_pipeline(folder: Path, params: QwenImageEditParams) -> Any:
    import torch
    from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline
    from transformers import Qwen2VLProcessor

    classes = {c.__name__: c for c in (QwenImageEditPipeline, QwenImageEditPlusPipeline)}
    try:
        name = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"]
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        raise CheckpointError(
            "holds no model_index.json of a diffusers pipeline", where=str(folder)
        ) from None
    if name not in classes:
        raise CheckpointError(f"is a {name}", where=str(folder), allowed=", ".join(classes))
    processor, _ = load_processor(str(folder), Qwen2VLProcessor, subfolder="processor")
    return classes[name].from_pretrained(
        str(folder),
        processor=processor,
        torch_dtype=getattr(torch, params.dtype),
        use_safetensors=True,
        local_files_only=True,
    )
