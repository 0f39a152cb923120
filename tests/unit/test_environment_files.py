"""The lock file, pyproject.toml and the conda environments name the same versions."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[2]
LINES = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked():
    pins = dict(line.split("==") for line in LINES if line and not line.startswith("#"))
    return {plain(name): version for name, version in pins.items()}


def test_every_line_of_the_lock_is_one_exact_version_without_hash_address_or_local_tag():
    for line in LINES:
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line), line


def test_torch_is_pinned_so_that_pip_may_choose_its_build():
    assert "torch==2.13.0" in LINES


@pytest.mark.parametrize("group", ["dependencies", "dev"])
def test_the_lock_satisfies_the_project(group):
    wanted = PROJECT["dependencies"] if group == "dependencies" else PROJECT["optional-dependencies"][group]
    for line in wanted:
        requirement = Requirement(line)
        version = locked()[plain(requirement.name)]
        assert requirement.specifier.contains(version), line


@pytest.mark.parametrize("stage", ["prepare", "edit", "score", "report"])
def test_a_stages_environment_has_the_locks_versions(stage):
    content = yaml.safe_load((REPOSITORY / "envs" / f"{stage}.yaml").read_text(encoding="utf-8"))
    *_, packages = content["dependencies"]
    for line in packages["pip"]:
        name, version = line.split("==")
        assert locked()[plain(name)] == version, line
