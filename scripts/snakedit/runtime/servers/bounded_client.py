"""An HTTP client that reads no more of an answer than allowed, and follows no redirect to a stranger."""

import zlib
from typing import Any

import openai

from snakedit.runtime.servers.errors import (
    BrokenAnswerError,
    EndpointError,
    RedirectError,
    UnboundedAnswerError,
)
from snakedit.runtime.servers.exchange import Exchange, current_exchange

BODY = "snakedit_body"
_MAX_REDIRECTS = 5
# To zlib: gzip (RFC 1952) or zlib (RFC 1950), whichever it is.
_ANY_HEADER = 32 + zlib.MAX_WBITS


class BoundedClient(openai.DefaultHttpxClient):
    """OpenAI's HTTP client with a limit of bytes, on the wire and unpacked.

    A response's body is not in its `content`, which copies it, but a bytearray in ``extensions[BODY]``.
    """

    def __init__(self, limit: int, **options: Any) -> None:
        super().__init__(**options)
        self._limit = limit
        # Nothing else is unpacked piece by piece.
        self.headers["Accept-Encoding"] = "gzip, deflate"

    def send(self, request: Any, **options: Any) -> Any:
        """Send a request and return its response, read and closed.

        The connection is closed at the limit and at the time-out of this thread's exchange.

        Raises:
            UnboundedAnswerError: if the answer is longer than the limit.
            RedirectError: if the server redirects to another host, port or scheme, or without end.
            EndpointError: if the exchange is over, or the answer cannot be unpacked.
        """
        exchange = current_exchange()
        options |= {"stream": True, "follow_redirects": False}
        for _ in range(_MAX_REDIRECTS + 1):
            _keep_to_the_time(request, exchange)
            response = super().send(request, **options)
            try:
                if not response.has_redirect_location:
                    exchange.reads_from(response.extensions.get("network_stream"))
                    body = self._read(response, exchange)
                    break
            finally:
                exchange.reads_from(None)
                response.close()
            request = _redirected(request, response)
        else:
            raise RedirectError(f"the server redirects more than {_MAX_REDIRECTS} times")
        headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in _OF_THE_BODY]
        return type(response)(response.status_code, headers=headers, request=request, extensions={BODY: body})

    def _read(self, response: Any, exchange: Exchange) -> bytearray:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", "deflate", ""):
            raise EndpointError(f"the server packs its answer as {encoding[:40]!r}, which nobody asked for")
        unpacker = zlib.decompressobj(_ANY_HEADER) if encoding not in ("identity", "") else None
        body, wire = bytearray(), 0
        for chunk in response.iter_raw():
            if exchange.is_over:
                raise EndpointError("the answer was still arriving at the end of its time")
            wire += len(chunk)
            if unpacker is None:
                body += chunk
            elif not unpacker.eof:
                try:
                    # One byte more than allowed tells that there is more.
                    body += unpacker.decompress(chunk, self._limit + 1 - len(body))
                except zlib.error as error:
                    raise BrokenAnswerError(f"the server's answer cannot be unpacked ({error})") from None
            if wire > self._limit or len(body) > self._limit:
                raise UnboundedAnswerError(
                    f"the server's answer is longer than {self._limit / 1e6:g} MB",
                    hint="raise max_answer_mb if such answers are right",
                )
        if exchange.is_over:
            raise EndpointError("the answer was still arriving at the end of its time")
        if wire and unpacker is not None and not unpacker.eof:
            raise BrokenAnswerError("the server's packed answer ends before its end")
        return body


# Headers that no longer hold of a body that has been unpacked and set apart.
_OF_THE_BODY = {"content-encoding", "content-length", "transfer-encoding"}


def _keep_to_the_time(request: Any, exchange: Exchange) -> None:
    """Let no wait of a request be longer than its exchange lasts."""
    left = exchange.seconds_left
    if left == 0.0:
        raise EndpointError("the time of its item is over")
    if left is not None:
        waits = request.extensions.get("timeout", {})
        shorter = {name: left if wait is None else min(wait, left) for name, wait in waits.items()}
        request.extensions = {**request.extensions, "timeout": shorter}


def _redirected(request: Any, response: Any) -> Any:
    """Return the request that a redirect asks for, which goes to the same server."""
    follower = response.next_request
    target = follower.url if follower is not None else None
    if target is None or (target.scheme, target.host, target.port) != (
        request.url.scheme,
        request.url.host,
        request.url.port,
    ):
        place = f"{target.scheme}://{target.netloc.decode(errors='replace')}" if target is not None else ""
        raise RedirectError(
            f"the server redirects to {place.rpartition('@')[2][:100] or 'no address'}",
            hint="nothing was sent there; write the right address as base_url",
        )
    if follower.method != request.method:
        raise RedirectError(
            f"the server answers {response.status_code}, a redirect that drops the request's content",
            hint="write the right address as base_url",
        )
    return follower
