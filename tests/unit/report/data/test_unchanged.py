"""Counting edits that equal their source."""

from results_by_hand import ResultsByHand, edit, item

from snakedit.core.records import Edit
from snakedit.report.data.unchanged import LEAST_CHANGE, UnchangedEdits


def test_only_edits_whose_change_is_known_are_counted(tmp_path):
    hand = ResultsByHand(tmp_path, ("tiny", "blank"))
    names = list("abcde")
    edits = [
        edit("a", change=0.0),
        edit("b", change=LEAST_CHANGE / 2),
        edit("c", change=0.01),
        edit("d"),
        Edit("e", "failed", error="x"),
    ]
    hand.add("c", [item(name, "c") for name in names], {"tiny": edits}, {})
    counts = UnchangedEdits()
    for category in hand.read():
        counts.add(category)
    assert (counts.compared["tiny"], counts.equal["tiny"]) == (3, 2)
    assert counts.compared["blank"] == 0
