"""Text files however they were stored."""

import gzip
from pathlib import Path

import pytest

from snakedit.core.errors import SourceError
from snakedit.sources.encodings import Lines, open_utf8, place_of_bad_bytes

TEXT = "id,instruction\na,把猫变成狗 🐈\n"
STORED = {
    "utf-8": TEXT.encode(),
    "utf-8 with a mark": TEXT.encode("utf-8-sig"),
    "utf-16": TEXT.encode("utf-16"),
    "utf-16, big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "gzip": gzip.compress(TEXT.encode()),
    "gzipped utf-16": gzip.compress(TEXT.encode("utf-16")),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED.keys())
def test_the_text_is_the_same_and_a_place_in_it_can_be_returned_to(tmp_path: Path, stored: bytes):
    path = tmp_path / "table"
    path.write_bytes(stored)
    with open_utf8(path) as stream:
        assert stream.read() == TEXT.encode()
        place = TEXT.encode().index(b"a,")
        stream.seek(place)
        assert list(Lines(stream, place, 1)) == [TEXT.splitlines(keepends=True)[1]]


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (b"PAR1 and more", "allowed: JSON, JSON Lines or CSV, also gzipped"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-12], "cannot be read"),
    ],
    ids=["parquet", "cut gzip"],
)
def test_another_kind_of_file_and_a_damaged_one_are_one_line(tmp_path: Path, stored: bytes, message: str):
    path = tmp_path / "table"
    path.write_bytes(stored)
    with pytest.raises(SourceError, match=message) as caught, open_utf8(path) as stream:
        stream.read()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_have_a_line(tmp_path: Path):
    path = tmp_path / "table"
    path.write_bytes(b"first\nsecond\xff\n")
    assert place_of_bad_bytes(path) == f"{path}:2"
