"""The params of `OpenAICompatible`."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from snakedit.judges.thinking import (
    NEW_TOKENS_TO_THINK,
    ThinkingOrUnset,
    template_options,
    with_room_to_think,
)
from snakedit.runtime.servers.params import EndpointParams


class OpenAICompatibleParams(EndpointParams):
    """Parameters of `OpenAICompatible`, beside those of every server."""

    max_side: int = Field(
        1024, ge=32, description="Longer side of an image as it is sent, in pixels; longer ones are shrunk."
    )
    max_bytes: int = Field(
        4_000_000, ge=10_000, description="Size of its file, before base64; it is shrunk until it fits."
    )
    image_format: Literal["png", "jpeg"] = Field("png", description="`jpeg` is sent at quality 95.")
    max_tokens: int = Field(
        512,
        ge=1,
        description=f"Of a written answer with its reasoning; {NEW_TOKENS_TO_THINK} by default with"
        " `thinking: on`.",
    )
    thinking: ThinkingOrUnset = Field(
        None,
        description="Whether a model that can think does so before it answers; `on` needs"
        " `reading: generate`. It is sent as `chat_template_kwargs: {enable_thinking: …}`, which vLLM and"
        " SGLang know.",
    )
    temperature: float = Field(
        0.7, gt=0, description="Of the drawn answers, where `samples` is above 1; else it is 0."
    )
    top_logprobs: int = Field(
        20, ge=1, le=20, description="Likeliest tokens to read at each position (`expected`)."
    )
    continue_final_message: bool = Field(
        False, description="True for vLLM and SGLang, which can continue an answer; see below."
    )
    structured: bool = Field(
        True,
        description="Whether a written answer is asked for as JSON, or as a choice, where the server enforces"
        " that; see below.",
    )

    @model_validator(mode="before")
    @classmethod
    def _give_room_to_think(cls, params: dict[str, Any]) -> dict[str, Any]:
        return with_room_to_think(params, "max_tokens")

    @model_validator(mode="after")
    def _check_template_options(self) -> "OpenAICompatibleParams":
        options = self.extra.get("chat_template_kwargs", {})
        if self.thinking is None:
            return self
        if not isinstance(options, dict):
            raise ValueError("with `thinking`, chat_template_kwargs in `extra` has to be a mapping")
        if "enable_thinking" in options:
            raise ValueError(
                "`thinking` and enable_thinking in `extra` are one setting; leave one of them out"
            )
        return self

    def body(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return further fields of a request's body: these, `thinking`, and before them those of `extra`."""
        body = {**fields, **self.extra}
        options = template_options(self.thinking)
        if options:
            body["chat_template_kwargs"] = {**options, **body.get("chat_template_kwargs", {})}
        return {key: value for key, value in body.items() if value is not None}
