"""Qwen-Image-Edit: diffusers' QwenImageEdit and QwenImageEditPlus pipelines, chosen by the checkpoint."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import CheckpointError
from snakedit.editors.diffusers_pipeline import DiffusersEditor, Dtype, Offload
from snakedit.editors.editor import SEED, EditRequest
from snakedit.models.processors import load_processor
from snakedit.models.special_tokens import safe_text

PLUS = "QwenImageEditPlusPipeline"
PIXELS_PER_TOKEN = 16
# Of the edit, and of the source that is encoded, where nothing else is said.
LIBRARY_SIDE = 1024
# Sides are rounded to 32 pixels, so areas that are meant to be equal differ by a few hundredths.
AREA_TOLERANCE = 0.1
Side = Annotated[int, Field(ge=32, le=4096)]


class QwenImageEditParams(FamilyParams):
    """Parameters of `QwenImageEdit`."""

    dtype: Dtype = Field("bfloat16", description="Type of the weights.")
    num_inference_steps: int = Field(
        40, ge=1, description="Denoising steps; 40 is the recommendation for 2509 and 2511."
    )
    true_cfg_scale: float = Field(
        4.0, description="Strength of classifier-free guidance; 1 turns it off and halves the time."
    )
    # Without one diffusers turns guidance off and does not say so.
    negative_prompt: str = Field(" ", description="The prompt that guidance leads away from.")
    height: Side | None = Field(
        None, multiple_of=PIXELS_PER_TOKEN, description="Height of the edit in pixels; see `width`."
    )
    width: Side | None = Field(
        None,
        multiple_of=PIXELS_PER_TOKEN,
        description="Width of the edit in pixels; by default about 1024² in the aspect of the last source.",
    )
    condition_side: Side | None = Field(
        None,
        description="Side of the square whose area the text encoder sees, by default the library's 384.",
    )
    vae_side: Side | None = Field(
        None,
        description="Side of the square whose area the source is encoded at, by default the library's 1024."
        " With another area than the edit's the edit shows the source zoomed (diffusers #12453).",
    )
    # Off only to measure its effect.
    mrope_repair: bool = Field(
        True,
        description="Restore the image positions that diffusers 0.42.1 does not forward (diffusers #14194).",
    )
    vae_tiling: bool = Field(
        False,
        description="Encode and decode in overlapping tiles of 256²: less memory, slightly other pixels.",
    )
    offload: Offload = Field(
        "none", description="`model` and `sequential` keep weights in CPU memory while they are not used."
    )
    seed: int | None = Field(None, description=SEED)


class QwenImageEdit(DiffusersEditor):
    """A Qwen-Image-Edit checkpoint. `Plus` is the pipeline of versions 2509 and 2511."""

    Params: ClassVar[type[FamilyParams]] = QwenImageEditParams
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

    @classmethod
    def advice(cls, params: QwenImageEditParams) -> Sequence[str]:
        """Warn of an edit that would show its source zoomed.

        A pixel of the encoded source and one of the edit at the same place share a position, so sizes that
        differ crop or shrink the source (diffusers #12453).
        """
        sides = params.height, params.width
        source = params.vae_side or LIBRARY_SIDE
        if None in sides and sides != (None, None):
            return [f"{'height' if params.height else 'width'} alone distorts the edit; set both, or none"]
        area = (params.height or LIBRARY_SIDE) * (params.width or LIBRARY_SIDE)
        if abs(area / source**2 - 1) <= AREA_TOLERANCE:
            return []
        edit = f"{params.width or 'about 1024'}×{params.height or '1024'}"
        remedy = "leave out vae_side, or set height and width"
        if params.height:
            remedy = f"set vae_side: {round(area**0.5)}, which checkpoints of {PLUS} take"
        return [
            f"the edit has {edit} pixels and its source is encoded at {source}², so the edit shows it zoomed "
            f"(diffusers #12453); {remedy}"
        ]

    def parts(self, folder: Path) -> Mapping[str, Any]:
        """Return the processor, which is loaded without torchvision too.

        The text encoder keeps its 3-D convolution. Without it pixels differ by rounding, and `fusion_config`
        of transformers 5.23 drops the weights of Qwen2.5-VL's patches and goes on with random ones.
        """
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
                prompt=safe_text(request.item.instruction),
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
