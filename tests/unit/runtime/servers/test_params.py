"""The params of a server: what is refused, and what is not repeated."""

import pytest

from snakedit.config.params import read_params
from snakedit.core.errors import ConfigError
from snakedit.runtime.servers.params import EndpointParams


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"base_url": "localhost:8000"}, "base_url': this is no address"),
        ({"base_url": "file:///etc/passwd"}, "base_url': this is no address"),
        ({"base_url": "https://me:sk-geheim@host/v1"}, "keys come from api_key_env"),
        ({"base_url": "https://host/v1?key=sk-geheim"}, "keys come from api_key_env"),
        ({"base_url": "https://host/v1#sk-geheim"}, "keys come from api_key_env"),
        ({"api_key_env": "sk-geheim"}, "api_key_env': this is not the name"),
        ({"api_key": "sk-geheim"}, "did you mean 'api_key_env'"),
        ({"concurrency": 0}, "concurrency': 0 .*1 or more"),
        ({"timeout": 0}, "timeout"),
        ({"retries": -1}, "retries': -1 .*0 or more"),
        ({"extra": {"stream": True}}, "extra': 'stream' is not for"),
        ({"extra": ["stream"]}, "extra"),
    ],
)
def test_wrong_params_are_one_line_without_what_may_be_a_key(params, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_params(EndpointParams, params, "judges.x.params")
    assert "geheim" not in str(caught.value)
