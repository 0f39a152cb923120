"""JSON of any size, value by value."""

import io
import json

import pytest

from snakedit.sources import json_stream
from snakedit.sources.json_stream import JsonStream, NotJsonError, load_json

ROWS = [{"id": f"row {n}", "text": 'say "]" or \\ {' * n, "list": [[n], {"a": None}]} for n in range(40)]


@pytest.fixture(params=[7, 1 << 16])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much is read at a time: a value lies across blocks, or many lie in one."""
    monkeypatch.setattr(json_stream, "BLOCK", request.param)
    return int(request.param)


def test_the_rows_of_a_list_are_pythons_own(block: int):
    text = json.dumps(ROWS, indent=1).encode()
    stream = JsonStream(io.BytesIO(text))
    assert stream.peek() == b"["
    stream.skip()
    assert [stream.value() for _ in stream.places(b"]", "open")] == ROWS
    assert stream.position == len(text)


def test_the_rows_of_an_object_come_with_their_keys(block: int):
    content = {row["id"]: row for row in ROWS}
    stream = JsonStream(io.BytesIO(json.dumps(content).encode()))
    stream.peek()
    stream.skip()
    assert {stream.key(): stream.value() for _ in stream.places(b"}", "open")} == content


@pytest.mark.parametrize("text", [b'[{"a": 1}', b'[{"a": 1} {"b": 2}]', b'[{"a" 1}]', b"[{]}", b"[1,"])
def test_what_is_not_json_is_told(block: int, text: bytes):
    stream = JsonStream(io.BytesIO(text))
    stream.peek()
    stream.skip()
    with pytest.raises(NotJsonError):
        [stream.value() for _ in stream.places(b"]", "open")]


def test_nan_is_null_and_a_number_that_nothing_can_hold_stays_text():
    assert load_json('[NaN, 1.5, 7, "NaN"]') == [None, 1.5, 7, "NaN"]
    assert load_json("1e999") == "1e999"
