"""What the report says of a judge, on both sides of each condition."""

import pytest
from judges_by_hand import GOOD, checked, concluded

from snakedit.report.data.verdicts.judges import control_warnings, judge_verdict, rating_warnings

EDITORS = {
    "a": {"type": "simulated"},
    "reference": {"type": "reference"},
    "identity": {"type": "identity"},
    "blank": {"type": "blank"},
}
TOO_FEW = "too few to say whether identity is told from a right answer"

# Name → the scores of right answers and of the source unchanged, and the sentence.
JUDGES = {
    "tells them apart": (
        [9] * 30,
        [1] * 30,
        "vl tells every control that could be compared (not blank) from a right answer: the lowest AUC is "
        "1.00.",
    ),
    "blind": ([5] * 30, [5] * 30, "vl does not tell identity from a right answer. Do not rely on it."),
    "inverted": ([1] * 30, [9] * 30, "vl scores identity above a right answer. Do not rely on it."),
    "better than chance, below the minimum": (
        [5, 7] * 100,
        [4, 6] * 100,
        "vl does not tell identity from a right answer. Do not rely on it.",
    ),
    "blind on few items": (
        [5, 6, 5],
        [5, 6, 5],
        "vl was not shown to tell identity from a right answer. Do not rely on it.",
    ),
    "one item": ([9], [1], f"Not known: 1 item with both scores is {TOO_FEW} (AUC 1.00, 0.21 to 1.00)."),
    "49 of 50 refused": (
        [9] * 50,
        [1] + [None] * 49,
        f"Not known: 1 of 50 items with both scores is {TOO_FEW} (AUC 1.00, 0.21 to 1.00).",
    ),
    "20 of 50 refused": (
        [9] * 50,
        [1] * 30 + [None] * 20,
        "Not known: vl tells the controls from a right answer on the items that have both scores "
        "(identity: 30 "
        "of 50), the lowest AUC being 1.00; the others could change that.",
    ),
    "2 of 50 refused": (
        [9] * 50,
        [1] * 48 + [None] * 2,
        "vl tells every control that could be compared (not blank) from a right answer: the lowest AUC is "
        "1.00.",
    ),
    "a high AUC by chance": (
        [9, 1, 5, 9],
        [1, 2, 3, 1],
        f"Not known: 4 items with both scores are {TOO_FEW} (AUC 0.81, 0.40 to 0.96).",
    ),
    "all refused": (
        [None] * 10,
        [None] * 10,
        "Not known: no item has a score of both its right answer and a control.",
    ),
}


@pytest.mark.parametrize("name", JUDGES)
def test_each_judge_gets_the_sentence_that_is_true_of_it(tmp_path, name):
    right, unchanged, sentence = JUDGES[name]
    scores = {"reference": right, "identity": unchanged, "blank": [None] * len(right)}
    assert concluded(tmp_path, {"x": scores}, EDITORS)[1] == sentence


def test_without_controls_or_with_people_alone_nothing_is_known(tmp_path):
    sentence = concluded(tmp_path, {"x": {"a": [5] * 30}}, {"a": {"type": "simulated"}})[1]
    assert sentence.startswith("Not known: there is no control whose right place is known. Add controls")


def test_a_control_that_nothing_was_compared_with_is_not_among_those_told_apart(tmp_path):
    scores = {"reference": [9] * 8, "identity": [1] * 8, "blank": [1] * 8}
    assert concluded(tmp_path, {"x": scores}, EDITORS)[1] == (
        "vl tells every control from a right answer: the lowest AUC is 1.00."
    )


def test_a_warning_names_each_control_that_is_not_told_apart_with_its_auc(tmp_path):
    blind = {**GOOD, "identity": [9, 8, 9, 7], "blank": [9, 9, 9, 9]}
    _, _, checks = checked(tmp_path, {"a": blind, "b": blind})
    (warning,) = control_warnings(checks, 0.8)
    assert warning.startswith(
        "Do not rely on 'vl' here. It does not tell 'reference' from 'identity' (0.50, "
    )
    assert "'reference' from 'blank' (0.25, " in warning
    assert "'mixed'" not in warning
    assert "below 0.8 (report.min_control_auc)" in warning
    assert control_warnings(checks, 0.1) == []


def test_a_warning_from_few_source_images_claims_no_more_than_that(tmp_path):
    _, _, checks = checked(tmp_path, {"a": {**GOOD, "identity": [9, 8, 9, 7], "mixed": [1, 1, 1, 1]}})
    (warning,) = control_warnings(checks, 0.8)
    assert warning.startswith(
        "Do not rely on 'vl' here. It was not shown to tell 'reference' from 'identity'"
    )


def test_a_judge_that_tells_them_apart_is_not_warned_of(tmp_path):
    _, _, checks = checked(tmp_path, {"a": {**GOOD, "identity": [1, 1, 1, 1], "mixed": [1, 1, 1, 1]}})
    assert control_warnings(checks, 0.8) == []


