from importlib import metadata

import pytest

from snakedit.core.errors import ConfigError
from snakedit.core.registry import Registry

MODULE = """
from abc import ABC, abstractmethod
from collections import OrderedDict

class Toy(OrderedDict):
    pass

class Unfinished(OrderedDict, ABC):
    @abstractmethod
    def play(self):
        pass

number = 5
"""


def registry():
    return Registry({"ours": "collections:Counter"}, base="builtins:dict", group="snakedit.toys")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A function that installs a package with entry points, and a module `own_toys` on the path."""
    (tmp_path / "own_toys.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def install(package, entry_points):
        folder = tmp_path / f"{package}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[snakedit.toys]\n{entry_points}\n")

    return install


def test_a_type_of_this_library_is_imported_when_it_is_asked_for():
    from collections import Counter

    lazy = Registry(
        {"ours": "collections:Counter", "broken": "no_such_module:X"}, base="builtins:dict", group="none"
    )
    assert lazy.find("ours", "editors.x.type") is Counter
    assert list(lazy) == ["ours", "broken"]


def test_no_entry_point_is_looked_for_if_the_name_is_this_librarys(monkeypatch):
    monkeypatch.setattr(metadata, "entry_points", lambda **_: pytest.fail("looked for"))
    assert registry().find("ours", "editors.x.type").__name__ == "Counter"


def test_a_type_that_is_not_there_is_not_in_the_registry():
    assert ("ours" in registry(), "other" in registry()) == (True, False)


def test_a_class_of_the_users_own_is_found_by_its_place(packages):
    types = registry()
    assert types.find("own_toys:Toy", "editors.x.type").__name__ == "Toy"
    assert types["own_toys:Toy"] is types.find("own_toys:Toy", "")


def test_an_installed_packages_type_is_found_by_its_name(packages):
    packages("toys", "toy = own_toys:Toy")
    types = registry()
    assert types.find("toy", "editors.x.type").__name__ == "Toy"
    assert types["toy"] is types.find("own_toys:Toy", "")
    with pytest.raises(
        ConfigError, match=r"'tóy' is not known; did you mean 'toy'.*allowed: ours, toy, package"
    ):
        types.find("tóy", "editors.x.type")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other", "'other' is not known.*allowed: ours, package.module:Class"),
        ("our", "did you mean 'ours'"),
        ("own_toy:Toy", "there is no module 'own_toy'; install its package, or add its folder to PYTHONPATH"),
        ("no.such.module:Toy", "there is no module 'no'"),
        ("own_toys.inner:Toy", "there is no module 'own_toys.inner'|cannot be imported"),
        ("own_toys:Tyo", "the module 'own_toys' has no class 'Tyo'; did you mean 'Toy'"),
        ("own_toys:", "the module 'own_toys' has no class ''"),
        ("own_toys:number", "'own_toys:number' is of another kind; allowed: a subclass of builtins.dict"),
        ("builtins:int", "'builtins:int' is of another kind"),
        ("own_toys:Unfinished", "the class 'own_toys:Unfinished' does not define play"),
        (":Toy", "cannot be imported"),
        ("broken_toys:Toy", "the module 'broken_toys' cannot be imported .SyntaxError"),
        ("needy_toys:Toy", "the module 'needy_toys' cannot be imported .ModuleNotFoundError.*'missing_part'"),
    ],
)
def test_a_type_that_cannot_be_had_is_one_line_with_the_key(packages, tmp_path, name, message):
    (tmp_path / "broken_toys.py").write_text("class Toy(:\n")
    (tmp_path / "needy_toys.py").write_text("import missing_part\n")
    with pytest.raises(ConfigError, match=f"editors.x.type: .*{message}") as caught:
        registry().find(name, "editors.x.type")
    assert "\n" not in str(caught.value)


def test_a_package_that_registers_a_name_of_this_library_is_refused(packages):
    packages("usurper", "ours = own_toys:Toy")
    with pytest.raises(
        ConfigError, match=r"editors\.x\.type: the package 'usurper' registers 'ours'.*is taken"
    ):
        registry().find("theirs", "editors.x.type")
    assert registry().find("ours", "editors.x.type").__name__ == "Counter"


def test_two_packages_with_one_name_are_refused(packages):
    packages("first", "toy = own_toys:Toy")
    packages("second", "toy = own_toys:Unfinished")
    with pytest.raises(ConfigError, match=r"registers 'toy' in 'snakedit\.toys', which is taken"):
        registry().find("toy", "editors.x.type")
