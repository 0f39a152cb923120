"""The lock file, pyproject.toml and the conda environments name the same versions."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

import pytest
import yaml
from packaging.requirements import Requirement
from places import REPOSITORY, SCRIPTS

STAGES = ("prepare", "edit", "score", "report")
# Rule → its text, of each rule that runs a script of its own.
RULES = {
    name: text
    for path in sorted((REPOSITORY / "rules").glob("*.smk"))
    for name, text in re.findall(
        r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(encoding="utf-8"), re.M | re.S
    )
}
# Not installed where there is no GPU.
PACKAGE = {"pynvml": "nvidia-ml-py", "torchvision": "torchvision"}
OF_MODELS = (
    "diffusers",
    "httpx2",
    "huggingface_hub",
    "openai",
    "pynvml",
    "safetensors",
    "tokenizers",
    "torch",
    "transformers",
)
LINES = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked():
    pins = dict(line.split("==") for line in LINES if line and not line.startswith("#"))
    return {plain(name): version for name, version in pins.items()}


def pins_of(stage):
    content = yaml.safe_load((REPOSITORY / "envs" / f"{stage}.yaml").read_text(encoding="utf-8"))
    *_, packages = content["dependencies"]
    return {plain(name): version for name, version in (line.split("==") for line in packages["pip"])}


def with_what_they_need(packages):
    """These packages and those they depend on, by what is installed here."""
    found, todo = set(), list(packages)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            assert name in PACKAGE.values(), name
            continue
        needs = map(Requirement, lines)
        todo += [
            plain(need.name) for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    return found


@cache
def packages_of():
    return packages_distributions()


def imported_by(script):
    """Package → a module that imports it, of all modules that a script may come to import."""
    seen, todo, found = set(), [script], {}
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in names_imported_in(path):
            top, *_ = parts = name.split(".")
            if top == "snakedit":
                for count in range(1, len(parts) + 1):
                    module = SCRIPTS.joinpath(*parts[:count])
                    todo += [p for p in (module.with_suffix(".py"), module / "__init__.py") if p.is_file()]
            elif top not in sys.stdlib_module_names and top != "_typeshed":
                found[top] = path.name
    return found


@cache
def names_imported_in(path):
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and re.fullmatch(r"snakedit[\w.]+:\w+", str(node.value)):
            # As the registries name their classes.
            names.append(node.value.partition(":")[0])
    return names


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


@pytest.mark.parametrize("stage", STAGES)
def test_a_stages_environment_has_the_locks_versions(stage):
    for_gpus = {Requirement(line).name: Requirement(line) for line in PROJECT["optional-dependencies"]["gpu"]}
    for name, version in pins_of(stage).items():
        if name in locked():
            assert locked()[name] == version, name
        else:
            assert for_gpus[name].specifier.contains(version), name


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_takes_its_environment_and_its_container_from_one_stage(rule):
    text = RULES[rule]
    conda = re.findall(r'conda:\n\s+"\.\./envs/(\w+)\.yaml"', text)
    assert len(conda) == 1
    assert re.findall(r'container:\n\s+container_of\("(\w+)"\)', text) == conda
    assert conda[0] in STAGES


def test_the_containers_recipe_names_every_stage_and_takes_its_file():
    recipe = (REPOSITORY / "envs" / "apptainer.def").read_text(encoding="utf-8")
    assert f"each of {', '.join(STAGES[:-1])} and {STAGES[-1]}:" in recipe
    assert "envs/{{ stage }}.yaml /opt/stage.yaml" in recipe


@pytest.mark.parametrize("rule", RULES)
def test_a_rules_environment_has_all_that_its_script_imports_now_or_later(rule):
    (stage,) = re.findall(r"envs/(\w+)\.yaml", RULES[rule])
    (script,) = re.findall(r'entry_point\("(\w+)\.py"\)', RULES[rule])
    installed = with_what_they_need(pins_of(stage))
    missing = {
        f"{name}, by {by}"
        for name, by in imported_by(SCRIPTS / f"{script}.py").items()
        if not installed & {plain(package) for package in packages_of().get(name, [name])}
        and PACKAGE.get(name) not in installed
    }
    # Only these two load models; the others read of editors and judges in the run's file.
    loads = {"edit": set(OF_MODELS), "score": set(OF_MODELS) - {"diffusers"}}.get(stage, set())
    missing = {text for text in missing if text.partition(",")[0] not in set(OF_MODELS) - loads}
    assert not missing
