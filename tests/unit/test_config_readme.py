"""config/README.md names every key that a configuration may hold, and no other param."""

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from snakedit.config.load import SCHEMA
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.sources import FORMATS

TEXT = (Path(SCHEMA).parents[1] / "README.md").read_text(encoding="utf-8")
NAMED = {part for code in re.findall(r"`([^`]+)`", TEXT) for part in re.findall(r"[A-Za-z0-9_]+", code)}


def keys(schema):
    for name, sub in schema.get("properties", {}).items():
        yield name
        yield from keys(sub)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from keys(schema["additionalProperties"])


def section(name):
    return re.search(rf"^## {name}.*?(?=^## |\Z)", TEXT, re.M | re.S)[0]


def test_every_key_of_the_schema_is_explained():
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    top = set(schema["properties"])
    assert {key for key in keys(schema) if key not in NAMED} - top == set()
    for name in ("benchmarks", "editors", "judges"):
        properties = schema["properties"][name]["additionalProperties"]["properties"]
        assert all(f"`{key}`" in section(name) for key in properties), name
    for key in schema["properties"]["run"]["properties"]:
        assert f"`{key}" in section("run")


@pytest.mark.parametrize("registry", [EDITORS, JUDGES], ids=["editors", "judges"])
def test_every_type_and_every_param_is_explained(registry):
    for name, family in registry.items():
        assert f"`{name}`" in TEXT
        for field in dataclasses.fields(family.Params):
            assert field.name in NAMED, f"{name}.{field.name}"


def test_every_format_is_explained():
    assert all(f"**`{name}`**" in TEXT for name in FORMATS)


def test_every_param_that_changes_no_result_is_marked():
    lines = TEXT.splitlines()
    for registry in (EDITORS, JUDGES):
        for family in registry.values():
            for name in family.execution_params:
                assert any(f"`{name}`" in line and "(–)" in line for line in lines), name
