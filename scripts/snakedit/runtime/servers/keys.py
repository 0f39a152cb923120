"""A server's key: where it comes from, and how it is taken out of what the server says."""

import json
import os
import re

from snakedit.core.errors import ConfigError

_KEY = re.compile(r"[\x21-\x7e]+")
# A shorter key is no secret. The placeholder for a server without keys may be a letter that any answer has.
_SHORTEST_SECRET = 8


def read_key(name: str | None) -> str | None:
    """Return the key in an environment variable; None without a name.

    Raises:
        ConfigError: if there is none, or none that a header could hold.
    """
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise ConfigError(
            f"the environment variable {name} is not set",
            where="api_key_env",
            hint="set it to the server's key, name another in params, or null for a server that needs none",
        )
    if not _KEY.fullmatch(key):
        raise ConfigError(f"what {name} holds is no key", where="api_key_env", allowed="printable ASCII")
    return key


class Cleaner:
    """Takes a key out of texts, however JSON spells it."""

    def __init__(self, key: str) -> None:
        """Know the key; one that is too short for a secret is left in."""
        self._key = key if len(key) >= _SHORTEST_SECRET else ""
        self._spellings = _spellings(self._key) if self._key else None

    def excerpt(self, text: str, length: int) -> str:
        """Return the beginning of a text, parsed or not, without the key and without half characters."""
        # A key takes at most six characters for each of its own.
        text = text[: length + 6 * len(self._key)].encode(errors="replace").decode()
        return (self._spellings.sub("[key]", text) if self._spellings else text)[:length]

    def parsed(self, text: str | bytes | bytearray) -> object:
        """Return a JSON text's content without the key, and without half characters, which UTF-8 has not.

        Raises:
            ValueError, RecursionError: if it is no JSON that Python can hold.
        """
        if isinstance(text, str) and "\\" not in text and not (self._key and self._key in text):
            # Text that came as UTF-8 has no half characters but those that a backslash spells.
            return json.loads(text)
        # Written again, each character has one spelling.
        text = json.dumps(json.loads(text), ensure_ascii=False)
        if self._key:
            text = text.replace(json.dumps(self._key)[1:-1], "[key]")
        return json.loads(text.encode(errors="replace"))


def _spellings(key: str) -> re.Pattern[str]:
    """Return a pattern of the key in JSON, with any of its characters escaped."""
    escaped = {character: rf"\\?{re.escape(character)}" for character in "\"'\\/"}
    return re.compile(
        "".join(
            rf"(?:{escaped.get(character, re.escape(character))}|\\u00(?i:{ord(character):02x}))"
            for character in key
        )
    )
