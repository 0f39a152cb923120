"""Where nothing succeeded: what the top of a report says of it, and what it does not say."""

import csv
from pathlib import Path

import pytest
from results_by_hand import ResultsByHand, edit, item, planned_run, score

from snakedit.core.records import Edit, Score, write_records
from snakedit.report.data.gaps import Gaps, absent_controls

NAMES = ("a", "b")


def lost(name: str, error: str = "ImageError: cannot do this", fingerprint: str = "f") -> Edit:
    return Edit(name, "failed", error=error, fingerprint=fingerprint)


def said(root: Path, *categories: dict[str, str]) -> list[str]:
    """The sentences for categories given as ``editor`` or ``judge/editor`` → a letter for each item.

    Letters: o ok, f failed, r refused, u unparsed, m missing. What is not given is ok.
    """
    hand = ResultsByHand(root, ("one", "two"), ("vl", "other"))
    for number, given in enumerate(categories):
        edits, scores = {}, {}
        for editor in hand.editors:
            letters = zip(NAMES, given.get(editor, "oo"), strict=True)
            edits[editor] = [edit(n) if letter == "o" else lost(n) for n, letter in letters if letter != "m"]
            for judge in hand.judges:
                letters = zip(NAMES, given.get(f"{judge}/{editor}", "oo"), strict=True)
                scores[judge, editor] = [_score(n, letter) for n, letter in letters if letter != "m"]
        hand.add(f"c{number}", [item(n, f"c{number}") for n in NAMES], edits, scores)
    gaps = Gaps(hand.editors, hand.judges)
    for category in hand.read():
        gaps.add(category)
    return gaps.sentences()


def _score(name: str, letter: str) -> Score:
    if letter == "o":
        return score(name, 5.0)
    status = {"r": "refused", "u": "unparsed", "f": "failed"}[letter]
    return Score(name, status, error="why")


def test_nothing_is_said_where_something_succeeded(tmp_path):
    assert said(tmp_path, {"one": "of", "vl/one": "of", "vl/two": "ur"}, {"vl/two": "or"}) == [
        "The judge 'vl' gave no score to any edit by 'two' in 'c0': 1 could not be read, 1 refused."
    ]
    assert said(tmp_path / "all", {"one": "fo", "vl/one": "rr", "vl/two": "ro"})[1:] == []


def test_what_is_still_missing_is_no_gap(tmp_path):
    assert said(tmp_path, {"one": "mm", "two": "fm", "vl/two": "um", "other/two": "mm"}) == []


@pytest.mark.parametrize(
    ("categories", "sentences"),
    [
        (
            [{"one": "ff"}, {"one": "ff"}],
            ["The editor 'one' made no edit in any category: 4 items failed (ImageError: cannot do this)."],
        ),
        (
            [{"one": "ff"}, {}],
            ["The editor 'one' made no edit in 'c0': 2 items failed (ImageError: cannot do this)."],
        ),
        (
            [{"vl/one": "uu", "vl/two": "ur"}] * 2,
            ["The judge 'vl' gave no score to any edit: 6 could not be read, 2 refused."],
        ),
        (
            [{"vl/one": "rr", "vl/two": "rr"}, {}],
            ["The judge 'vl' gave no score to any edit in 'c0': 4 refused."],
        ),
        (
            [{"vl/one": "rr"}, {"vl/one": "rr"}],
            ["The judge 'vl' gave no score to any edit by 'one': 4 refused."],
        ),
        # A judge is not blamed for edits that are not there.
        (
            [{"one": "ff", "vl/one": "mm", "vl/two": "rr"}, {}],
            [
                "The editor 'one' made no edit in 'c0': 2 items failed (ImageError: cannot do this).",
                "The judge 'vl' gave no score to any edit in 'c0': 2 refused.",
            ],
        ),
    ],
)
def test_each_gap_is_said_once_at_its_widest(tmp_path, categories, sentences):
    assert said(tmp_path, *categories) == sentences


def test_a_control_that_a_category_cannot_have_is_absent_and_another_editor_is_not(tmp_path):
    hand = ResultsByHand(tmp_path, ("reference", "files", "blank"), ("vl",))
    unplanned = [lost(name, fingerprint="") for name in NAMES]
    edits = {"reference": unplanned, "files": unplanned, "blank": [lost(name) for name in NAMES]}
    hand.add("c", [item(name, "c") for name in NAMES], edits, {})
    (category,) = hand.read()
    assert absent_controls(category, ["reference", "blank"]) == ["reference"]
    gaps = Gaps(hand.editors, hand.judges)
    gaps.add(category, ["reference"])
    assert [sentence.split("'")[1] for sentence in gaps.sentences()] == ["files", "blank"]


def test_an_absent_control_is_in_no_table_and_no_warning_of_that_category(tmp_path):
    editors = {
        "tiny": {"type": "simulated"},
        "reference": {"type": "reference"},
        "none": {"type": "reference"},
    }
    hand = ResultsByHand(tmp_path / "results" / "bench", tuple(editors))
    hand.add_scored("right", tiny=[5.0] * 8, reference=[9.0] * 8)
    names = [item.id for item in next(hand.read()).items]
    absent = [lost(name, fingerprint="") for name in names]
    write_records(hand.categories[0].edits["none"], absent)
    others = [f"free-{number}" for number in range(8)]
    unplanned = [lost(name, fingerprint="") for name in others]
    hand.add(
        "free",
        [item(name, "free") for name in others],
        {"tiny": [edit(name) for name in others], "reference": unplanned, "none": unplanned},
        {("vl", "tiny"): [score(name, 4.0) for name in others]},
    )
    folder = hand.build(planned_run(editors))
    rows = list(csv.DictReader((folder / "leaderboard.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["editor"] for row in rows} == {"tiny", "reference"}
    reference = [row for row in rows if row["editor"] == "reference"]
    assert "free" not in {row["category"] for row in reference}
    assert {(row["n"], row["coverage"]) for row in reference} == {("8", "1.0")}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "macro total of" not in page
    assert "Scores are missing" not in page
    assert "not made" in page
    assert "9.00 (8/8)" in (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert "none" not in (folder / "comparisons.csv").read_text(encoding="utf-8")
