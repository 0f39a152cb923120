"""leaderboard.tex: a table that compiles whatever names are used."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_by_hand import ResultsByHand

from snakedit.report.tables.latex import escape_latex


def test_the_table_has_editors_best_first_with_coverage_and_rank(tmp_path):
    hand = ResultsByHand(tmp_path / "bench", editors=("blank", "tiny"))
    hand.add_scored("c", blank=[1.0, 2.0], tiny=[7.0, None])
    text = (hand.build(notices=("50% demo",)) / "leaderboard.tex").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert lines[1:] == [
        r"tiny & 7.00 & 7.00 & 1/2 & 1 [1, 2] \\",
        r"blank & 1.50 & 1.50 & 2/2 & 2 [1, 2] \\",
    ]
    assert r"\textbf{50\% demo}" in text
    assert "% 50% demo" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a_b & c", r"a\_b \& c"), ("\\input{x}", r"\textbackslash{}input\{x\}"), ("物理\n2", "物理 2")],
)
def test_names_are_printed_and_not_run(text, expected):
    assert escape_latex(text) == expected


@given(st.text())
def test_no_text_leaves_its_cell_or_line(text):
    shown = escape_latex(text)
    assert len(shown.splitlines()) <= 1
    bare = re.sub(r"\\(text\w+\{\}|[{}$&#%_])", "", shown)
    assert not set(bare) & set("\\{}$&#%_^~<>")
