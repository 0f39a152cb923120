"""leaderboard.md: aligned, and any text stays text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_by_hand import ResultsByHand, planned_run

from snakedit.report.tables.markdown import aligned, escape_markdown


def test_markdown_has_the_headline_first_and_its_columns_aligned(tmp_path):
    hand = ResultsByHand(tmp_path / "bench")
    hand.add_scored("物理", tiny=[8.0, 6.0], blank=[0.0, 0.0])
    hand.add_scored("b|c", tiny=[1.0], blank=[None])
    folder = hand.build(planned_run(headline="micro"))
    lines = (folder / "leaderboard.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table == [
        "| editor |      micro |      macro |       物理 |       b\\|c |",
        "| ------ | ---------: | ---------: | ---------: | ---------: |",
        "| tiny   | 5.00 (3/3) | 4.00 (3/3) | 7.00 (2/2) | 1.00 (1/1) |",
        "| blank  | 0.00 (2/3) | 0.00 (2/3) | 0.00 (2/2) |    – (0/1) |",
    ]


@given(st.text())
def test_a_strangers_text_is_one_line_of_markdown_without_a_live_tag_or_column(text):
    shown = escape_markdown(text)
    assert len(shown.splitlines()) <= 1
    assert "<" not in shown
    assert not re.search(r"(?<!\\)(\\\\)*\|", shown)
    assert len(aligned([["a", shown], ["b", "c"]]).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [("_x_", "\\_x\\_"), ("__init__", "\\_\\_init\\_\\_"), ("edit_category", "edit_category")],
)
def test_an_underscore_makes_nothing_italic_in_markdown(text, shown):
    assert escape_markdown(text) == shown
