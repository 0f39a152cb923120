"""The parameters of `qwen3_vl` that depend on one another."""

import pytest

from snakedit.config.params import read_params
from snakedit.core.errors import ConfigError
from snakedit.judges.qwen3_vl_params import Qwen3VLParams


@pytest.mark.parametrize(
    ("params", "tokens"),
    [
        ({}, 64),
        ({"thinking": "off"}, 64),
        ({"thinking": False}, 64),
        ({"thinking": "on"}, 2048),
        ({"thinking": True}, 2048),
        ({"thinking": "on", "max_new_tokens": 300}, 300),
    ],
)
def test_a_judge_that_thinks_has_room_to(params, tokens):
    assert Qwen3VLParams(**params).max_new_tokens == tokens


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"thinking": "maybe"}, "allowed: on, off, null"),
        ({"thinking": 1}, "allowed: on, off, null"),
        ({"min_pixels": 1}, "min_pixels"),
        ({"min_pixels": 70_000, "max_pixels": 65_536}, "min_pixels, 70000, is above max_pixels, 65536"),
    ],
)
def test_what_is_not_allowed_is_told_in_one_line(params, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_params(Qwen3VLParams, params, "c.yaml: judges.vl.params")
    assert "\n" not in str(caught.value)
