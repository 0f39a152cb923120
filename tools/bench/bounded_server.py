"""A server on the loopback with so many slots for edits and for answers, which takes a set time for each.

It speaks as much of OpenAI's protocol as the types ``openai_images`` and ``openai`` need, and records when
each request came, began and ended. Run as ``python -m tools.bench.bounded_server``.
"""

import asyncio
import base64
import io
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from PIL import Image

EDIT, ANSWER = "edit", "answer"
# Of every answer that can be read.
SCORE = 7


class BoundedServer:
    """Requests beyond the slots of their kind wait in the order in which they came.

    Attributes:
        times: of each request that was answered its kind, and when it came, began and ended, in seconds
            since 1970.
        moods: how often each of ``unread``, ``broken``, ``busy`` and ``refused`` was told.
    """

    def __init__(
        self,
        edit_slots: int,
        answer_slots: int,
        edit_seconds: float,
        answer_seconds: float,
        sigma: float,
        side: int,
        unread: float = 0.0,
        broken: float = 0.0,
        busy: float = 0.0,
        refused: float = 0.0,
        retry_after: float = 0.5,
        seed: int = 0,
    ) -> None:
        """Make a server.

        Args:
            edit_seconds: median of an edit's lognormal time.
            answer_seconds: of each answer of the judge.
            sigma: of the edits' times.
            side: of the edited picture, in pixels.
            unread, broken, busy, refused: shares of requests that are answered in words without a number,
                with 500, with 429 and `retry_after`, or with a refusal.
        """
        self.times: list[tuple[str, float, float, float]] = []
        self.moods: Counter[str] = Counter()
        self._slots = {EDIT: asyncio.Semaphore(edit_slots), ANSWER: asyncio.Semaphore(answer_slots)}
        self._edit_seconds, self._answer_seconds, self._sigma = edit_seconds, answer_seconds, sigma
        self._shares = {"unread": unread, "broken": broken, "busy": busy, "refused": refused}
        self._retry_after = retry_after
        self._random = random.Random(seed)
        buffer = io.BytesIO()
        Image.linear_gradient("L").resize((side, side)).convert("RGB").save(buffer, "PNG")
        self._picture = base64.b64encode(buffer.getvalue()).decode()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while request := await reader.readline():
                path = request.split()[1].decode()
                length = 0
                while (line := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                body = await reader.readexactly(length)
                status, content, headers = await self._answer(path, body)
                text = json.dumps(content).encode()
                head = [f"HTTP/1.1 {status} Told", "Content-Type: application/json", *headers]
                writer.write("\r\n".join([*head, f"Content-Length: {len(text)}", "", ""]).encode() + text)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            # A client that was killed.
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, body: bytes) -> tuple[int, Any, list[str]]:
        if path == "/times":
            return 200, {"times": self.times, "moods": self.moods}, []
        if path.endswith("/models"):
            return 200, {"data": [{"id": "painter"}, {"id": "critic"}]}, []
        kind = EDIT if path.endswith("/images/edits") else ANSWER
        came = time.time()
        async with self._slots[kind]:
            began = time.time()
            mood = self._mood(kind)
            if mood == "busy":
                return 429, _error("slow down"), [f"Retry-After: {self._retry_after:g}"]
            if mood == "broken":
                return 500, _error("an error of the server"), []
            await asyncio.sleep(self._seconds(kind))
            self.times.append((kind, came, began, time.time()))
            if kind == EDIT:
                return 200, {"created": 1, "data": [{"b64_json": self._picture}]}, []
            refusal = "I cannot grade this." if mood == "refused" else None
            text = "as you like" if mood == "unread" else f"Score: {SCORE}"
            message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            return 200, {"id": "1", "object": "chat.completion", "model": "critic", "choices": [choice]}, []

    def _seconds(self, kind: str) -> float:
        if kind == ANSWER:
            return self._answer_seconds
        return self._edit_seconds * self._random.lognormvariate(0.0, self._sigma)

    def _mood(self, kind: str) -> str:
        draw = self._random.random()
        for mood, share in self._shares.items():
            if draw < share:
                # A picture is neither read nor refused here.
                is_told = kind == ANSWER or mood in ("broken", "busy")
                self.moods[mood] += is_told
                return mood if is_told else ""
            draw -= share
        return ""


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "error", "code": None}}


async def _serve(settings: dict[str, Any]) -> None:
    server = BoundedServer(**settings)
    connected: Callable[..., Awaitable[None]] = server.connected
    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.argv[1])))
