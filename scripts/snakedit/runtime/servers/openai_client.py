"""A client of servers with OpenAI's protocol: the key, retries, rate limits and refusals.

The key is removed from everything that the server sends, its errors included.

The `openai` package's own retries are off: they have no `first_wait` and `max_wait`, and no pause that all
threads share. They neither stop at a used-up quota nor retry an answer that is not JSON.
"""

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from snakedit.runtime.host import clock
from snakedit.runtime.servers.answers import ParsedAnswer, excerpt_of, parse_answer
from snakedit.runtime.servers.errors import (
    BrokenAnswerError,
    EndpointError,
    RedirectError,
    RefusedError,
    ToldError,
    told_error,
)
from snakedit.runtime.servers.exchange import current_exchange
from snakedit.runtime.servers.keys import Cleaner, read_key
from snakedit.runtime.servers.params import EndpointParams

# So many requests that fail alike, before any has succeeded, are the server's fault or the configuration's.
FEW = 5

# An error that speaks of these may be of one item's picture or text, unless it names a parameter.
_OF_ITEMS = re.compile(
    r"image|picture|pixel|dimension|resolution|aspect|context|prompt|too (?:large|small|long|short|big|many)",
    re.IGNORECASE,
)
_OF_PARAMETERS = re.compile(
    r"(?:unknown|unrecogni[sz]ed|unsupported|unexpected|extra)\W+(?:\w+\W+)?(?:parameter|argument|field)s?\b",
    re.IGNORECASE,
)
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")


