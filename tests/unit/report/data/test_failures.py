"""Failures: each reason once, where it arose, and the most frequent causes first."""

import pytest
from results_by_hand import ResultsByHand, edit, item, score

from snakedit.core.atomic import write_whole
from snakedit.core.records import Edit, Score
from snakedit.report.data.failures import Causes, Failure, failures


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def failures_of(hand):
    return [f for category in hand.read() for f in failures(category, hand.editors, hand.judges)]


def test_a_row_left_out_before_it_had_an_id_is_named_by_its_number(hand):
    files = hand.add_scored("c", tiny=[1.0], blank=[1.0])
    write_whole(files.items.with_name("excluded.jsonl"), ['{"row": 3, "id": null, "error": "no id"}\n'])
    assert [(f.item, f.stage) for f in failures_of(hand)] == [("row 3", "prepare")]


def test_failures_are_counted_by_the_first_line_of_their_error():
    failed = [
        Failure("c", "1", "edit", "failed", "no such image", "blank"),
        Failure("c", "2", "edit", "failed", "out of memory\n2.00 GiB", "tiny"),
        Failure("d", "3", "edit", "failed", "out of memory\n4.00 GiB", "tiny"),
    ]
    causes = Causes()
    for failure in failed:
        causes.add(failure)
    assert causes.total == 3
    assert [(c.count, c.first.editor, c.reason) for c in causes.most_frequent()] == [
        (2, "tiny", "out of memory"),
        (1, "blank", "no such image"),
    ]


def test_each_item_without_a_score_is_listed_once_where_its_cause_lies(hand):
    items = [item(name, "c") for name in ("good", "failed", "unread", "refused", "no score", "no edit")]
    edits = [edit("good"), Edit("failed", "failed", error="out of memory")]
    edits += [edit(name) for name in ("unread", "refused", "no score")]
    scores = [
        score("good", 4.0),
        Score("failed", "no_edit"),
        score("unread", None),
        Score("refused", "refused", error="content filter"),
    ]
    hand.add("c", items, {"tiny": edits}, {("vl", "tiny"): scores})
    tiny = [f for f in failures_of(hand) if f.editor == "tiny"]
    assert [(f.item, f.stage, f.status, f.judge, f.error) for f in tiny] == [
        ("failed", "edit", "failed", "", "out of memory"),
        ("unread", "score", "unparsed", "vl", "no number"),
        ("refused", "score", "refused", "vl", "content filter"),
        ("no score", "score", "missing", "vl", "no record of a score"),
        ("no edit", "edit", "missing", "", "no record of an edit"),
    ]
