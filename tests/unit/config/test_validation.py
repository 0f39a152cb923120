"""Errors of pydantic in one line."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from snakedit.config.schema import STRICT
from snakedit.config.validation import in_words, resolved, validated
from snakedit.core.errors import ConfigError


class Inner(BaseModel):
    model_config = STRICT
    share: float = Field(0.5, ge=0, le=1)


class Outer(BaseModel):
    model_config = STRICT
    kind: Literal["plain", "fancy"] = "plain"
    inner: Inner = Inner()
    many: dict[str, Inner] = {}
    sizes: tuple[int, ...] = Field((1,), min_length=1)
    side: int | None = Field(None, gt=0, multiple_of=16)


def test_values_become_the_model():
    assert validated(Outer, {"inner": {"share": 0.2}}, "f.yaml").inner.share == 0.2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"inner": {"share": 2.0}}, "'here.inner.share': 2.0 is out of range; allowed: a number from 0"),
        ({"many": {"a": {"shre": 1.0}}}, "unknown key 'here.many.a.shre'; did you mean 'share'?"),
        # An unknown key explains the others.
        ({"kind": "odd", "knd": "plain"}, "unknown key 'here.knd'; did you mean 'kind'?"),
        ({"sizes": ()}, "'here.sizes': () is empty"),
        (
            {"side": 24},
            "'here.side': 24 is out of range; allowed: a whole number above 0, a multiple of 16, null",
        ),
        ({"inner": None}, "'here.inner': null has the wrong type"),
    ],
)
def test_the_first_error_is_one_line(data: dict[str, Any], message: str):
    with pytest.raises(ConfigError) as caught:
        validated(Outer, data, "f.yaml", "here")
    assert str(caught.value).startswith(f"f.yaml: {message}")
    assert "\n" not in str(caught.value)


def test_a_schema_in_words():
    root = Outer.model_json_schema()
    assert in_words(resolved(root, root["properties"]["kind"]), "`{}`") == "`plain`, `fancy`"
    assert in_words(root["properties"]["sizes"]) == "a list, each a whole number"
