"""The leaderboard's numbers, worked out by hand."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from results_by_hand import ResultsByHand, edit, item, score

from snakedit.core.records import Edit, Score
from snakedit.report.data.leaderboard import comparisons, leaderboard, metric_table
from snakedit.report.data.numbers import CategoryNumbers, Numbers
from snakedit.stats.intervals import interval
from snakedit.stats.samples import ScoreSample


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def rows_of(hand):
    """(editor, level, category, metric) → its row."""
    rows = leaderboard(hand.numbers())
    keyed = {(row.editor, row.level, row.category, row.metric): row for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def numbers(row):
    summary = row.summary
    return summary.n, summary.scored, summary.coverage, summary.mean


def test_the_leaderboard_holds_the_numbers_worked_out_by_hand(hand):
    hand.add_scored("物理", tiny=[8.0, 6.0, None, 1.0], blank=[0.0, 0.0, 0.0, 0.0])
    hand.add_scored("环境", tiny=[9.0], blank=[None])
    rows = rows_of(hand)
    expected = {
        ("tiny", "category", "物理", "score"): (4, 3, 0.75, 5.0),
        ("tiny", "category", "环境", "score"): (1, 1, 1.0, 9.0),
        ("tiny", "macro", "", "score"): (5, 4, 0.8, 7.0),
        ("tiny", "micro", "", "score"): (5, 4, 0.8, 6.0),
        ("tiny", "category", "物理", "half"): (4, 3, 0.75, 2.5),
        ("tiny", "macro", "", "double"): (5, 4, 0.8, 14.0),
        ("blank", "category", "环境", "score"): (1, 0, 0.0, None),
        ("blank", "macro", "", "score"): (5, 4, 0.8, 0.0),
    }
    assert {key: numbers(rows[key]) for key in expected} == expected
    assert len(rows) == 2 * 3 * (2 + 2)


def test_failed_unread_and_missing_items_all_stay_in_n(hand):
    items = [item(name, "c") for name in ("good", "failed", "unread", "refused", "no score", "no edit")]
    hand.add(
        "c",
        items,
        {
            "tiny": [edit("good"), Edit("failed", "failed", error="out of memory")]
            + [edit(name) for name in ("unread", "refused", "no score")]
        },
        {
            ("vl", "tiny"): [
                score("good", 4.0),
                Score("failed", "no_edit"),
                score("unread", None),
                Score("refused", "refused", error="content filter"),
            ]
        },
    )
    rows = rows_of(hand)
    for level, category in (("category", "c"), ("macro", ""), ("micro", "")):
        assert numbers(rows["tiny", level, category, "score"])[:2] == (6, 1)
        assert numbers(rows["tiny", level, category, "half"])[3] == 2.0
        assert numbers(rows["blank", level, category, "score"]) == (6, 0, 0.0, None)


def test_a_metric_read_on_its_own_counts_though_the_items_score_could_not_be_made(hand):
    partial = Score("a", "unparsed", values={"half": 3.0, "double": None}, error="no number")
    hand.add("c", [item("a", "c")], {"tiny": [edit("a")]}, {("vl", "tiny"): [partial]})
    rows = rows_of(hand)
    assert numbers(rows["tiny", "micro", "", "half"]) == (1, 1, 1.0, 3.0)
    assert numbers(rows["tiny", "micro", "", "double"]) == (1, 0, 0.0, None)
    assert numbers(rows["tiny", "micro", "", "score"]) == (1, 0, 0.0, None)


def test_an_item_of_which_a_metric_is_not_asked_is_not_missing_from_it(hand):
    asked = Score("asked", "ok", values={"quality": 4.0, "knowledge": 2.0}, score=3.0)
    spared = Score("spared", "ok", values={"quality": 5.0}, score=5.0)
    names = ("asked", "spared")
    hand.add(
        "c",
        [item(name, "c") for name in names],
        {"tiny": [edit(name) for name in names], "blank": [edit(name) for name in names]},
        {
            ("vl", "tiny"): [asked, spared],
            ("vl", "blank"): [Score(name, "failed", error="x") for name in names],
        },
    )
    rows = rows_of(hand)
    assert numbers(rows["tiny", "category", "c", "knowledge"])[:3] == (1, 1, 1.0)
    assert numbers(rows["blank", "category", "c", "knowledge"])[:3] == (1, 0, 0.0)
    assert numbers(rows["blank", "category", "c", "quality"])[:3] == (2, 0, 0.0)


def test_a_category_without_items_has_a_row_and_no_mean(hand):
    hand.add("empty", [], {}, {})
    assert numbers(rows_of(hand)["tiny", "category", "empty", "score"]) == (0, 0, None, None)


def test_editors_are_ordered_by_the_headline_total_and_those_without_one_come_last(hand):
    hand.editors = ("none", "first", "second")
    hand.add_scored("a", none=[None], first=[9.0], second=[1.0])
    hand.add_scored("b", none=[None, None], first=[1.0, 1.0], second=[6.0, 6.0])
    rows = leaderboard(hand.numbers())

    def order(headline: str) -> list[str]:
        return [standing.editor for standing in metric_table(rows, "vl", "score", headline).standings]

    assert order("macro") == ["first", "second", "none"]
    assert order("micro") == ["second", "first", "none"]


def test_items_of_different_images_have_an_interval_and_those_of_one_image_have_none(hand):
    items = [replace(item(f"i{n}", "c"), image_sha256s=[f"{n:064}"]) for n in range(30)]
    values = [float(n % 7) for n in range(30)]
    scores = [score(i.id, value) for i, value in zip(items, values, strict=True)]
    edits = {"tiny": [edit(i.id) for i in items]}
    hand.add("c", items, edits, {(judge, "tiny"): scores for judge in hand.judges})
    rows = rows_of(hand)
    for level, name in (("category", "c"), ("macro", ""), ("micro", "")):
        summary = rows["tiny", level, name, "score"].summary
        low, high = interval(ScoreSample(np.array(values), np.zeros(30, np.int64), np.arange(30)))
        assert (summary.ci_low, summary.ci_high) == pytest.approx((low, high))
        assert low < summary.mean < high
    same = ResultsByHand(hand.root.parent / "same")
    same.add_scored("c", tiny=values)
    assert rows_of(same)["tiny", "macro", "", "score"].summary.ci_low is None


def test_missing_scores_at_the_ends_of_the_scale_stand_beside_the_mean(hand):
    hand.add_scored("a", tiny=[8.0, None], blank=[1.0, 1.0])
    hand.add_scored("b", tiny=[6.0], blank=[1.0])
    rows = {
        (row.editor, row.level): row
        for row in leaderboard(hand.numbers(), {"vl": {"score": (0.0, 10.0)}})
        if row.metric == "score" and not row.category
    }
    macro, micro = rows["tiny", "macro"], rows["tiny", "micro"]
    assert (macro.if_lowest, macro.summary.mean, macro.if_highest) == (5.0, 7.0, 7.5)
    assert (micro.if_lowest, micro.summary.mean, micro.if_highest) == (14 / 3, 7.0, 8.0)
    assert rows["blank", "macro"].if_lowest == rows["blank", "macro"].if_highest == 1.0


def test_a_hundred_thousand_items_are_aggregated_in_bounded_memory():
    drawn = np.random.default_rng(0)
    categories = tuple(
        CategoryNumbers(
            name=str(number),
            folder=str(number),
            clusters=np.arange(5000) // 2 + 5000 * number,
            values={("vl", editor, "score"): drawn.normal(5, 2, 5000) for editor in ("a", "b", "c", "d")},
            asked={},
            edited={},
            human={},
        )
        for number in range(20)
    )
    numbers = Numbers("bench", ("a", "b", "c", "d"), ("vl",), {"vl": ["score"]}, categories)
    tracemalloc.start()
    rows, pairs = leaderboard(numbers), comparisons(numbers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 4 * 22
    assert len(pairs["vl", "macro"]) == 6
    assert peak < 200 * 2**20
