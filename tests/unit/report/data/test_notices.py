"""Notices: simulated and demo parts, mixtures, and totals that cannot be compared."""

import html

import pytest
from results_by_hand import ResultsByHand, edit, item, planned_run

NAMES = ("index.html", "gallery.html", "leaderboard.md")


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def shown(hand, run=None):
    """The text of both pages and of the Markdown."""
    folder = hand.build(run)
    return [html.unescape((folder / name).read_text(encoding="utf-8")) for name in NAMES]


def test_the_macro_total_says_when_it_is_not_over_all_categories(hand):
    hand.add_scored("a", tiny=[1.0], blank=[1.0])
    hand.add_scored("b", tiny=[1.0], blank=[None])
    front = shown(hand)[0]
    assert "The macro total of 'blank' by 'vl' is taken over 1 of 2 categories" in front
    assert "of 'tiny' by" not in front


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ({"device": "cuda:0"}, {"device": "cuda:5"}, None),
        ({"device": "cuda:0"}, {"device": "cpu"}, "Mixed in the edits of 'tiny': device cpu and cuda."),
        ({"versions": {"torch": "2.13.0"}}, {"versions": {"torch": "2.13.0"}}, None),
        ({"versions": {"torch": "2.13.0"}}, {"versions": {"torch": "2.12.1"}}, "torch 2.12.1 and 2.13.0"),
        ({"versions": {"processor": "A"}}, {"versions": {"processor": "B"}}, "processor A and B"),
    ],
)
def test_mixed_versions_or_processors_within_one_editor_are_reported(hand, first, second, says):
    hand.add("c", [item("a", "c"), item("b", "c")], {"tiny": [edit("a", **first), edit("b", **second)]}, {})
    text = shown(hand)[0]
    assert says in text if says else "Mixed in" not in text


def test_edits_with_the_seeds_of_their_rows_are_counted(hand):
    items = [item("a", "c", seed=7), item("b", "c", seed=2**32 + 9), item("d", "c")]
    edits = {
        "tiny": [edit("a", seed=7), edit("b", seed=9), edit("d", seed=7)],
        "blank": [edit("a", seed=8), edit("b"), edit("d")],
    }
    hand.add("c", items, edits, {})
    text = shown(hand)[0]
    assert "'tiny' used the rows' own seeds unchanged for 2 edits (run.row_seeds: as_is)." in text
    assert "'blank' used" not in text


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (planned_run(), None),
        (planned_run(judges={"vl": {"type": "simulated"}}), "Simulated judge: 'vl'"),
        (
            planned_run(editors={"tiny": {"type": "simulated"}, "blank": {"type": "blank"}}),
            "Simulated editor: 'tiny'",
        ),
        (planned_run(devices={"kind": "simulated"}), "Simulated devices"),
    ],
)
def test_every_page_with_simulated_parts_says_so(hand, run, says):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    texts = shown(hand, run)
    assert all(says in text if says else "Simulated" not in text for text in texts)


@pytest.mark.parametrize(
    ("model", "is_demo"), [("results/.demo/vl", True), ("results/vl", False), (None, False)]
)
def test_scores_of_a_judge_with_random_weights_are_said_to_mean_nothing(hand, model, is_demo):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    texts = shown(hand, planned_run(judges={"vl": {"type": "qwen3_vl", "model": model}}))
    says = "These scores mean nothing: the demo judge 'vl' has random weights."
    assert [says in text for text in texts] == [is_demo] * 3


@pytest.mark.parametrize(
    ("model", "content", "is_demo"),
    [
        ("results/.demo/demo-judge", None, True),
        ("models/copied", '{"snakedit_demo_judge": true}', True),
        ("models/other", "{}", False),
        ("models/broken", "{", False),
    ],
)
def test_every_page_says_that_a_demo_judge_knows_only_the_demos_operations(
    hand, tmp_path, monkeypatch, model, content, is_demo
):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        folder = tmp_path / model
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(content, encoding="utf-8")
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    texts = shown(hand, planned_run(judges={"vl": {"type": "qwen3_vl", "model": model}}))
    says = "'vl' is a demo judge: it knows only the demo's operations"
    assert [says in text for text in texts] == [is_demo] * 3
    assert not any("random weights" in text for text in texts)
