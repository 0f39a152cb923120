import csv
from dataclasses import replace

import pytest
from places import REPOSITORY
from results_by_hand import ResultsByHand, configuration, edit, item, score

from snakedit.core.records import Score
from snakedit.report.data.how_made import Making
from snakedit.report.data.judge_checks import ALL_CONTROLS, HUMAN, judge_checks
from snakedit.report.pages.judge_views import COLUMNS, control_warnings, judge_views
from snakedit.stats.agreement import Pairs

EDITORS = {
    "tiny": {"type": "simulated"},
    "reference": {"type": "reference"},
    "identity": {"type": "identity"},
    "mixed": {"type": "shuffled"},
    "blank": {"type": "blank"},
}
WITHOUT_REFERENCE = {
    "tiny": {"type": "simulated"},
    "mixed": {"type": "shuffled", "params": {"of": "tiny"}},
    "identity": {"type": "identity"},
}


def checked(tmp_path, categories, editors=None, human=None):
    """Checks of one judge from scores: category → editor → a score an item; ratings by item."""
    editors = editors or EDITORS
    hand = ResultsByHand(tmp_path / "results" / "bench", tuple(editors))
    for category, scores in categories.items():
        count = len(next(iter(scores.values())))
        names = [f"{category}-{i}" for i in range(count)]
        items = [item(name, category, human=(human or {}).get(name)) for name in names]
        # Every item has a source image of its own.
        items = [replace(each, image_sha256s=[each.id]) for each in items]
        hand.add(
            category,
            items,
            {editor: [edit(i.id) for i in items] for editor in scores},
            {
                ("vl", editor): [score(i.id, value) for i, value in zip(items, values, strict=True)]
                for editor, values in scores.items()
            },
        )
    config = configuration(editors)
    return hand, config, judge_checks(config, hand.numbers())


def the(checks, **wanted):
    """The one check with these fields."""
    (found,) = [c for c in checks if all(getattr(c, name) == value for name, value in wanted.items())]
    return found


GOOD = {
    "reference": [9, 8, 9, 7],
    "identity": [2, 3, 2, 8],
    "mixed": [1, 1, 2, 7],
    "blank": [0, 0, 0, 0],
    "tiny": [5, 5, 5, 5],
}


def test_each_control_is_compared_with_the_right_answer_by_category_and_over_all(tmp_path):
    _, _, checks = checked(tmp_path, {"a": GOOD, "b": {**GOOD, "blank": [0, 9, 9, 9]}})
    blank = the(checks, against="blank", level="category", category="a")
    assert (blank.right, blank.n, blank.missing) == ("reference", 4, 0)
    assert blank.auc.value == 1.0
    assert blank.pairs == Pairs(agree=4)
    assert the(checks, against="blank", level="category", category="b").auc.value < 0.5
    total = the(checks, against="blank", level="all")
    assert total.n == 8
    assert total.pairs == Pairs(agree=5, disagree=2, tied_judge=1)
    assert total.pairs.accuracy == 5 / 8
    assert the(checks, against="identity", level="all").pairs == Pairs(agree=6, disagree=2)
    together = the(checks, against=ALL_CONTROLS, level="all")
    assert (together.right, together.n) == ("reference", 24)
    assert together.pairs.agree == 5 + 6 + 6
    # An editor that is no control is in none of them.
    assert {c.against for c in checks} == {"blank", "identity", "mixed", ALL_CONTROLS}


def test_without_a_reference_an_edit_is_compared_with_another_items_edit_by_the_same_editor(tmp_path):
    scores = {"tiny": [5, 6, 7], "mixed": [1, 2, 7], "identity": [9, 9, 9]}
    _, _, checks = checked(tmp_path, {"a": scores}, WITHOUT_REFERENCE)
    assert {(c.right, c.against) for c in checks} == {("tiny", "mixed")}
    assert the(checks, level="all").pairs == Pairs(agree=2, tied_judge=1)


def test_a_reference_without_a_score_is_none(tmp_path):
    scores = {**{editor: [5, 6] for editor in EDITORS}, "reference": [None, None]}
    editors = {**EDITORS, "mixed": {"type": "shuffled", "params": {"of": "tiny"}}}
    _, _, checks = checked(tmp_path, {"a": scores}, editors)
    assert {(c.right, c.against) for c in checks} == {("tiny", "mixed")}


def test_an_item_that_lacks_a_score_is_counted_and_compared_with_none(tmp_path):
    scores = {**GOOD, "identity": [2, None, 2, 2], "reference": [9, 9, None, 9]}
    _, _, checks = checked(tmp_path, {"a": scores})
    found = the(checks, against="identity", level="all")
    assert (found.n, found.missing) == (2, 2)
    assert the(checks, against="blank", level="all").missing == 1


def test_a_judge_that_does_not_tell_a_control_apart_is_warned_of_where_the_report_opens(tmp_path):
    blind = {**GOOD, "identity": [9, 8, 9, 7], "blank": [9, 9, 9, 9]}
    hand, config, checks = checked(tmp_path, {"a": blind})
    (warning,) = control_warnings(checks, 0.8)
    assert warning.startswith(
        "Do not rely on 'vl' here. It does not tell 'reference' from 'identity' (0.50, "
    )
    assert "'reference' from 'blank' (0.25, " in warning
    assert "'mixed'" not in warning
    assert "below 0.8 (report.min_control_auc)" in warning
    assert control_warnings(checks, 0.1) == []

    output = hand.build(config) / "index.html"
    page = output.read_text(encoding="utf-8")
    assert page.index("Do not rely on") < page.index("<main") < page.index("Can the judge be believed?")
    assert page.index("Can the judge be believed?") < page.index("Leaderboard</h2>")
    assert "Do not rely on" in (output.parent / "leaderboard.md").read_text(encoding="utf-8")


