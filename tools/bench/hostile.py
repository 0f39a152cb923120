"""What hostile input costs: memory at the worst answer or picture, and time at the worst reply of a judge.

Each answer is read in a process of its own, since a peak of memory is one of a whole process.
"""

import gzip
import multiprocessing
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from snakedit.editors.openai_images import OpenAIImagesParams
from snakedit.judges.reading.written import UnreadableReplyError, read_number, read_yes_no
from snakedit.runtime.servers.errors import EndpointError
from snakedit.runtime.servers.openai_client import Endpoint
from snakedit.runtime.servers.params import EndpointParams
from tools.bench.hostile_pictures import PICTURES, measure_pictures
from tools.bench.measurement import Measurement

REPLY_BYTES = 100_000
# What an endless answer is let to reach where nothing stops it.
ENDLESS_BYTES = 400_000_000
_BLOCK = 1 << 16


def measure_hostile(folder: Path) -> list[Measurement]:
    """Measure each kind of hostile input.

    Returns:
        ``hostile_answer_mb``: peak memory of a process that reads the worst answer of a server;
        ``hostile_picture_mb``: peak memory of a process that prepares the worst picture;
        ``hostile_reply_s``: the time of the worst reply of 100 KB.
    """
    return [measure_answers(ANSWERS), measure_pictures(PICTURES, folder), measure_replies(REPLIES)]


def measure_answers(answers: Mapping[str, Callable[[], Iterable[bytes]]]) -> Measurement:
    """Return the peak memory in MB (10⁶ bytes) of the worst answer, by editors' and judges' limits alike."""
    peaks = {
        f"{name}, {kind.__name__}": _peak_mb(name, answers[name], kind)
        for name in answers
        for kind in (EndpointParams, OpenAIImagesParams)
    }
    worst = max(peaks, key=lambda name: peaks[name])
    return Measurement("hostile_answer_mb", peaks[worst], f"peak memory, of {len(peaks)} answers: {worst}")


def measure_replies(replies: Mapping[str, str]) -> Measurement:
    """Return the CPU seconds that the slowest reply takes to be read as a number and as yes or no."""
    seconds = {}
    for name, reply in replies.items():
        begin = time.process_time()
        for read in (lambda text: read_number(text, 0, 10), read_yes_no):
            with suppress(UnreadableReplyError):
                read(reply)
        # The two readings are of one reply each.
        seconds[name] = (time.process_time() - begin) / 2
    worst = max(seconds, key=lambda name: seconds[name])
    return Measurement("hostile_reply_s", seconds[worst], f"CPU seconds, of {len(seconds)} replies: {worst}")


def _endless(block: bytes) -> Callable[[], Iterator[bytes]]:
    def body() -> Iterator[bytes]:
        for _ in range(ENDLESS_BYTES // len(block)):
            yield block

    return body


def _sized(
    begin: bytes, repeated: bytes, end: bytes, size: int = 63_000_000
) -> Callable[[], Iterator[bytes]]:
    """An answer a little smaller than the limit of pictures."""

    def body() -> Iterator[bytes]:
        yield begin
        block = repeated * max(1, _BLOCK // len(repeated))
        for _ in range(size // len(block)):
            yield block
        yield end

    return body


def _bomb() -> Iterator[bytes]:
    zeros = gzip.compress(bytes(10_000_000), 9)
    # Gzip's files may follow one another.
    for _ in range(ENDLESS_BYTES // 10_000_000 * 8):
        yield zeros


def _whole_bomb() -> Iterator[bytes]:
    yield gzip.compress(bytes(ENDLESS_BYTES), 9)


ANSWERS: Mapping[str, Callable[[], Iterable[bytes]]] = {
    "endless spaces": _endless(b" " * _BLOCK),
    "endless text": _endless(b"x" * _BLOCK),
    "gzip bomb": _whole_bomb,
    "gzip bombs": _bomb,
    "largest picture": _sized(b'{"data": [{"b64_json": "', b"AAAA", b'"}]}'),
    "wide characters": _sized('{"data": [{"b64_json": "😀'.encode(), b"AAAA", b'"}]}'),
    "empty objects": _sized(b'{"data": [', b"{},", b"{}]}"),
    "empty objects, fewer": _sized(b'{"data": [', b"{},", b"{}]}", 3_900_000),
}


def _filled(part: str) -> str:
    return (part * (REPLY_BYTES // len(part.encode()) + 1))[:REPLY_BYTES]


REPLIES: Mapping[str, str] = {
    "opening tags": _filled("<think>"),
    "closing tags": _filled("</think>"),
    "labels and line breaks": _filled("score:\n"),
    "line breaks between letters": _filled("a\n"),
    "objects": _filled("{a:1}"),
    "opening braces": _filled("{"),
    "spaces": _filled(" "),
    "numbers": _filled("7 "),
    "negatives": _filled("I cannot "),
    "marks": _filled("**"),
    "boxes": _filled("\\boxed{"),
}


def _peak_mb(name: str, body: Callable[[], Iterable[bytes]], kind: type[EndpointParams]) -> float:
    with _serving(body, {"Content-Encoding": "gzip"} if name.startswith("gzip") else {}) as address:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_ask, args=(address, kind, theirs))
        process.start()
        theirs.close()
        try:
            return float(ours.recv())
        finally:
            process.kill()
            process.join()


def _ask(address: str, kind: type[EndpointParams], result: "multiprocessing.connection.Connection") -> None:
    """Ask once, and send the peak of this process's memory in MB."""
    endpoint = Endpoint(kind(base_url=address, api_key_env=None, retries=0, timeout=60.0))
    with suppress(EndpointError):
        endpoint.ask(
            lambda client: (
                client.chat.completions.with_raw_response.create(model="m", messages=[]).http_response
            )
        )
    result.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


@contextmanager
def _serving(body: Callable[[], Iterable[bytes]], headers: Mapping[str, str]) -> Iterator[str]:
    """A server on the loopback that gives one body to each request, in chunks until its client has enough."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            for key, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            with suppress(ConnectionError):
                for block in body():
                    self.wfile.write(block)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
