import base64
import textwrap

import pytest

from snakedit.core.errors import SourceError
from snakedit.sources.embedded import decode_base64, probe_base64

CONTENT = bytes(range(256)) * 200
TEXT = base64.b64encode(CONTENT).decode()


@pytest.mark.parametrize(
    "text", [TEXT, f"data:image/png;base64,{TEXT}", " \n" + "\r\n".join(textwrap.wrap(TEXT, 76))]
)
def test_base64_is_read_with_and_without_prefix_and_line_breaks(text):
    probe_base64(text, "key")
    assert decode_base64(text, "key") == CONTENT


@pytest.mark.parametrize("text", ["%", "https://host/a.png", "é" * 20_000, "AAA"])
def test_what_is_not_base64_is_named_by_its_key(text):
    for function in (probe_base64, decode_base64):
        with pytest.raises(SourceError, match="the key 'k': not base64"):
            function(text, "k")
