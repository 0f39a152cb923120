import pytest

from snakedit.core.spreadsheet import cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "=", "-1\n=2"]
)
def test_what_a_spreadsheet_would_compute_has_an_apostrophe_before_it(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "物理", "a=1", "-1", "+0.5", "'=1", " =1", "1-1"])
def test_any_other_text_stays(text):
    assert cell(text) == text


@pytest.mark.parametrize("mark", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\ud800"])
def test_control_characters_do_not_reach_a_table(mark):
    assert cell(f"a{mark}[31mb") == "a�[31mb"
    assert cell("a\tb\nc\u200d物") == "a\tb\nc\u200d物"
