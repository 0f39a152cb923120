"""The gallery's data files: what the page's scripts read."""

import json
from urllib.parse import unquote

import numpy as np
import pytest
from results_by_hand import ResultsByHand, edit, item, received, score, unpacked

from snakedit.core.records import Edit, Score
from snakedit.report.gallery import gallery_data as gallery
from snakedit.report.gallery.gallery_data import STATUSES


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def test_an_item_is_written_with_every_editors_edit_and_every_judges_words(hand):
    said = Score(
        "猫 1", "ok", values={"m": 4.5}, spread={"m": 0.5}, score=4.5, replies={"m": [{"text": "4.5 of 5"}]}
    )
    made = edit("猫 1", width=64, height=32, seconds=1.5, seed=7, change=0.25, instruction_used="other")
    hand.add("物理", [item("猫 1", "物理", tags=["t"])], {"tiny": [made]}, {("vl", "tiny"): [said]})
    (record,) = received(hand.build(), "items-0")
    assert record["id"] == "猫 1"
    tiny, blank = record["edits"]
    assert blank is None
    assert (tiny["size"], tiny["seconds"], tiny["seed"], tiny["change"]) == ([64, 32], 1.5, 7, 0.25)
    assert tiny["used"] == "other"
    assert tiny["scores"] == [
        {"score": 4.5, "values": [["m", 4.5, 0.5]], "words": [["m", ["text 4.5 of 5"]]], "error": None}
    ]


def test_images_are_linked_from_where_the_page_stands(hand):
    files = hand.add(
        "50% #1?", [item("a?", "50% #1?", reference="images/r #%.png")], {"tiny": [edit("a?")]}, {}
    )
    folder = hand.build()
    (record,) = received(folder, "items-0")
    index = received(folder, "index")
    base = index["bases"][0]
    source = folder / unquote(base["items"]) / unquote(record["sources"][0][0])
    made = folder / unquote(base["edits"][0]) / unquote(record["edits"][0]["picture"][0])
    assert source.resolve() == (files.items.parent / hand_image(files, 0)).resolve()
    assert made.parent.resolve() == (files.edits["tiny"].parent / "images").resolve()
    assert not {"#", "?"} & set(base["items"] + record["sources"][0][0] + record["reference"][0])


def hand_image(files, place):
    return json.loads(files.items.read_text(encoding="utf-8").splitlines()[place])["images"][0]


def test_files_are_cut_so_that_none_holds_more_than_a_page_needs(hand, monkeypatch):
    monkeypatch.setattr(gallery, "TEXT_BYTES_A_FILE", 200)
    monkeypatch.setattr(gallery, "ITEM_BYTES_A_FILE", 10**6)
    hand.add_scored("a", tiny=[1.0] * 30, blank=[2.0] * 30)
    hand.add_scored("b", tiny=[3.0] * 15, blank=[None] * 15)
    folder = hand.build()
    index = received(folder, "index")
    assert index["count"] == 45
    assert [(c["start"], c["count"]) for c in index["categories"]] == [(0, 30), (30, 15)]
    assert index["itemStarts"] == [0, 20, 40]
    items = [record["id"] for n in range(3) for record in received(folder, f"items-{n}")]
    assert [len(received(folder, f"items-{n}")) for n in range(3)] == [20, 20, 5]
    starts = index["textStarts"]
    texts = [received(folder, f"text-{n}") for n in range(len(starts))]
    assert len(starts) > 3
    assert [len(lines) for lines in texts[:-1]] == np.diff(starts).tolist()
    assert [line[0] for lines in texts for line in lines] == items


def test_an_item_with_long_answers_has_a_file_of_its_own(hand):
    names = ("short", "long", "last")
    said = [score(n, 1.0, replies={"half": ["x" * (99_000 if n == "long" else 9)] * 20}) for n in names]
    hand.add("c", [item(n, "c") for n in names], {"tiny": [edit(n) for n in names]}, {("vl", "tiny"): said})
    folder = hand.build()
    assert received(folder, "index")["itemStarts"] == [0, 2]
    assert [record["id"] for record in received(folder, "items-1")] == ["last"]


def test_scores_and_statuses_of_every_edit_stand_in_columns(hand):
    names = ("good", "failed", "unread", "refused", "gone", "judge failed", "no record")
    edits = [edit(n, change=0.5) for n in names if n not in ("failed", "no record")]
    scores = [
        score("good", 7.25),
        Score("failed", "no_edit"),
        score("unread", None),
        Score("refused", "refused"),
        Score("judge failed", "failed"),
    ]
    hand.add(
        "c",
        [item(n, "c") for n in names],
        {"tiny": [*edits, Edit("failed", "failed", error="x")]},
        {("vl", "tiny"): scores},
    )
    folder = hand.build()
    told = {letter: status for status, letter in STATUSES.items()}
    columns = received(folder, "scores-0")
    assert [told[letter] for letter in columns["statuses"][0]] == [
        "ok",
        "edit failed",
        "unparsed",
        "refused",
        "score missing",
        "failed",
        "edit missing",
    ]
    assert unpacked(columns["scores"])[0] == [7.25] + [None] * 6
    assert unpacked(received(folder, "index")["changes"])[0] == [0.5, None, 0.5, 0.5, 0.5, 0.5, None]


def test_a_script_in_a_strangers_text_ends_no_script(hand):
    hostile = "</script><script>alert(1)</script>\u2028"
    hand.add("c", [item("a", "c", instruction=hostile)], {}, {})
    folder = hand.build()
    assert received(folder, "items-0")[0]["instruction"] == hostile
    assert received(folder, "text-0")[0][1] == hostile


def test_half_a_character_does_not_stop_the_report(hand):
    hand.add("c", [item("a", "c")], {}, {})
    path = hand.categories[0].items
    path.write_text(path.read_text().replace("Make it blue.", "\\ud83d"))
    assert received(hand.build(), "items-0")[0]["instruction"] == "?"