RISING = [1, 2, 3, 4, 5, 6, 7, 8] * 5
SHUFFLED = [5, 2, 7, 4, 1, 8, 3, 6] * 5
TOLD, BLIND = ([9] * 40, [1] * 40), ([5] * 40, [5] * 40)
BY_CONTROLS = (
    "vl tells every control that could be compared (not blank) from a right answer: the lowest AUC is 1.00."
)

# Name → the judge's scores of rated edits, people's ratings, scores of right answers and of the unchanged
# source; how the sentence begins and ends, whether the judge is believed, and whether ratings warn of it.
RATED = {
    "agrees, and controls hold": (
        *(RISING, RISING, TOLD),
        ("vl agrees with people’s ratings: Spearman’s ρ is 1.00 (", BY_CONTROLS, True, False),
    ),
    "agrees, and a control fails": (
        *(RISING, RISING, BLIND),
        ("vl agrees with people’s ratings:", "Do not rely on it.", False, False),
    ),
    "agrees, and controls say nothing": (
        *(RISING, RISING, ([None] * 40, [None] * 40)),
        (
            "vl agrees with people’s ratings:",
            "By its controls alone it is not known: no item has a score of both its right answer and a "
            "control.",
            *(True, False),
        ),
    ),
    "contradicts, though controls hold": (
        *(RISING, RISING[::-1], TOLD),
        ("vl contradicts people’s ratings: Spearman’s ρ is -1.00 (", BY_CONTROLS, False, True),
    ),
    "near zero": (
        *(RISING, SHUFFLED, TOLD),
        ("vl was not shown to agree with people’s ratings: Spearman’s ρ is ", BY_CONTROLS, False, True),
    ),
    "constant": (
        *([5] * 40, RISING, TOLD),
        (
            "vl gives the same score to 40 rated edits, whatever people’s ratings are. Do not rely on it.",
            *(BY_CONTROLS, False, True),
        ),
    ),
    "people rate all alike": (
        *(RISING, [4] * 40, TOLD),
        (
            "People’s ratings are all the same, so nothing follows from 40 rated edits.",
            BY_CONTROLS,
            True,
            False,
        ),
    ),
    "few, and positive": (
        *([1, 2, 4, 3, *[None] * 36], [1, 2, 3, 4, *[None] * 36], TOLD),
        (
            "Not known whether vl agrees with people’s ratings: Spearman’s ρ is 0.80 (",
            BY_CONTROLS,
            True,
            False,
        ),
    ),
    "two ratings": (
        *([1, 2, *[None] * 38], [1, 2, *[None] * 38], TOLD),
        ("Too few for a correlation of vl with people’s ratings: 2 rated edits.", BY_CONTROLS, True, False),
    ),
    "half of the rated edits refused": (
        *(RISING[:20] + [None] * 20, RISING, TOLD),
        (
            "vl agrees with people’s ratings where it has a score: Spearman’s ρ is 1.00 (",
            *(BY_CONTROLS, True, False),
        ),
    ),
}


@pytest.mark.parametrize("name", RATED)
def test_peoples_ratings_decide_where_there_are_any(tmp_path, name):
    scores, ratings, (right, unchanged), (start, end, believed, is_warned) = RATED[name]
    human = {f"x-{k}": {"a": rating} for k, rating in enumerate(ratings) if rating is not None}
    given = {"a": scores, "reference": right, "identity": unchanged, "blank": [None] * 40}
    _, _, checks = checked(tmp_path, {"x": given}, EDITORS, human)
    verdict = judge_verdict("vl", checks, 0.8)
    assert verdict.sentence.startswith(start)
    assert verdict.sentence.endswith(end)
    assert verdict.believed is believed
    warnings = rating_warnings(checks)
    assert len(warnings) == is_warned
    assert all(warning.startswith("Do not rely on 'vl' here. 'vl' ") for warning in warnings)
    assert all(warning.count("rely") == 1 for warning in warnings)


def test_ratings_alone_are_enough_to_believe_a_judge(tmp_path):
    human = {f"x-{k}": {"a": rating} for k, rating in enumerate(RISING)}
    hand, run, checks = checked(tmp_path, {"x": {"a": RISING}}, {"a": {"type": "simulated"}}, human)
    verdict = judge_verdict("vl", checks, 0.8, has_controls=False)
    assert verdict.believed
    assert verdict.sentence.startswith("vl agrees with people’s ratings: Spearman’s ρ is 1.00 (")
    assert verdict.sentence.endswith("over 40 rated edits.")
    assert verdict.sentence in (hand.build(run) / "index.html").read_text(encoding="utf-8")


def test_ratings_that_a_judge_contradicts_are_warned_of_where_the_report_opens(tmp_path):
    human = {f"x-{k}": {"a": -rating} for k, rating in enumerate(RISING)}
    hand, run, _ = checked(tmp_path, {"x": {"a": RISING}}, {"a": {"type": "simulated"}}, human)
    page = (hand.build(run) / "index.html").read_text(encoding="utf-8")
    assert page.index("Do not rely on") < page.index("<main")
    assert "contradicts people’s ratings" in page
    assert "all editors together" in page