@dataclass(frozen=True)
class Response:
    """The server's answer, as an object, and the number of attempts it took."""

    data: dict[str, Any]
    requests: int
    answer: ParsedAnswer = field(default_factory=lambda: ParsedAnswer(None))


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
        import httpx2
        import openai

        from snakedit.runtime.servers.bounded_client import BODY, BoundedClient

        self._params, self._sleep, self._body_key = params, sleep, BODY
        self._response_type = httpx2.Response
        key = read_key(params.api_key_env)
        self._cleaner = Cleaner(key or "")
        self._client = openai.OpenAI(
            # The client requires a key, and a server without keys accepts any.
            api_key=key or "none",
            base_url=params.base_url,
            timeout=params.timeout,
            max_retries=0,
            http_client=BoundedClient(int(params.max_answer_mb * 1e6), timeout=params.timeout),
        )
        self._hopeless: EndpointError | None = None
        self._closed_until = 0.0
        # Answers with a Retry-After since the last one without.
        self._postponed = 0
        self._lock = threading.Lock()
        self._has_answered = False
        self._failures: Counter[str] = Counter()

    def post(self, path: str, body: Mapping[str, Any], is_trial: bool = False) -> Response:
        """Send a JSON object to a path below the address; else as `ask`.

        It is written once, whatever the attempts, and not turned over by the client's own types, which
        takes longer than all the rest of a request.
        """
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        # Half a character, which UTF-8 has not, becomes a question mark.
        content = text.encode(errors="replace")
        kind = self._response_type
        return self.ask(lambda client: client.post(path, cast_to=kind, content=content), is_trial)

    def ask(self, send: Callable[[Any], Any], is_trial: bool = False) -> Response:
        """Send a request, with retries, and return the answer.

        Args:
            send: calls the client, and returns the response of its HTTP client.
            is_trial: whether the request tries what the server may not know, so that its failure says
                nothing of others.

        Raises:
            RefusedError: if the server's content filter refused it.
            EndpointError: after the last retry, or if a retry would not help.
        """
        wait = self._params.first_wait
        for attempt in range(1, self._params.retries + 2):
            self._wait_for_the_server(attempt - 1)
            problem = self._try(send)
            if isinstance(problem, ParsedAnswer):
                self._has_answered, self._postponed = True, 0
                return Response(problem.data, attempt, problem)
            if problem.hopeless and not (is_trial and problem.error.status == 404):
                self._give_up(problem.error)
            if problem.wait:
                self._postpone(problem.wait)
            if not problem.retried or attempt > self._params.retries or current_exchange().is_over:
                if not is_trial:
                    self._count(problem.error)
                problem.error.requests = attempt
                raise problem.error from None
            if problem.wait:
                # A longer one is refused before the next attempt.
                if problem.wait <= self._params.max_wait:
                    self._pause(problem.wait)
            else:
                self._pause(min(wait, self._params.max_wait) * random.uniform(0.75, 1.0))
                wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _postpone(self, seconds: float) -> None:
        """Close the server to all threads for a Retry-After that is long, or the second one in a row.

        One alone concerns its own request, and the others go on.
        """
        self._postponed += 1
        if self._postponed > 1 or seconds > self._params.max_wait:
            self._closed_until = max(self._closed_until, clock.monotonic() + seconds)

    def _pause(self, seconds: float) -> None:
        with current_exchange().lend_slot():
            self._sleep(seconds)

    def _give_up(self, error: EndpointError) -> None:
        self._hopeless = error
        current_exchange().fault = str(error)

    def _count(self, error: EndpointError) -> None:
        """Give the server up after `FEW` failures of one kind, if it has never given an answer."""
        if isinstance(error, RefusedError):
            self._has_answered = True
            return
        if _OF_ITEMS.search(str(error)) and not _OF_PARAMETERS.search(str(error)):
            return
        with self._lock:
            kind = _VARYING.sub("*", str(error))
            self._failures[kind] += 1
            if self._failures[kind] >= FEW and not self._has_answered:
                self._give_up(error)

    def _wait_for_the_server(self, attempts: int) -> None:
        """Wait out the server's Retry-After; `attempts` counts those of this request so far."""
        if self._hopeless is not None:
            current_exchange().fault = str(self._hopeless)
            raise EndpointError(str(self._hopeless))
        while (seconds := self._closed_until - clock.monotonic()) > 0:
            if seconds > self._params.max_wait:
                error = EndpointError(
                    f"the server asks to be left alone for {seconds:.0f} s",
                    allowed=f"{self._params.max_wait:g} s",
                )
                error.requests = attempts
                raise error
            self._pause(seconds)

    def _try(self, send: Callable[[Any], Any]) -> ParsedAnswer | _Problem:
        import openai

        try:
            response = send(self._client)
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            cause = self._cleaner.excerpt(str(error.__cause__ or error), 300)
            return _Problem(EndpointError(f"the server gave no whole answer ({cause})"), retried=True)
        except EndpointError as error:
            return _Problem(
                error, isinstance(error, BrokenAnswerError), hopeless=isinstance(error, RedirectError)
            )
        body, status = response.extensions[self._body_key], response.status_code
        try:
            answer = parse_answer(body, self._cleaner)
        except EndpointError as error:
            if status < 400:
                return _Problem(error, isinstance(error, BrokenAnswerError))
            answer = ParsedAnswer(None)
        told = told_error(status, answer.data, excerpt_of(body, self._cleaner))
        if told is not None:
            return self._problem(told, response.headers)
        if not isinstance(answer.data, dict):
            beginning = excerpt_of(body, self._cleaner)
            return _Problem(
                BrokenAnswerError(f"the server's answer is no JSON object: {beginning!r}"), retried=True
            )
        return answer

    def _problem(self, told: ToldError, headers: Any) -> _Problem:
        if told.is_refusal:
            error: EndpointError = RefusedError(
                self._cleaner.excerpt(f"the server refused ({told.status}): {told.shown}", 400)
            )
            return _Problem(error, retried=False)
        if told.status == 401:
            # The server's message may repeat a part of the key.
            variable = self._params.api_key_env
            cause = f"does not accept the key in {variable}" if variable else "wants a key"
            hint = "" if variable else "name its variable as api_key_env"
            error = EndpointError(f"the server {cause}", hint=hint)
        else:
            error = EndpointError(self._cleaner.excerpt(f"the server answered {told}", 400))
        error.status, error.is_hopeless = told.status, told.is_hopeless
        wait = _retry_after(headers)
        return _Problem(error, told.is_retried, told.is_hopeless, wait if told.is_retried else None)


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
