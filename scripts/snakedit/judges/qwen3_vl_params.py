"""The parameters of the judge type `qwen3_vl`."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from snakedit.config.params import FamilyParams
from snakedit.judges.thinking import NEW_TOKENS_TO_THINK, ThinkingOrUnset, with_room_to_think


class Qwen3VLParams(FamilyParams):
    """Parameters of `Qwen3VL`."""

    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "bfloat16", description="Type of the weights; `auto` is the checkpoint's own."
    )
    max_pixels: int = Field(1_048_576, ge=1024, description="Larger pictures are shrunk to this many pixels.")
    min_pixels: Annotated[int, Field(ge=1024)] | None = Field(
        None,
        description="Smaller pictures are enlarged to this many pixels; by default the model's own bound"
        " (65,536 for Qwen3-VL).",
    )
    max_new_tokens: int = Field(
        64,
        ge=1,
        description=f"Of a written answer, {NEW_TOKENS_TO_THINK} by default with `thinking: on`; one that is"
        " cut here is `unparsed`. With 1, a digit is whole.",
    )
    thinking: ThinkingOrUnset = Field(
        None,
        description="For a checkpoint that thinks before it answers, which needs one of them: `off` closes"
        " its thinking block, `on` lets it think, with `reading: generate`.",
    )
    temperature: float = Field(0.7, gt=0, description="Of the drawn answers, where `samples` is above 1.")
    attention: str = Field(
        "sdpa", description="transformers' name of an implementation, such as `flash_attention_2`."
    )
    device: Literal["auto", "single"] = Field(
        "auto",
        description="`auto` spreads a model too large for one device over several, `single` never does.",
    )

    @model_validator(mode="before")
    @classmethod
    def _give_room_to_think(cls, params: dict[str, Any]) -> dict[str, Any]:
        return with_room_to_think(params, "max_new_tokens")

    @model_validator(mode="after")
    def _check_bounds(self) -> "Qwen3VLParams":
        if self.min_pixels is not None and self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels, {self.min_pixels}, is above max_pixels, {self.max_pixels}")
        return self
