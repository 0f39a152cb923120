"""Texts of the command line become what their schema wants, and texts of a file stay texts."""

from typing import Any

import pytest

from snakedit.config.load import normalise
from snakedit.core.errors import ConfigError

CONFIG: dict[str, Any] = {
    "benchmarks": {"b": {"format": "folder", "path": "x"}},
    "editors": {"e": {"type": "identity", "model": None}},
    "judges": {"j": {"type": "simulated"}},
}


def run_of(given: dict[str, Any]) -> Any:
    return normalise({**CONFIG, "run": given}, "experiment.yaml", {"run": given})["run"]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("seed", "7", 7),
        ("max_failures", "0.1", 0.1),
        ("max_failures", "3", 3),
        ("max_failures", "null", None),
        ("idle_timeout", "90", 90.0),
        ("item_timeout", "1e3", 1000.0),
        ("resident", "False", False),
        ("refresh", ["edits"], ["edits"]),
    ],
)
def test_nested_texts_of_the_command_line_are_read_by_their_type(key: str, text: Any, value: Any) -> None:
    read = run_of({key: text})[key]
    assert (read, type(read)) == (value, type(value))


def test_deeper_texts_and_lists_are_read_too() -> None:
    devices = run_of({"devices": {"count": "2", "ids": ["0", "GPU-1"], "memory_gib": "24"}})["devices"]
    assert (devices["count"], devices["ids"], devices["memory_gib"]) == (2, [0, "GPU-1"], 24.0)


def test_a_text_where_a_text_is_wanted_stays_one() -> None:
    given = {"benchmarks": {"b": {"format": "folder", "path": "2026", "limit": "3"}}}
    entry = normalise({**CONFIG, **given}, "experiment.yaml", given)["benchmarks"]["b"]
    assert (entry["path"], entry["limit"]) == ("2026", 3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": "seven"}, "'run.seed': 'seven' has the wrong type; allowed: a whole number"),
        ({"seed": "1.5"}, "'run.seed': '1.5' has the wrong type"),
        ({"seed": "NaN"}, "'run.seed': 'NaN' has the wrong type"),
        ({"seed": "-1"}, "'run.seed': -1 is out of range"),
        ({"resident": "1"}, "'run.resident': '1' has the wrong type; allowed: true, false"),
    ],
)
def test_what_spells_no_value_of_the_type_is_refused_as_it_was_written(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        run_of(given)
    assert message in str(caught.value)


def test_a_number_in_quotes_in_a_file_is_still_refused() -> None:
    with pytest.raises(ConfigError, match=r"'run\.seed': '7' has the wrong type"):
        normalise({**CONFIG, "run": {"seed": "7", "idle_timeout": "5"}}, "x", {"run": {"idle_timeout": "5"}})
