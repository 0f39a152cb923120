"""Uses of Snakemake beyond its documentation: all are in one table, and in the installed version."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import snakemake.api
import snakemake_executor_plugin_slurm
from places import REPOSITORY

from snakedit.workflow import snakemake_internals
from snakedit.workflow.snakemake_internals import (
    PLUGIN,
    SNAKEMAKE,
    TESTED,
    USES,
    check_uses,
    warn_if_untested,
)

PLACES = [
    (package, f"{owner}.{name}")
    for package, owners in USES.items()
    for owner, names in owners.items()
    for name in names
]


def test_the_installed_versions_are_the_tested_ones(capsys: pytest.CaptureFixture[str]):
    assert {package: version(package) for package in TESTED} == TESTED
    for package in TESTED:
        warn_if_untested(package)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("package", [SNAKEMAKE, PLUGIN])
def test_all_that_is_used_is_in_the_installed_version(package: str):
    check_uses(package)


def test_every_use_of_a_workflow_is_in_the_table():
    text = Path(snakemake_internals.__file__).read_text(encoding="utf-8")
    used = set(re.findall(r"self\._workflow\.(\w+)", text))
    assert used == set(USES[SNAKEMAKE]["snakemake.workflow:Workflow"])
    used = set(re.findall(r"self\._plugin\.(\w+)", text))
    assert used == set(USES[PLUGIN]["snakemake_executor_plugin_slurm"])
    for _, place in PLACES:
        name = place.rpartition(".")[2]
        assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{place} is not used"


def test_the_rules_use_documented_interfaces_only():
    for path in [
        REPOSITORY / "Snakefile",
        *(REPOSITORY / "workflow").iterdir(),
        *REPOSITORY.glob("rules/*.smk"),
    ]:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\bworkflow\.(\w+)", text)) - {"source_path"} <= _modules_of_the_library(
            text
        ), path
        assert set(re.findall(r"^(?:from|import) (snakemake\S*)", text, re.M)) <= {"snakemake.utils"}, path


def _modules_of_the_library(text: str) -> set[str]:
    return set(re.findall(r"snakedit\.workflow\.(\w+)", text))


@pytest.mark.parametrize(
    ("package", "owner", "name", "called"),
    [
        (SNAKEMAKE, snakemake.workflow.Workflow, "register_resource", "Workflow.register_resource"),
        (PLUGIN, snakemake_executor_plugin_slurm, "get_submit_command", "get_submit_command"),
    ],
)
def test_a_version_that_lacks_a_use_is_refused_with_the_tested_ones(
    package: str, owner: object, name: str, called: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(owner, name)
    with pytest.raises(SystemExit) as exit:
        check_uses(package)
    line = str(exit.value)
    assert line.startswith(f"snakedit: ConfigError: {package} {TESTED[package]}: lacks ")
    assert f"{called}; install the tested versions: pip install snakemake==" in line
    assert "\n" not in line


def test_an_attribute_that_only_instances_have_is_missed_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(USES, SNAKEMAKE, {"snakemake.workflow:Workflow": {"configfiles": "", "no_such": ""}})
    with pytest.raises(SystemExit, match=r"lacks Workflow\.no_such;"):
        check_uses(SNAKEMAKE)


def test_another_version_is_warned_of_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(snakemake_internals, "version", lambda package: "99.0")
    warn_if_untested(PLUGIN)
    tested = f"tested: snakemake=={TESTED[SNAKEMAKE]} {PLUGIN}=={TESTED[PLUGIN]}"
    assert capsys.readouterr().err == f"snakedit: warning: {PLUGIN} 99.0 is not tested; {tested}\n"
