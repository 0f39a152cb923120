"""Opening a file as UTF-8, however it was stored: with a byte order mark, as UTF-16, or gzipped."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from snakedit.core.errors import SourceError

_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What other programs write under the names of tables, and what it is.
_OTHER_FILES = {
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"version https://git-lfs": "a Git LFS pointer, whose file was not downloaded",
}
_BLOCK = 1 << 20


@contextmanager
def open_utf8(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for reading; the stream is UTF-8 without a byte order mark before its position 0.

    Positions in the stream can be returned to by `seek`, for gzip and UTF-16 by reading from the beginning.

    Raises:
        SourceError: if it cannot be read, or holds no text.
    """
    try:
        with open(path, "rb") as file, _decoded(file, str(path)) as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"cannot be read ({reason})", where=str(path)) from None


def _decoded(file: IO[bytes], path: str) -> BinaryIO:
    head = _head(file)
    for magic, kind in _OTHER_FILES.items():
        if head.startswith(magic):
            raise SourceError(f"is {kind}", where=path, allowed="JSON, JSON Lines or CSV, also gzipped")
    stream = cast(BinaryIO, file)
    if head.startswith(_GZIP):
        stream = cast(BinaryIO, gzip.open(file))
        head = _head(stream)
    if head.startswith(_UTF_16) and not head.startswith(codecs.BOM_UTF32_LE):
        return cast(BinaryIO, io.BufferedReader(_Recoded(stream, "utf-16", path)))
    if head.startswith(codecs.BOM_UTF8):
        return cast(BinaryIO, io.BufferedReader(_Shifted(stream, len(codecs.BOM_UTF8))))
    return stream


def _head(file: IO[bytes]) -> bytes:
    head = file.read(32)
    file.seek(0)
    return head


class _Shifted(io.RawIOBase):
    """A stream whose position 0 lies some bytes into another's."""

    def __init__(self, stream: BinaryIO, by: int) -> None:
        self._stream, self._by = stream, by
        stream.seek(by)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            position += self._by
        return self._stream.seek(position, whence) - self._by

    def tell(self) -> int:
        return self._stream.tell() - self._by


class _Recoded(io.RawIOBase):
    """A stream in another encoding, as UTF-8 without a byte order mark."""

    def __init__(self, stream: BinaryIO, encoding: str, path: str) -> None:
        self._stream, self._encoding, self._path = stream, encoding, path
        self._rewind()

    def _rewind(self) -> None:
        self._stream.seek(0)
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._position, self._rest = 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        ended = False
        while not self._rest and not ended:
            data = self._stream.read(_BLOCK)
            ended = not data
            try:
                self._rest = self._decoder.decode(data, final=ended).encode()
            except UnicodeError as error:
                reason = getattr(error, "reason", error)
                raise SourceError(f"not {self._encoding.upper()} ({reason})", where=self._path) from None
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        self._position += count
        return count

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only positions from the beginning")
        if position < self._position:
            self._rewind()
        while self._position < position and self.read(min(_BLOCK, position - self._position)):
            pass
        return self._position

    def tell(self) -> int:
        return self._position


class Lines:
    """The lines of a UTF-8 stream from a place on, with their line ends. It knows where the next one begins.

    Attributes:
        byte: where in the stream the next line begins.
        number: how many lines are before it.
    """

    def __init__(self, file: BinaryIO, byte: int = 0, number: int = 0) -> None:
        self.byte, self.number = byte, number
        file.seek(byte)
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="")

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.byte += len(line.encode())
            self.number += 1
            yield line


def place_of_bad_bytes(path: str | Path) -> str:
    """Return the file and the line. Text is decoded in blocks, so the decoding error has no line."""
    with open_utf8(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f"{path}:{number}"
    return str(path)
