"""A client of servers with OpenAI's protocol: the key, retries, rate limits and refusals.

The key is removed from everything that the server sends, its errors included.

The `openai` package's own retries are off: they have no `first_wait` and `max_wait`, and no pause that all
threads share. They neither stop at a used-up quota nor retry an answer that is not JSON.
"""

import json
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ConfigError, SnakeditError
from snakedit.runtime.host import clock
from snakedit.runtime.servers.address import Server

DEFAULT_ADDRESS = "the client's default address"
# Params of the address and the requests, none of which changes an answer.
EXECUTION_PARAMS = frozenset(
    ("base_url", "api_key_env", "concurrency", "timeout", "retries", "first_wait", "max_wait")
)

_REFUSALS = {
    "content_filter",
    "content_policy_violation",
    "moderation_blocked",
    "ResponsibleAIPolicyViolation",
}
# After these errors every other request would fail too.
_HOPELESS_STATUSES = (401, 402, 404)
_HOPELESS_CODES = {"insufficient_quota", "invalid_api_key", "model_not_found"}
_RETRIED_STATUSES = (408, 409, 429)
_OURS = {"model", "messages", "image", "prompt", "stream"}
_ENVIRONMENT_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_KEY = re.compile(r"[\x21-\x7e]+")
# A shorter key is no secret. The placeholder for a server without keys may be a letter that any answer has.
_SHORTEST_SECRET = 8


class EndpointError(SnakeditError):
    """The server gave no usable answer; `requests` counts the attempts."""

    requests = 0


class RefusedError(EndpointError):
    """The server's content filter refused the request or its answer."""


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


@dataclass(frozen=True)
class Response:
    """The server's answer, as an object, and the number of attempts it took."""

    data: dict[str, Any]
    requests: int


@dataclass(frozen=True)
class _Problem:
    """Why an attempt failed.

    Attributes:
        retried: whether another attempt may succeed.
        hopeless: whether every other request would fail too.
        wait: the seconds of the server's Retry-After, if any.
    """

    error: EndpointError
    retried: bool
    hopeless: bool = False
    wait: float | None = None


class Endpoint:
    """A server and its key. Threads may share one."""

    def __init__(self, params: EndpointParams, sleep: Callable[[float], object] = time.sleep) -> None:
        """Read the key and create a client, without a request.

        Raises:
            ConfigError: if the key is missing.
        """
        import openai

        self._params, self._sleep = params, sleep
        key = _read_key(params.api_key_env)
        self._spellings = _spellings(key or "")
        self._client = openai.OpenAI(
            # The client requires a key, and a server without keys accepts any.
            api_key=key or "none",
            base_url=params.base_url,
            timeout=params.timeout,
            max_retries=0,
        )
        self._hopeless: EndpointError | None = None
        self._closed_until = 0.0

    def ask(self, send: Callable[[Any], Any]) -> Response:
        """Send a request, with retries, and return the answer.

        Args:
            send: calls a method of the client's `with_raw_response`.

        Raises:
            RefusedError: if the server's content filter refused it.
            EndpointError: after the last retry, or if a retry would not help.
        """
        wait = self._params.first_wait
        for attempt in range(1, self._params.retries + 2):
            self._wait_for_the_server(attempt - 1)
            problem = self._try(send)
            if isinstance(problem, dict):
                return Response(problem, attempt)
            if problem.hopeless:
                self._hopeless = problem.error
            if problem.wait:
                # All threads heed a Retry-After that one of them gets.
                self._closed_until = max(self._closed_until, clock.monotonic() + problem.wait)
            if not problem.retried or attempt > self._params.retries:
                problem.error.requests = attempt
                raise problem.error from None
            if not problem.wait:
                self._sleep(min(wait, self._params.max_wait) * random.uniform(0.75, 1.0))
                wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _wait_for_the_server(self, attempts: int) -> None:
        """Wait out the server's Retry-After; `attempts` counts those of this request so far."""
        if self._hopeless is not None:
            raise EndpointError(str(self._hopeless))
        while (seconds := self._closed_until - clock.monotonic()) > 0:
            if seconds > self._params.max_wait:
                error = EndpointError(
                    f"the server asks to be left alone for {seconds:.0f} s",
                    allowed=f"{self._params.max_wait:g} s",
                )
                error.requests = attempts
                raise error
            self._sleep(seconds)

    def _try(self, send: Callable[[Any], Any]) -> "dict[str, Any] | _Problem":
        import openai

        try:
            text = self._clean(send(self._client).http_response.text)
        except openai.APIStatusError as error:
            return self._status_problem(error)
        except openai.APIConnectionError as error:
            cause = self._clean(str(error.__cause__ or error))
            return _Problem(EndpointError(f"the server gave no whole answer ({cause})"), retried=True)
        try:
            data = json.loads(text)
            # JSON can escape a lone surrogate, which UTF-8 cannot encode.
            data = json.loads(json.dumps(data, ensure_ascii=False).encode(errors="replace"))
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            return data
        return _Problem(EndpointError(f"the server's answer is no JSON object: {text[:80]!r}"), retried=True)

    def _status_problem(self, error: Any) -> _Problem:
        status, code = error.status_code, error.code or ""
        inner = error.body.get("innererror") if isinstance(error.body, dict) else None
        codes = {code, error.type, inner.get("code") if isinstance(inner, dict) else None}
        reason = error.body.get("message") if isinstance(error.body, dict) else error.body
        message = self._clean(" ".join(str(reason or "no reason given").split()))[:300]
        if codes & _REFUSALS:
            return _Problem(RefusedError(f"the server refused ({status}): {message}"), retried=False)
        if status == 401:
            # The server's message may repeat a part of the key.
            variable = self._params.api_key_env
            cause = f"does not accept the key in {variable}" if variable else "wants a key"
            hint = "" if variable else "name its variable as api_key_env"
            return _Problem(EndpointError(f"the server {cause}", hint=hint), retried=False, hopeless=True)
        failed = EndpointError(f"the server answered {status}: {message}")
        if status in _HOPELESS_STATUSES or codes & _HOPELESS_CODES:
            return _Problem(failed, retried=False, hopeless=True)
        wait = _retry_after(error.response.headers)
        retried = status in _RETRIED_STATUSES or status >= 500
        return _Problem(failed, retried, wait=wait if retried else None)

    def _clean(self, text: str) -> str:
        # The text of an error is parsed already and may hold a lone surrogate.
        text = text.encode(errors="replace").decode()
        return self._spellings.sub("[key]", text) if self._spellings else text


def _read_key(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise ConfigError(
            f"the environment variable {name} is not set",
            where="api_key_env",
            hint="set it to the server's key, name another in params, or null for a server that needs none",
        )
    if not _KEY.fullmatch(key):
        raise ConfigError(f"what {name} holds is no key", where="api_key_env", allowed="printable ASCII")
    return key


def _spellings(key: str) -> re.Pattern[str] | None:
    """Return a pattern of the key in JSON, with any of its characters escaped; None if it is no secret."""
    if len(key) < _SHORTEST_SECRET:
        return None
    escaped = {character: rf"\\?{re.escape(character)}" for character in "\"'\\/"}
    return re.compile(
        "".join(
            rf"(?:{escaped.get(character, re.escape(character))}|\\u00(?i:{ord(character):02x}))"
            for character in key
        )
    )


def _retry_after(headers: Any) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date (RFC 9110, 10.2.3)."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        value = headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            return float(value) / unit
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
