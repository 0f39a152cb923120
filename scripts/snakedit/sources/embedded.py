"""Images that a row holds itself, as base64 text."""

import base64
import binascii

from snakedit.core.errors import SourceError

# So much of an image is looked at before it is needed.
_PROBED_CHARACTERS = 8_192


def decode_base64(text: str, name: str) -> bytes:
    """Return the bytes of a base64 text, with or without a ``data:`` prefix and breaks of lines.

    Args:
        name: the key that holds it.

    Raises:
        SourceError: if it is not base64.
    """
    # A text with many breaks is not split: it would be millions of objects.
    return _decoded(_content(text).encode("utf-8", "replace"), name)


def probe_base64(text: str, name: str) -> None:
    """Look at the beginning of a base64 text.

    Raises:
        SourceError: if it is not base64.
    """
    encoded = _without_blanks(_content(text[:_PROBED_CHARACTERS]).encode("utf-8", "replace"))
    if len(text) > _PROBED_CHARACTERS:
        encoded = encoded[: len(encoded) // 4 * 4]
    _decoded(encoded, name)


def _content(text: str) -> str:
    # Not lstrip, which would copy it all.
    return text.partition(",")[2] if text[:100].lstrip().startswith("data:") else text


def _without_blanks(encoded: bytes) -> bytes:
    return encoded.translate(None, b" \t\r\n\v\f")


def _decoded(encoded: bytes, name: str) -> bytes:
    try:
        return base64.b64decode(_without_blanks(encoded), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SourceError(f"not base64 ({error})", where=f"the key '{name}'") from None
