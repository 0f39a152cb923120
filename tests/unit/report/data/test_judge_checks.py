"""What a judge's scores are compared with: controls, and people's ratings."""

import pytest
from judges_by_hand import EDITORS, GOOD, HUMAN_RATINGS, WITHOUT_REFERENCE, checked, the

from snakedit.report.data.judge_checks import ALL_CONTROLS, HUMAN
from snakedit.stats.agreement import Pairs, kendall, pairs, spearman


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


def test_people_are_compared_editor_by_editor_and_within_each_item(tmp_path):
    scores = {**GOOD, "tiny": [2, 4, 6, 8], "identity": [1, 3, None, 8]}
    _, _, checks = checked(tmp_path, {"a": scores}, human=HUMAN_RATINGS)
    tiny = the(checks, against=HUMAN, editor="tiny")
    assert (tiny.level, tiny.n, tiny.missing) == ("editor", 4, 0)
    assert (tiny.spearman.value, tiny.kendall) == (pytest.approx(1.0), pytest.approx(1.0))
    assert tiny.pairs == Pairs(agree=6)
    identity = the(checks, against=HUMAN, editor="identity")
    assert (identity.n, identity.missing) == (3, 1)
    assert identity.pairs == Pairs(agree=2, tied_human=1)
    # Within items: 2 > 1 against 1 < 2; 4 > 3 against a tie; 8 = 8 against 4 > 3.
    within = the(checks, against=HUMAN, level="item")
    assert (within.n, within.missing) == (6, 1)
    assert within.pairs == Pairs(disagree=1, tied_human=1, tied_judge=1)
    assert within.pairs.accuracy == 0.0
    assert (within.spearman, within.kendall) == (None, None)
    mean = the(checks, against=HUMAN, level="mean")
    assert identity.spearman.value < mean.spearman.value < 1.0
    assert (mean.n, mean.kendall, mean.pairs) == (7, None, Pairs())


def test_one_row_has_one_population(tmp_path):
    scores = {**GOOD, "tiny": [2, 4, 6, 8], "identity": [1, 3, None, 8]}
    _, _, checks = checked(tmp_path, {"a": scores}, human=HUMAN_RATINGS)
    total = the(checks, against=HUMAN, level="all")
    # Edits of both editors, the one without a score left out: 2, 4, 6, 8 and 1, 3, 8.
    judge, human = [2, 4, 6, 8, 1, 3, 8], [1, 2, 3, 4, 2, 2, 3]
    assert (total.n, total.missing, total.sources) == (7, 1, 4)
    assert total.spearman == spearman(judge, human, 4)
    assert total.kendall == pytest.approx(kendall(judge, human))
    assert total.pairs == pairs(judge, human)


def test_a_benchmark_without_ratings_says_nothing_of_people(tmp_path):
    _, _, checks = checked(tmp_path, {"a": GOOD})
    assert not [c for c in checks if c.against == HUMAN]
