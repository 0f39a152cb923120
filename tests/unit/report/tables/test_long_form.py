"""scores.csv and scores.parquet: the same values, one a row."""

import csv

import pyarrow.parquet
import pytest
from results_by_hand import ResultsByHand, edit, item

from snakedit.core.records import Edit, Score


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "bench")


def rows(folder):
    with open(folder / "scores.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_value_is_a_row_with_what_it_belongs_to(hand):
    said = Score("a,\n1", "ok", values={"m": 4.5, "k": None}, spread={"m": 0.25}, score=4.5)
    images = {"image_sha256s": ["ab" * 32]}
    hand.add("物理", [item("a,\n1", "物理", **images)], {"tiny": [edit("a,\n1")]}, {("vl", "tiny"): [said]})
    found = [row for row in rows(hand.build()) if row["editor"] == "tiny"]
    same = {"benchmark": "bench", "judge": "vl", "editor": "tiny", "category": "物理", "item": "a,\n1"}
    same |= {"source": "ab" * 8, "status": "ok"}
    assert found == [
        {**same, "metric": "m", "value": "4.5", "spread": "0.25"},
        {**same, "metric": "k", "value": "", "spread": ""},
        {**same, "metric": "score", "value": "4.5", "spread": ""},
    ]


def test_a_missing_value_is_a_row_that_says_why(hand):
    items = [item(name, "c") for name in ("failed", "unread", "unknown")]
    edits = [Edit("failed", "failed", error="x"), edit("unread"), edit("unknown")]
    scores = [Score("failed", "no_edit"), Score("unread", "unparsed", error="x")]
    hand.add("c", items, {"tiny": edits}, {("vl", "tiny"): scores})
    found = {row["item"]: row for row in rows(hand.build()) if row["editor"] == "tiny"}
    assert {name: row["status"] for name, row in found.items()} == {
        "failed": "no_edit",
        "unread": "unparsed",
        "unknown": "missing",
    }
    assert {row["value"] for row in found.values()} == {""}


def test_a_metric_that_is_not_asked_of_an_item_has_no_row(hand):
    scores = [
        Score("a", "ok", values={"m": 1.0, "k": 2.0}, score=1.0),
        Score("b", "ok", values={"m": 1.0}, score=1.0),
    ]
    names = ("a", "b")
    hand.add("c", [item(n, "c") for n in names], {"tiny": [edit(n) for n in names]}, {("vl", "tiny"): scores})
    found = [(row["item"], row["metric"]) for row in rows(hand.build()) if row["editor"] == "tiny"]
    assert ("a", "k") in found
    assert ("b", "k") not in found


def test_both_files_hold_the_same(hand):
    hand.add_scored("c", tiny=[1 / 3, None, 2.0], blank=[0.1, 0.2, 0.3])
    hand.add_scored("物理", tiny=[7.0], blank=[None])
    folder = hand.build()
    table = pyarrow.parquet.read_table(folder / "scores.parquet").to_pylist()
    found = rows(folder)
    assert len(found) == 4 * 2 * 3
    assert [row["value"] and float(row["value"]) for row in found] == [
        "" if row["value"] is None else row["value"] for row in table
    ]
    assert [row["item"] for row in found] == [row["item"] for row in table]
