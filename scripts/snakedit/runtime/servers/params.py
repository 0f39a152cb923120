"""The params of every editor and judge behind a server."""

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from snakedit.config.params import FamilyParams
from snakedit.runtime.servers.address import Server

DEFAULT_ADDRESS = "the client's default address"
# Params of the address and the requests, none of which changes an answer.
EXECUTION_PARAMS = frozenset(
    (
        "base_url",
        "api_key_env",
        "concurrency",
        "timeout",
        "retries",
        "first_wait",
        "max_wait",
        "max_answer_mb",
    )
)
_OURS = {"model", "messages", "image", "prompt", "stream"}
_ENVIRONMENT_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class EndpointParams(FamilyParams):
    """Where a server is and how it is asked."""

    base_url: str | None = Field(
        None,
        description="The address without keys, such as `http://localhost:8000/v1`; by default the client's.",
    )
    api_key_env: str | None = Field(
        "OPENAI_API_KEY",
        description="The environment variable that contains the key; null for a server that needs none.",
    )
    concurrency: int = Field(
        8, ge=1, description="Items sent at a time, one request each, from all jobs of a host together."
    )
    timeout: float = Field(120.0, gt=0, description="Seconds that the server may be silent.")
    retries: int = Field(
        5, ge=0, description="After a rate limit, a fault of the server or a lost connection."
    )
    first_wait: float = Field(
        1.0, gt=0, description="Seconds before the first retry; each further one waits twice as long."
    )
    max_wait: float = Field(
        120.0,
        gt=0,
        description="The longest wait in seconds. The items of a server that asks for a longer one fail.",
    )
    max_answer_mb: float = Field(
        4.0,
        gt=0,
        le=1000,
        description="Longest answer in MB, as it arrives and unpacked. A longer one is not read to its end.",
    )
    extra: dict[str, Any] = Field(
        {},
        description="Further fields of the request's body, such as `{reasoning_effort: low}`. They replace"
        " ours, and null removes one.",
    )

    @field_validator("base_url")
    @classmethod
    def _check_address(cls, base_url: str | None) -> str | None:
        if base_url is not None:
            address = urlsplit(base_url)
            if address.scheme not in ("http", "https") or not address.hostname:
                raise ValueError("this is no address; allowed: such as http://localhost:8000/v1")
            # The address is written to many files, and a key must be in none of them.
            if address.username is not None or address.query or address.fragment:
                raise ValueError("this holds more than an address; keys come from api_key_env")
        return base_url

    @field_validator("api_key_env")
    @classmethod
    def _check_environment_name(cls, api_key_env: str | None) -> str | None:
        # The value may be a key by mistake, so the message does not repeat it.
        if api_key_env is not None and not _ENVIRONMENT_NAME.fullmatch(api_key_env):
            raise ValueError("this is not the name of an environment variable, in capitals")
        return api_key_env

    @field_validator("extra")
    @classmethod
    def _check_extra(cls, extra: dict[str, Any]) -> dict[str, Any]:
        for name in sorted(_OURS & set(extra)):
            raise ValueError(f"'{name}' is not for a configuration to set")
        return extra

    def server(self) -> Server:
        """Return the server with its limit of concurrent requests."""
        return Server(self.base_url or DEFAULT_ADDRESS, self.concurrency)
