"""The folder that the tests of this room work in."""

import json
import shutil
from pathlib import Path

import pytest
from experiments import rows
from places import REPOSITORY


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a benchmark of two categories, four and three rows, and a rubric."""
    monkeypatch.chdir(tmp_path)
    source = {"物理": rows("物理", 4), "light": rows("light", 3)}
    (tmp_path / "small.json").write_text(json.dumps(source), encoding="utf-8")
    shutil.copy(REPOSITORY / "config" / "rubrics" / "viescore.yaml", tmp_path / "rubric.yaml")
    return tmp_path
