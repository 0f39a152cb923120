"""PNG files chunk by chunk: leaving out text and profiles that are larger than Pillow reads."""

import zlib
from collections.abc import Iterator

from PIL import PngImagePlugin

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The texts that can say how a picture lies (ImageMagick's EXIF, Adobe's XMP). No other changes a pixel.
_ORIENTING = (b"Raw profile type exif", b"XML:com.adobe.xmp")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def without_large_metadata(data: bytes) -> bytes:
    """Return a PNG without the text and the profiles that cost memory or that Pillow refuses.

    Pillow gives up a whole file if a text or a colour profile unpacks to over 1 MB
    (`PngImagePlugin.MAX_TEXT_CHUNK`), whatever its pixels. Texts that can say how the picture lies are kept,
    and so is a profile, if they are within that limit. Other files come back as they are.
    """
    if not data.startswith(SIGNATURE):
        return data
    kept, start, seen = [], 0, set()
    for kind, begin, end in _chunks(data):
        if kind == b"iCCP" or kind in _TEXTS:
            keyword = data[begin + 8 : begin + 88].partition(b"\0")[0]
            wanted = kind == b"iCCP" or (keyword in _ORIENTING and keyword not in seen)
            if wanted and _is_small(kind, data[begin + 8 : end - 4]):
                seen.add(keyword)
                continue
            kept.append(data[start:begin])
            start = end
    return b"".join([*kept, data[start:]]) if kept else data


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the first byte and the end of each whole chunk (PNG specification, section 5.3)."""
    begin = len(SIGNATURE)
    while begin + 12 <= len(data):
        end = begin + 12 + int.from_bytes(data[begin : begin + 4], "big")
        if end > len(data):
            return
        yield data[begin + 4 : begin + 8], begin, end
        begin = end


def _is_small(kind: bytes, content: bytes) -> bool:
    """Whether a text or a profile is within Pillow's limit, packed and unpacked."""
    limit = PngImagePlugin.MAX_TEXT_CHUNK
    _, _, rest = content.partition(b"\0")
    if len(rest) > limit:
        return False
    if kind == b"tEXt":
        return True
    if kind == b"iTXt":
        is_packed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    else:
        is_packed, rest = True, rest[1:]
    try:
        return not is_packed or len(zlib.decompressobj().decompress(rest, limit + 1)) <= limit
    except zlib.error:
        # Pillow passes over what it cannot unpack.
        return True
