import pytest
from runs_by_hand import run_of

from snakedit.core.errors import RecordError, StageError
from snakedit.speed.comparison.build_comparison import build_comparison


@pytest.fixture
def config():
    return run_of(
        {
            "benchmarks": {"b": {"format": "base64_json", "path": "x"}},
            "editors": {"m": {"type": "simulated"}},
            "judges": {"j": {"type": "simulated"}},
        }
    ).config


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"editor": 1}'])
def test_a_damaged_measurement_is_one_line_with_what_to_do(config, tmp_path, text):
    path = tmp_path / "serial.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=r"is no measurement of the serial side.*remove it and run again"):
        build_comparison(config, "b", [path], tmp_path / "speed" / "index.html")


def test_without_an_editor_on_this_machine_there_is_nothing_to_compare(config, tmp_path):
    with pytest.raises(StageError, match="nothing to compare"):
        build_comparison(config, "b", [], tmp_path / "speed" / "index.html")
