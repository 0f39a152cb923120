"""What the report says of the first place: adversarial reports, and each sentence on both sides."""

import numpy as np
import pytest
from judges_by_hand import concluded

from snakedit.report.data.leaderboard import LeaderboardRow, MetricTable, Standing
from snakedit.report.data.verdicts.leads import lead, partial_totals
from snakedit.stats.paired import paired_comparisons
from snakedit.stats.summaries import Summary

NONE = None
WAVE = [3, 5, 4, 6, 2, 7] * 5
HIGHER = [score + 2 for score in WAVE]
JITTERED = [score + (1 if place % 2 else -1) + (place == 0) for place, score in enumerate(WAVE)]
NEAR = [score + (1 if place % 2 else -1.1) for place, score in enumerate(HIGHER)]
FEW = "too few to compare a with b: whatever the scores, the corrected p could not be below"

# Name → scores by category and editor, and the sentence.
REPORTS = {
    "better everywhere": (
        {"x": {"a": HIGHER, "b": WAVE}},
        "a is ahead of every other editor by more than chance would explain.",
    ),
    "noise": (
        {"x": {"a": JITTERED, "b": WAVE}},
        "a has the highest mean, but chance could explain its lead over every other editor.",
    ),
    "the hardest items missing, the others equal": (
        {"x": {"a": [9] * 20 + [NONE] * 30, "b": [9] * 20 + [1] * 30}},
        "a and b are equal on the items that both have. Scores are missing (coverage: a 40 %, b 100 %); if "
        "they "
        "counted as the worst, the order would be: b, a.",
    ),
    "the hardest items missing, the others better": (
        {"x": {"a": [9] * 20 + [NONE] * 30, "b": [5, 6] * 10 + [4] * 30}},
        "a has the highest mean. Scores are missing (coverage: a 40 %, b 100 %); if they counted as the "
        "worst, "
        "the order would be: b, a. a’s lead over b is not certain then.",
    ),
    "a few missing, and a lead that survives it": (
        {"x": {"a": [NONE] * 3 + [9] * 27, "b": [3, 4, 5] * 10}},
        "a is ahead of every other editor by more than chance would explain. Scores are missing (coverage: a "
        "90 %, b 100 %); if they counted as the worst, the order would be: a, b.",
    ),
    "missing on both alike": (
        {"x": {"a": [NONE] * 3 + HIGHER[3:], "b": [NONE] * 3 + WAVE[3:]}},
        "a is ahead of every other editor by more than chance would explain. Scores are missing (coverage: a "
        "90 %, b 90 %); if they counted as the worst, the order would be: a, b.",
    ),
    "few missing on one side": (
        {"x": {"a": [NONE, *HIGHER[1:]], "b": WAVE}},
        "a is ahead of every other editor by more than chance would explain.",
    ),
    "constant": ({"x": {"a": [5] * 30, "b": [5] * 30}}, "a and b have the same mean: every editor has it."),
    "identical": ({"x": {"a": WAVE, "b": WAVE}}, "a and b have the same mean: every editor has it."),
    "equal means of unlike scores": (
        {"x": {"a": [1, 9] * 10, "b": [9, 1] * 10, "c": [4, 5] * 10}},
        "a and b have the same mean, the highest. Chance could explain a’s lead over c.",
    ),
    "one item": (
        {"x": {"a": [9], "b": [1]}},
        f"a has the highest mean. 1 source image is {FEW} 1, and 0.05 is needed.",
    ),
    "four source images": (
        {"x": {"a": [9] * 4, "b": [1] * 4}},
        f"a has the highest mean. 4 source images are {FEW} 0.125, and 0.05 is needed.",
    ),
    "a category of one item": (
        {"x": {"a": HIGHER, "b": WAVE}, "y": {"a": [9], "b": [1]}},
        "a has the highest mean. By the scores there are, a is ahead of b, but a category with a single "
        "source "
        "image says too little of others.",
    ),
    "no common item": (
        {"x": {"a": [9] * 10 + [NONE] * 10, "b": [NONE] * 10 + [5] * 10}},
        "a has the highest mean. a was not compared with b: they have no item with a score in common. Scores "
        "are missing (coverage: a 50 %, b 50 %); if they counted as the worst, the order would be: a, b.",
    ),
    "a category refused to one": (
        {"x": {"a": HIGHER, "b": WAVE}, "y": {"a": [NONE] * 5, "b": [5] * 5}},
        "a has the highest mean. Scores are missing (coverage: a 85 %, b 100 %); if they counted as the "
        "worst, "
        "the order would be: b, a. a’s lead over b is not certain then.",
    ),
    "rare yes": (
        {"x": {"a": [10] + [0] * 29, "b": [0] * 30}},
        "a has the highest mean, but chance could explain its lead over every other editor.",
    ),
    "an editor that failed everywhere": (
        {"x": {"a": HIGHER, "b": WAVE, "c": [NONE] * 30}},
        "a is ahead of every other editor that has scores by more than chance would explain. c has no "
        "score and "
        "no place.",
    ),
    "one editor with scores": (
        {"x": {"a": [5] * 10, "b": [NONE] * 10}},
        "Only a has scores, so nothing was compared. b has no score and no place.",
    ),
    "no score at all": (
        {"x": {"a": [NONE] * 10, "b": [NONE] * 10}},
        "No editor has a score, so nothing was compared.",
    ),
    "one editor": ({"x": {"a": WAVE}}, ""),
    "near one and far from another": (
        {"x": {"a": HIGHER, "b": NEAR, "c": WAVE}},
        "a has the highest mean. a is ahead of c by more than chance would explain. Chance could explain a’s "
        "lead over b.",
    ),
    "three that beat each other in a ring": (
        {
            "x": {
                "a": [9] * 20 + [NONE] * 20 + [1] * 20,
                "b": [1] * 20 + [9] * 20 + [NONE] * 20,
                "c": [NONE] * 20 + [1] * 20 + [9] * 20,
            }
        },
        "a, b and c have the same mean, each over its own items. On the items that both have, a is behind "
        "c by "
        "more than chance would explain. Scores are missing (coverage: a 66 %, b 66 %, c 66 %); if they "
        "counted "
        "as the worst, the order would be: a = b = c. a’s lead over b is not certain then.",
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_gets_the_sentence_that_is_true_of_it(tmp_path, name):
    categories, sentence = REPORTS[name]
    editors = {editor: {"type": "simulated"} for editor in categories["x"]}
    assert concluded(tmp_path, categories, editors)[0] == sentence


def test_the_sentence_does_not_depend_on_the_order_of_the_editors(tmp_path):
    simulated = {"type": "simulated"}
    sentence, _ = concluded(tmp_path, {"x": {"b": WAVE, "a": HIGHER}}, {"b": simulated, "a": simulated})
    assert sentence == REPORTS["better everywhere"][1]


def test_controls_take_no_part_in_the_lead(tmp_path):
    editors = {"a": {"type": "simulated"}, "b": {"type": "simulated"}, "reference": {"type": "reference"}}
    scores = {"x": {"a": HIGHER, "b": WAVE, "reference": [10] * 30}}
    assert concluded(tmp_path, scores, editors)[0] == REPORTS["better everywhere"][1]


def test_on_a_scale_that_is_not_known_missing_scores_leave_no_lead():
    scores = {"a": np.array([np.nan] * 3 + HIGHER[3:]), "b": np.array(WAVE, float)}
    standings = [
        Standing(name, {"macro": LeaderboardRow("vl", name, "macro", "", "score", Summary(30, n, mean))}, {})
        for name, n, mean in (("a", 27, 6.5), ("b", 30, 4.5))
    ]
    table = MetricTable("score", ["macro"], [], standings)
    pairs = paired_comparisons(scores, np.zeros(30, np.int64), np.arange(30))
    assert lead(table, pairs, [], ()) == (
        "a has the highest mean. Scores are missing (coverage: a 90 %, b 100 %), and what they would "
        "change is "
        "not known. a’s lead over b is not certain then."
    )


@pytest.mark.parametrize(("scored", "warned"), [((5, 5), 0), ((5, 0), 1), ((0, 0), 0)])
def test_a_total_over_some_of_the_categories_is_warned_of(scored, warned):
    rows = {
        str(number): LeaderboardRow("vl", "a", "category", str(number), "score", Summary(5, n, n or None))
        for number, n in enumerate(scored)
    }
    table = MetricTable("score", ["macro"], list(rows), [Standing("a", {}, rows)])
    assert len(partial_totals("vl", table)) == warned
