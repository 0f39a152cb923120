"""The folder that the tests of the forecast work in."""

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAKEDIT_OWNER", "1:1")
    return tmp_path