def test_a_judge_that_tells_them_apart_is_not_warned_of(tmp_path):
    _, _, checks = checked(tmp_path, {"a": {**GOOD, "identity": [1, 1, 1, 1], "mixed": [1, 1, 1, 1]}})
    assert control_warnings(checks, 0.8) == []


def test_a_control_that_nothing_was_compared_with_is_not_among_those_told_apart(tmp_path):
    scores = {**GOOD, "identity": [1, 1, 1, 1], "mixed": [None] * 4}
    hand, config, _ = checked(tmp_path, {"a": scores})
    page = (hand.build(config) / "index.html").read_text(encoding="utf-8")
    assert "vl tells every control that could be compared (not mixed) from a right answer" in page


def test_without_controls_the_page_says_that_nothing_is_known(tmp_path):
    hand, config, checks = checked(tmp_path, {"a": {"tiny": [5]}}, {"tiny": {"type": "simulated"}})
    assert checks == []
    output = hand.build(config) / "index.html"
    assert "Not known: there is no control" in output.read_text(encoding="utf-8")
    assert (output.parent / "judges.csv").read_text().splitlines() == [
        "benchmark,judge,against,right,level,category,editor,n,missing,auc,ci_low,ci_high,agree,disagree,"
        "tied_judge,tied_human,tied_both,accuracy,spearman,kendall_tau_b"
    ]


HUMAN_RATINGS = {
    "a-0": {"tiny": 1, "identity": 2},
    "a-1": {"tiny": 2, "identity": 2},
    "a-2": {"tiny": 3, "identity": 4},
    "a-3": {"tiny": 4, "identity": 3, "stranger": 5},
}


def test_people_are_compared_editor_by_editor_and_within_each_item(tmp_path):
    scores = {**GOOD, "tiny": [2, 4, 6, 8], "identity": [1, 3, None, 8]}
    _, _, checks = checked(tmp_path, {"a": scores}, human=HUMAN_RATINGS)
    tiny = the(checks, against=HUMAN, editor="tiny")
    assert (tiny.level, tiny.n, tiny.missing) == ("editor", 4, 0)
    assert (tiny.spearman, tiny.kendall) == (pytest.approx(1.0), pytest.approx(1.0))
    assert tiny.pairs == Pairs(agree=6)
    identity = the(checks, against=HUMAN, editor="identity")
    assert (identity.n, identity.missing) == (3, 1)
    assert identity.pairs == Pairs(agree=2, tied_human=1)
    total = the(checks, against=HUMAN, level="all")
    assert (total.n, total.missing) == (7, 1)
    # Within items: 2 > 1 against 1 < 2; 4 > 3 against a tie; 8 = 8 against 4 > 3.
    assert total.pairs == Pairs(disagree=1, tied_human=1, tied_judge=1)
    assert total.pairs.accuracy == 0.0
    assert total.spearman is not None
    assert identity.spearman < total.spearman < 1.0


def test_a_benchmark_without_ratings_says_nothing_of_people(tmp_path):
    _, _, checks = checked(tmp_path, {"a": GOOD})
    assert not [c for c in checks if c.against == HUMAN]


def test_the_table_has_a_row_a_check_and_empty_fields_for_what_does_not_exist(tmp_path):
    hand, config, checks = checked(tmp_path, {"a": GOOD}, human=HUMAN_RATINGS)
    output = hand.build(config) / "index.html"
    with open(output.parent / "judges.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(checks)
    blank = next(row for row in rows if row["against"] == "blank" and row["level"] == "all")
    assert (blank["benchmark"], blank["judge"], blank["right"]) == ("bench", "vl", "reference")
    assert (float(blank["auc"]), blank["agree"], blank["spearman"]) == (1.0, "4", "")
    human = next(row for row in rows if row["against"] == "human" and row["editor"] == "tiny")
    assert (human["auc"], human["right"]) == ("", "")
    assert human["spearman"] == ""  # It gave every edit a 5.
    assert human["tied_judge"] == "6"
    page = output.read_text(encoding="utf-8")
    assert "Against people’s ratings" in page


def test_the_columns_are_explained():
    text = (REPOSITORY / "config" / "README.md").read_text(encoding="utf-8")
    section = text[text.index("`judges.csv`") :]
    assert all(f"`{column}`" in section for column in COLUMNS)


def test_what_a_server_was_asked_is_summed(tmp_path):
    hand = ResultsByHand(tmp_path / "results" / "bench", ("tiny",))
    scores = [
        Score("a", "ok", values={"v": 1}, score=1, tokens=100, requests=4),
        Score("b", "failed", tokens=None, requests=6),
    ]
    items = [item("a", "c"), item("b", "c")]
    hand.add("c", items, {"tiny": [edit("a"), edit("b")]}, {("vl", "tiny"): scores})
    config = configuration({"tiny": {"type": "simulated"}})
    numbers, making = hand.numbers(), Making.of(["tiny"], ["vl"])
    for category in hand.read():
        making.add(category)
    (view,) = judge_views(numbers, judge_checks(config, numbers), making, 0.8)
    assert (view.tokens, view.requests) == (100, 10)
