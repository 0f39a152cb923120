"""A server on the loopback that speaks OpenAI's protocol and misbehaves on demand."""

import base64
import io
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image


@dataclass(frozen=True)
class Asked:
    """One request: `body` is its JSON, or the parts of its form, files as bytes."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def question(self) -> str:
        """The text of the last message of the user."""
        parts = [m for m in self.body["messages"] if m["role"] == "user"][-1]["content"]
        return [part["text"] for part in parts if part["type"] == "text"][-1]

    @property
    def pictures(self) -> list[Image.Image]:
        """The images of the last message of the user."""
        parts = [m for m in self.body["messages"] if m["role"] == "user"][-1]["content"]
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        return [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) for url in urls]


@dataclass(frozen=True)
class Told:
    """One response; `cut` announces more bytes than it sends, `drop` closes without a word.

    `endless` is sent after the body again and again, until the client closes the connection.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False
    drop: bool = False
    endless: bytes = b""


Script = Callable[[Asked, int], Told]


def chat(
    text: str | None,
    logprobs: Sequence[Mapping[str, float]] | None = None,
    finish_reason: str = "stop",
    refusal: str | None = None,
    usage: bool = True,
) -> Told:
    """A chat completion; `logprobs` are token → probability, position by position, the emitted one first."""
    content = None if logprobs is None else [_position(position) for position in logprobs]
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": text, "refusal": refusal},
        "logprobs": None if content is None else {"content": content, "refusal": None},
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "served-model-2026",
        "choices": [choice],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 2, "total_tokens": 102}
    return Told(body=body)


def error(
    status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> Told:
    """An error as the protocol tells it."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": code}}
    return Told(status, body, headers or {})


def picture_told(image: Image.Image, usage: bool = True) -> Told:
    """An edited image, as base64."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    body: dict[str, Any] = {
        "created": 1,
        "data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}],
    }
    if usage:
        body["usage"] = {"input_tokens": 50, "output_tokens": 200, "total_tokens": 250}
    return Told(body=body)


def _position(tokens: Mapping[str, float]) -> dict[str, Any]:
    entries = [{"token": token, "logprob": math.log(p), "bytes": None} for token, p in tokens.items()]
    return {**entries[0], "top_logprobs": entries}


class Server:
    """The server, its address, and what it was asked, in order."""

    def __init__(self, script: Script) -> None:
        self.asked: list[Asked] = []
        # What it lists; None if it has no such page.
        self.models: list[str] | None = ["painter", "critic"]
        self.most_at_once = self._at_once = 0
        self.closed_by_the_client = threading.Event()
        self.over = threading.Event()
        lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                # Only a list of models is got, before a run; `asked` holds what costs something.
                body = {"object": "list", "data": [{"id": name} for name in server.models or ()]}
                self._tell(error(404, "no such page") if server.models is None else Told(body=body))

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                asked = Asked(self.path, dict(self.headers), _body(self.headers["Content-Type"], data))
                with lock:
                    server.asked.append(asked)
                    number = len(server.asked)
                    server._at_once += 1
                    server.most_at_once = max(server.most_at_once, server._at_once)
                try:
                    self._tell(script(asked, number))
                finally:
                    with lock:
                        server._at_once -= 1

            def _tell(self, told: Told) -> None:
                if told.seconds:
                    time.sleep(told.seconds)
                self.close_connection = told.cut or told.drop
                if told.drop:
                    return
                text = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
                headers = {"Content-Type": "application/json", **told.headers}
                self.send_response(told.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if not told.endless:
                    self.send_header("Content-Length", str(len(text) + (100 if told.cut else 0)))
                self.end_headers()
                self.wfile.write(text)
                while told.endless:
                    try:
                        self.wfile.write(told.endless)
                        # A short piece is a slow one.
                        server.over.wait(0.0 if len(told.endless) > 1000 else 0.02)
                    except OSError:
                        self.close_connection = True
                        server.closed_by_the_client.set()
                        return

            def handle(self) -> None:
                # A client that gave up waiting is no fault of the server.
                try:
                    super().handle()
                except (ConnectionError, BrokenPipeError):
                    self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.over.set()
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """A server that answers by a script: the request and its number, from 1, to a response."""
    server = Server(script)
    try:
        yield server
    finally:
        server.close()


def only_the_loopback(monkeypatch: pytest.MonkeyPatch, **keys: str) -> None:
    """Set keys, and take away what would send a request anywhere else."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, key in keys.items():
        monkeypatch.setenv(name, key)


def in_turn(*told: Told) -> Script:
    """A script that gives these responses one after the other, the last one again and again."""
    return lambda asked, number: told[min(number, len(told)) - 1]


def _body(content_type: str, data: bytes) -> dict[str, Any]:
    if content_type.startswith("application/json"):
        loaded: dict[str, Any] = json.loads(data)
        return loaded
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + data)
    form: dict[str, Any] = {}
    for part in message.get_payload():
        name = str(part.get_param("name", header="content-disposition"))
        value: Any = part.get_payload(decode=True)
        if part.get_filename() is None:
            form[name] = value.decode()
        else:
            form.setdefault(re.sub(r"\[\]$", "", name), []).append(value)
    return form
