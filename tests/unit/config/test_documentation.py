import subprocess
import sys

import pytest
from places import SCRIPTS
from pydantic import Field

from snakedit.config.documentation import SECTIONS, write_tables
from snakedit.config.params import FamilyParams, NoParams
from snakedit.core.errors import ConfigError


class SharedParams(FamilyParams):
    address: str | None = Field(None, description="Where it is.")
    steps: int = Field(4, ge=1, description="How many.")


class OwnParams(SharedParams):
    steps: int = Field(8, ge=1, description="How many.")
    scale: float = Field(2.0, gt=0, description="How much.")


class Server:
    Params = OwnParams
    execution_params = frozenset({"address", "scale"})


class Plain:
    Params = NoParams


FAMILIES = {"editors": {"server": Server, "plain": Plain}}


def text_with(*blocks):
    names = [*SECTIONS, "servers", "editors.server", *blocks]
    table = "<!-- generated: {} -->\nOUTDATED\n<!-- end -->\n"
    return "`server` `plain`\n" + "".join(map(table.format, names))


def test_the_tables_of_this_repository_are_up_to_date():
    command = [sys.executable, str(SCRIPTS / "write_config_tables.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_tables_show_bounds_defaults_and_marks_and_are_written_once():
    text = write_tables(text_with(), FAMILIES, SharedParams)
    assert "| `address` | a text, null | none | Where it is. (–) |" in text
    assert "| `steps` | a whole number of 1 or more | `4` | How many. |" in text
    assert "| `scale` | a number above 0 | `2` | How much. (–) |" in text
    assert "| `devices.kind` | `auto`, `cuda`, `cpu`, `simulated` | `auto` |" in text
    assert "| `name` |" not in text
    assert "OUTDATED" not in text
    assert write_tables(text, FAMILIES, SharedParams) == text


def test_the_table_of_a_server_shows_only_its_own_params():
    text = write_tables(text_with(), FAMILIES, SharedParams)
    own = text[text.index("editors.server") :]
    assert "`steps` | a whole number of 1 or more | `8`" in own
    assert "`address`" not in own


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (text_with("editors.plain"), "differ: editors.plain"),
        (text_with().replace("generated: run", "generated: runs"), "differ: run, runs"),
        (text_with("run"), "a block given twice"),
        (text_with().replace("`plain`", ""), "`plain` is not mentioned"),
    ],
)
def test_a_table_without_its_block_is_an_error(text, message):
    with pytest.raises(ConfigError, match=message):
        write_tables(text, FAMILIES, SharedParams)


def test_every_key_of_the_configuration_has_a_sentence():
    for kind in SECTIONS.values():
        for name, field in kind.model_fields.items():
            assert field.exclude or (field.description or "").endswith("."), name
