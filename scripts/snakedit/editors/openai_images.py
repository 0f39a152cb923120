"""Editors behind a server with OpenAI's image protocol."""

import base64
import binascii
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from PIL import Image
from pydantic import Field

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ImageError, SnakeditError
from snakedit.core.images import encode_within
from snakedit.editors.editor import Editor, EditRequest
from snakedit.runtime.host.picture_process import read_apart
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.errors import EndpointError, RefusedError, is_filters_word, told_error
from snakedit.runtime.servers.openai_client import Endpoint, Response
from snakedit.runtime.servers.params import EXECUTION_PARAMS, EndpointParams


class OpenAIImagesParams(EndpointParams):
    """Parameters of `OpenAIImages`, beside those of every server."""

    size: str = Field(
        "auto", description="The requested size, such as `1024x1024`; the edit keeps the size it comes in."
    )
    max_side: int = Field(
        2048, ge=32, description="Longer side of a source as it is sent, in pixels; longer ones are shrunk."
    )
    max_bytes: int = Field(
        20_000_000, ge=10_000, description="Size of its file, before base64; it is shrunk until it fits."
    )
    timeout: float = Field(300.0, gt=0, description="Seconds that the server may be silent.")
    max_answer_mb: float = Field(
        64.0, gt=0, le=1000, description="Longest answer in MB, as it arrives and unpacked."
    )
    concurrency: int = Field(4, ge=1, description="Items sent at a time, from all jobs of a host together.")


class OpenAIImages(Editor):
    """A model behind ``/v1/images/edits``. Its `model` is the name that the server knows.

    The protocol has no seed, so editing an item again gives another edit. The edit keeps the size that the
    server returns. A refusal by the content filter is recorded as the item's failure.
    """

    Params: ClassVar[type[FamilyParams]] = OpenAIImagesParams
    model_kind: ClassVar[str] = "endpoint"
    execution_params: ClassVar[frozenset[str]] = EXECUTION_PARAMS
    size_policy: ClassVar[str] = "as the server gives it"
    params: OpenAIImagesParams

    def __init__(self, model: str | None, params: OpenAIImagesParams, device: str) -> None:
        super().__init__(model, params, device)
        self._endpoint = Endpoint(params)
        # Many threads edit at a time; each reads the usage of its own last edit.
        self._last = threading.local()

    @classmethod
    def server(cls, params: OpenAIImagesParams) -> Server:
        """Return the server."""
        return params.server()

    @property
    def notes(self) -> Mapping[str, str]:
        """The size that was requested."""
        return {"asked_size": self.params.size}

    @property
    def usage(self) -> Mapping[str, int | None]:
        """Tokens, as the server counted them, and requests, retries included."""
        usage: Mapping[str, int | None] = self._last.usage
        return usage

    def edit(self, request: EditRequest) -> Image.Image:
        """Return the edited image.

        Raises:
            RefusedError: if the server's content filter refused the request.
            EndpointError: if the server gave no answer, or only the address of an image.
            ImageError: if its answer holds no image, or one that is too large.
        """
        bounds = (self.params.max_side, self.params.max_bytes)
        files = [
            (f"source-{number}.png", encode_within(source, *bounds), "image/png")
            for number, source in enumerate(request.sources)
        ]
        fields: dict[str, Any] = {"size": self.params.size, "n": 1, **self.params.extra}
        response = self._endpoint.ask(
            lambda client: (
                client.images.with_raw_response.edit(
                    model=self.model,
                    image=files[0] if len(files) == 1 else files,
                    prompt=request.item.instruction,
                    extra_body={name: value for name, value in fields.items() if value is not None},
                ).http_response
            )
        )
        usage = response.data.get("usage")
        total = usage.get("total_tokens") if isinstance(usage, dict) else None
        self._last.usage = {
            "tokens": total if isinstance(total, int) else None,
            "requests": response.requests,
        }
        return read_apart(_image_data(response), f"the edit of '{request.item.id}'")


def _image_data(response: Response) -> bytes:
    images = response.data.get("data")
    first = images[0] if isinstance(images, list) and images else None
    text = first.get("b64_json") if isinstance(first, dict) else None
    if not isinstance(text, str):
        raise _no_image(response, first if isinstance(first, dict) else {})
    try:
        return base64.b64decode(response.answer.picture(text), validate=True)
    except binascii.Error as error:
        raise ImageError(f"the server's image is no base64 ({error})") from None


def _no_image(response: Response, first: Mapping[str, Any]) -> SnakeditError:
    """Return the error for an answer without an image: the item's own, unless every answer would be so."""
    if first.get("url"):
        return EndpointError(
            "the server's answer holds no image as b64_json, but an address",
            hint="some servers give one with extra: {response_format: b64_json}",
        )
    told = told_error(200, first)
    reasons = [part.get("finish_reason") for part in (response.data, first)]
    filtered = next(filter(is_filters_word, reasons), None)
    if filtered or (told is not None and told.is_refusal):
        refused = RefusedError(f"the server refused: {told.shown if told else filtered}")
        refused.requests = response.requests
        return refused
    return ImageError("the server's answer holds no image" + (f": {told.shown}" if told else ""))
