"""From bytes to JSON: long pictures, and what would take too much memory."""

import base64
import json

import pytest

from snakedit.runtime.servers.answers import MAX_JSON_BYTES, parse_answer
from snakedit.runtime.servers.errors import BrokenAnswerError, UnboundedAnswerError
from snakedit.runtime.servers.keys import Cleaner

KEY = "sk-secret/0123456789"
PICTURE = bytes(range(256)) * 15_000


def body(data, ensure_ascii=False):
    return bytearray(json.dumps(data, ensure_ascii=ensure_ascii).encode())


@pytest.mark.parametrize("pictures", [[b"small"], [PICTURE], [PICTURE, PICTURE[::-1]]])
@pytest.mark.parametrize("before", ["", "data:image/png;base64,"])
def test_pictures_come_out_as_they_went_in(pictures, before):
    texts = [before + base64.b64encode(picture).decode() for picture in pictures]
    told = {"data": [{"b64_json": text, "revised_prompt": f"猫 😀 {KEY}"} for text in texts]}
    answer = parse_answer(body(told), Cleaner(KEY))
    assert [base64.b64decode(answer.picture(entry["b64_json"])) for entry in answer.data["data"]] == pictures
    assert {entry["revised_prompt"] for entry in answer.data["data"]} == {"猫 😀 [key]"}


def test_escaped_slashes_are_slashes():
    text = base64.b64encode(PICTURE).decode()
    raw = bytearray(json.dumps({"b64_json": text}).replace("/", "\\/").encode())
    answer = parse_answer(raw, Cleaner(""))
    assert base64.b64decode(answer.picture(answer.data["b64_json"])) == PICTURE


@pytest.mark.parametrize("part", [b"{},", b" ", b'"a",'])
def test_a_long_answer_without_a_picture_is_not_parsed(part):
    raw = bytearray(b"[" + part * (MAX_JSON_BYTES // len(part)) + b"1]")
    with pytest.raises(UnboundedAnswerError, match="4 MB beside its pictures; allowed: 4 MB"):
        parse_answer(raw, Cleaner(""))


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[" * 100_000, b'{"a": ', b"1" * 5_000, b"\xff\xfe"])
def test_what_is_no_json_is_one_short_line(raw):
    with pytest.raises(BrokenAnswerError, match="is no JSON object") as caught:
        parse_answer(bytearray(raw), Cleaner(KEY))
    assert len(str(caught.value)) < 400
