"""One text and one hash for equal values."""

import pytest

from snakedit.core.hashing import canonical


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_equal_values_have_one_canonical_text():
    assert canonical({"b": 1, "a": ["物"]}) == canonical(dict(a=["物"], b=1)) == '{"a":["物"],"b":1}'
