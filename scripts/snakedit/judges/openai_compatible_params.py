"""The params of `OpenAICompatible`."""

from typing import Literal

from pydantic import Field

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
    max_tokens: int = Field(512, ge=1, description="Of a written answer.")
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
