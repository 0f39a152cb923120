"""VIEScore's SC and PQ: beside the score in every table, from records that don't hold them."""

import csv
import dataclasses
import json

import pytest
from results_by_hand import ResultsByHand, edit, item, planned_run

from snakedit.core.records import Score
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.report.data.parts import with_parts_of_scores

NAMES = ("success", "overediting", "naturalness", "artefacts")


def answered(identifier, *numbers):
    values = dict(zip(NAMES, numbers, strict=True))
    score = load_rubric("viescore").score(values, item(identifier, "c"))
    return Score(identifier, "unparsed" if score is None else "ok", values=values, score=score)


@pytest.fixture
def results(tmp_path):
    """Two items of one editor, and a run whose judge has the rubric viescore."""
    run = planned_run()
    rubric = load_rubric("viescore").content()
    run.judges["vl"] = dataclasses.replace(run.judges["vl"], rubric=rubric, rubric_name="viescore")
    hand = ResultsByHand(tmp_path / "results" / "bench")
    scores = [answered("i0", 8, 6, 9, 7), answered("i1", 2, 10, 4, 5), answered("i2", 3, None, 8, 8)]
    names = [score.item for score in scores]
    edits = {editor: [edit(name) for name in names] for editor in hand.editors}
    refused = [Score(name, "refused", error="content filter") for name in names]
    hand.add(
        "c", [item(name, "c") for name in names], edits, {("vl", "tiny"): scores, ("vl", "blank"): refused}
    )
    return hand, run


def test_parts_are_the_lower_of_their_metrics_item_by_item(results):
    hand, run = results
    (category,) = hand.read()
    whole = with_parts_of_scores(category, {"vl": run.judges["vl"].to_rubric()})
    values = [score.values for score in whole.scores["vl", "tiny"].values()]
    assert [(v["SC"], v["PQ"]) for v in values] == [(6, 7), (2, 4), (None, 8)]
    assert whole.scores["vl", "blank"]["i0"].values == {}


def test_every_table_shows_them_beside_the_score(results):
    hand, run = results
    folder = hand.build(run)
    with open(folder / "leaderboard.csv", encoding="utf-8", newline="") as file:
        means = {(r["editor"], r["level"], r["metric"]): r for r in csv.DictReader(file)}
    sc, pq = (means["tiny", "macro", name] for name in ("SC", "PQ"))
    assert (float(sc["mean"]), sc["n"], sc["scored"]) == (4.0, "3", "2")
    assert float(pq["mean"]) == pytest.approx(19 / 3)
    # The bounds know the scale, 0 to 10.
    assert float(sc["mean_if_missing_highest"]) == 6.0
    markdown = (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert "| SC " in markdown.replace("  ", "")
    assert "6.33 (3/3)" in markdown
    latex = (folder / "leaderboard.tex").read_text(encoding="utf-8")
    assert "Editor & macro & micro & SC & PQ & coverage & rank" in latex
    (judge,) = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))["judges"]
    assert judge["editors"][0]["parts"]["SC"]["mean"] == 4.0
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.index("<bdi>SC</bdi></th>") < page.index('id="categories"')
    assert "6.33" in page
    with open(folder / "scores.csv", encoding="utf-8", newline="") as file:
        rows = {(r["editor"], r["item"], r["metric"]): r["value"] for r in csv.DictReader(file)}
    assert float(rows["tiny", "i0", "SC"]) == 6


def test_a_formula_without_parts_shows_none(results):
    hand, _ = results
    assert "SC" not in (hand.build(planned_run()) / "leaderboard.tex").read_text(encoding="utf-8")


def test_a_rubric_asks_no_more_for_its_parts():
    rubric = load_rubric("viescore")
    assert rubric.derived == ()
    assert rubric.scales()["SC"] == rubric.scales()["PQ"] == (0, 10)
    own = dataclasses.replace(rubric.metrics[0], name="SC")
    assert list(dataclasses.replace(rubric, metrics=(*rubric.metrics, own)).parts) == ["PQ"]
