import math
from dataclasses import dataclass
from typing import Literal

import pytest
from pydantic import Field

from snakedit.config.params import FamilyParams, NoParams, read_params
from snakedit.core.errors import ConfigError


class Params(FamilyParams):
    steps: int = 2
    scale: float = 1.0
    side: int | None = None
    kind: Literal["plain", "fancy"] = "plain"
    folder: str
    names: dict[str, float] = Field({})


def test_params_are_read_with_their_defaults_and_whole_numbers_as_floats():
    params = read_params(Params, {"scale": 4, "folder": "a", "names": {"a": 1}}, "x")
    assert params == Params(scale=4.0, folder="a", names={"a": 1.0})
    assert isinstance(params.scale, float)
    assert params.model_dump()["kind"] == "plain"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"stps": 1}, "unknown key 'x.stps'; did you mean 'steps'.; allowed: steps, scale, side, kind"),
        ({"steps": 1.5}, r"'x\.steps': 1\.5 has the wrong type; allowed: a whole number$"),
        ({"steps": "4"}, "'4' has the wrong type"),
        ({"steps": True}, "True has the wrong type"),
        ({"scale": True}, "True has the wrong type; allowed: a number$"),
        ({"scale": math.inf}, "inf is not a finite number"),
        ({"side": "big"}, "'big' has the wrong type; allowed: a whole number, null$"),
        ({"kind": "fncy"}, "'fncy' is not known; did you mean 'fancy'.; allowed: plain, fancy$"),
        ({"names": {"a": "b"}}, r"'x\.names\.a': 'b' has the wrong type; allowed: a number$"),
        ({"names": [1]}, "has the wrong type; allowed: a mapping of keys to values, each a number$"),
        ({}, "'x': the key 'folder' is missing$"),
    ],
)
def test_a_wrong_param_names_itself_and_what_is_allowed(raw, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_params(Params, {"folder": "f", **raw} if raw else {}, "x")
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_params_that_are_no_model_are_refused_in_one_line():
    @dataclass
    class Plain:
        steps: int = 1

    with pytest.raises(ConfigError, match="Plain' cannot hold the params of a type; allowed: a subclass of"):
        read_params(Plain, {}, "x.yaml: editors.mine.params")


def test_a_type_without_params_takes_no_keys():
    with pytest.raises(ConfigError, match=r"mine\.yaml: unknown key .*params\.x.; allowed: no keys"):
        read_params(NoParams, {"x": 1}, "mine.yaml: editors.e.params")
