"""Types of ours, of the user's own modules, and of other packages' entry points."""

import sys
from pathlib import Path

import pytest

from snakedit.core.errors import ConfigError
from snakedit.core.registry import Registry
from snakedit.editors import EDITORS
from snakedit.editors.controls import Identity
from snakedit.editors.editor import Editor

MODULE = """
from snakedit.editors.editor import Editor

class Negative(Editor):
    def edit(self, request):
        return request.sources[0]

class NotAnEditor:
    pass
"""


@pytest.fixture(autouse=True)
def own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable module, and a distribution that registers one of its classes as an entry point."""
    (tmp_path / "ownpackage.py").write_text(MODULE, encoding="utf-8")
    info = tmp_path / "ownpackage-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ownpackage\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[snakedit.editors]\n"
        "negative = ownpackage:Negative\n"
        "broken = ownpackage:Nothing\n"
        "identity = ownpackage:NotAnEditor\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("ownpackage", None)


def registry() -> Registry[type[Editor]]:
    places = {"identity": "snakedit.editors.controls:Identity"}
    return Registry(places, base="snakedit.editors.editor:Editor", group="snakedit.editors")


@pytest.mark.parametrize("name", ["ownpackage:Negative", "negative"])
def test_a_type_of_the_users_own_needs_no_fork(name: str):
    family = registry().find(name, "editors.mine.type")
    assert (family.__name__, issubclass(family, Editor)) == ("Negative", True)


def test_a_name_of_ours_stays_ours_and_looks_for_no_entry_point(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("snakedit.core.registry.entry_points", lambda **_: pytest.fail("looked"))
    assert registry().find("identity", "editors.mine.type") is Identity


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("nomodule:X", ("'nomodule:X' cannot be imported", "No module named 'nomodule'", "PYTHONPATH")),
        ("ownpackage:Nothing", ("cannot be imported", "Nothing")),
        ("broken", ("'broken' cannot be imported",)),
        ("ownpackage:NotAnEditor", ("is not a subclass of snakedit.editors.editor.Editor",)),
        ("os:path", ("is not a subclass",)),
        (":", ("cannot be imported",)),
        ("negativ", ("is not known; did you mean 'negative'?", "identity, ", "package.module:Class")),
    ],
)
def test_what_is_no_type_is_one_line(name: str, parts: tuple[str, ...]):
    with pytest.raises(ConfigError) as caught:
        registry().find(name, "editors.mine.type")
    line = str(caught.value)
    assert line.startswith("editors.mine.type: ")
    assert [part for part in parts if part not in line] == []


@pytest.mark.parametrize("name", EDITORS)
def test_every_type_of_ours_can_be_loaded(name: str):
    assert issubclass(EDITORS[name], Editor)
