"""Which differences could be seen, and which editors do nothing: each sentence on both sides."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from judges_by_hand import checked
from results_by_hand import ResultsByHand, edit, item, planned_run, score

from snakedit.report.data.unchanged import UnchangedEdits
from snakedit.report.data.verdicts.differences import least_shown, not_above_the_source, unchanged_edits
from snakedit.stats.paired import paired_comparisons

NOISE = np.random.default_rng(0).normal(0, 1, (3, 40))
SCORES = {"a": 5 + NOISE[0], "b": 5 + NOISE[1], "identity": 5 + NOISE[2]}


def pairs_of(**scores):
    size = len(next(iter(scores.values())))
    arrays = {name: np.asarray(values, dtype=float) for name, values in scores.items()}
    return paired_comparisons(arrays, np.zeros(size, np.int64), np.arange(size), (0.0, 10.0), ("identity",))


def test_the_least_difference_stands_with_what_the_nearest_pair_needs():
    pairs = pairs_of(**SCORES)
    pair = next(p for p in pairs if (p.editor, p.against) == ("a", "b"))
    sentence = least_shown(pairs, ("identity",))
    assert sentence.startswith(
        "The least difference that these items could have shown with a power of 80 % is "
        f"{pair.least_difference:.2f}. The nearest pair, a and b, differs by "
    )
    needed = int(sentence.split("about ")[1].split(" like")[0].replace(",", ""))
    assert pair.items_needed <= needed < 1.1 * pair.items_needed
    assert "identity" not in sentence


def test_no_items_are_asked_for_where_editors_are_told_apart_or_equal():
    apart = least_shown(pairs_of(a=SCORES["a"] + 3, b=SCORES["b"]), ())
    assert "could have shown" in apart
    assert "nearest" not in apart
    assert least_shown(pairs_of(a=SCORES["a"], b=SCORES["a"]), ()) == ""


def test_nothing_is_said_of_one_editor_or_of_too_few_source_images():
    assert least_shown(pairs_of(a=SCORES["a"]), ()) == ""
    assert least_shown(pairs_of(a=[1, 2, 3, 4], b=[2, 1, 3, 5]), ()) == ""


def test_pairs_of_which_nothing_is_known_are_not_spoken_for():
    sentence = least_shown(pairs_of(a=SCORES["a"], b=SCORES["a"], c=SCORES["b"]), ())
    assert sentence.startswith("The least difference of 2 of 3 pairs that these items")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([0.0] * 20, "'tiny' does nothing: 20 of 20 of its edits equal their source by pixels."),
        ([0.0] * 19 + [0.2], "'tiny' does nothing: 19 of 20 of its edits equal their source by pixels."),
        ([0.0] * 5 + [0.2] * 15, "'tiny' did nothing in 5 of 20 edits, which equal their source by pixels."),
        ([0.0] + [0.2] * 19, None),
        ([0.0004] * 20, None),
        ([None] * 20, None),
    ],
)
def test_an_editor_whose_edits_equal_their_source_is_named(tmp_path, changes, sentence):
    hand = ResultsByHand(tmp_path / "results" / "bench", ("tiny", "identity"))
    names = [f"i{number}" for number in range(len(changes))]
    hand.add(
        "c",
        [item(name, "c") for name in names],
        {
            "tiny": [edit(name, change=change) for name, change in zip(names, changes, strict=True)],
            "identity": [edit(name, change=0.0) for name in names],
        },
        {("vl", editor): [score(name, 5.0) for name in names] for editor in hand.editors},
    )
    counts = UnchangedEdits()
    for category in hand.read():
        counts.add(category)
    expected = [sentence] if sentence else []
    assert unchanged_edits(counts, ("identity",)) == expected
    run = planned_run({"tiny": {"type": "simulated"}, "identity": {"type": "identity"}})
    page = (hand.build(run) / "index.html").read_text(encoding="utf-8")
    shown = "equal their source by pixels" in page
    assert shown == bool(sentence)


def test_an_editor_in_rank_with_the_unchanged_source_is_named():
    (sentence,) = not_above_the_source(
        {"vl": pairs_of(a=SCORES["a"], identity=SCORES["b"])}, ["identity"], ["identity"]
    )
    assert sentence.startswith(
        "By 'vl', 'a' is not told from doing nothing: it differs from the unchanged source"
    )
    assert "could have been shown with a power of 80 %." in sentence
    assert (
        not_above_the_source(
            {"vl": pairs_of(a=SCORES["a"] + 3, identity=SCORES["b"])}, ["identity"], ["identity"]
        )
        == []
    )


def test_whichever_comes_first_the_difference_is_that_of_the_editor():
    scores = {"identity": SCORES["b"], "a": SCORES["b"] + 0.3 * (NOISE[0] - NOISE[0].mean()) + 0.02}
    (sentence,) = not_above_the_source({"vl": pairs_of(**scores)}, ["identity"], ["identity"])
    assert "by +0.02 on 40 items" in sentence


def test_an_editor_with_the_very_scores_of_the_unchanged_source_does_nothing():
    pairs = {"vl": pairs_of(a=SCORES["b"], identity=SCORES["b"])}
    assert not_above_the_source(pairs, ["identity"], ["identity"]) == [
        "By 'vl', 'a' does nothing: on all 40 items it has the score of the unchanged source ('identity')."
    ]


def test_too_few_source_images_name_nobody():
    pairs = {"vl": pairs_of(a=[5, 5, 6], identity=[5, 6, 5])}
    assert not_above_the_source(pairs, ["identity"], ["identity"]) == []


def test_the_table_of_every_two_editors_holds_both_figures(tmp_path):
    editors = {name: {"type": "simulated"} for name in ("a", "b")}
    scores = {name: np.clip(np.round(SCORES[name], 1), 0, 10).tolist() for name in editors}
    hand, run, _ = checked(tmp_path, {"x": scores}, editors)
    folder = hand.build(run)
    rows = list(csv.DictReader((folder / "comparisons.csv").read_text(encoding="utf-8").splitlines()))
    (pair,) = paired_comparisons(
        {name: np.array(values) for name, values in scores.items()}, np.zeros(40, np.int64), np.arange(40)
    )
    assert float(rows[0]["least_difference"]) == pytest.approx(pair.least_difference)
    assert int(rows[0]["items_needed"]) == pair.items_needed
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert f"{pair.least_difference:.2f}</td>" in page
    assert "The nearest pair, a and b" in page
    assert replace(pair, least_difference=None).items_needed is None
