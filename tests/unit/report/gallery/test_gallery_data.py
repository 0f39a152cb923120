"""The gallery's data files: what the page's scripts read."""

import base64
import json
import struct
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from results_by_hand import ResultsByHand, configuration, edit, item, score

from snakedit.core.records import Edit, Score
from snakedit.report.data.leaderboard import Row
from snakedit.report.gallery import gallery_data as gallery
from snakedit.report.gallery.gallery_data import STATUSES
from snakedit.report.gallery.item_content import cut, words
from snakedit.report.gallery.packed_numbers import packed
from snakedit.report.gallery.thumbnails import SIDE, Thumbnails
from snakedit.report.pages.axis import axis_of
from snakedit.stats.summaries import Summary


def content(folder: Path, name: str):
    """What a data file hands to the page."""
    text = (folder / "data" / f"{name}.js").read_text(encoding="utf-8")
    start, end = f'snakedit.receive("{name}",', ");\n"
    assert text.startswith(start)
    assert text.endswith(end)
    return json.loads(text[len(start) : -len(end)])


def unpacked(columns):
    found = []
    for text in columns["columns"]:
        data = base64.b64decode(text)
        steps = struct.unpack(f"<{len(data) // 2}H", data)
        factor = 10.0 ** columns["decimals"]
        found.append([None if k == 0 else columns["low"] + (k - 1) / factor for k in steps])
    return found


@pytest.fixture
def hand(tmp_path: Path) -> ResultsByHand:
    return ResultsByHand(tmp_path / "results" / "bench")


def test_an_item_is_written_with_every_editors_edit_and_every_judges_words(hand):
    said = Score(
        "猫 1", "ok", values={"m": 4.5}, spread={"m": 0.5}, score=4.5, replies={"m": [{"text": "4.5 of 5"}]}
    )
    made = edit("猫 1", width=64, height=32, seconds=1.5, seed=7, change=0.25, instruction_used="other")
    hand.add("物理", [item("猫 1", "物理", tags=["t"])], {"tiny": [made]}, {("vl", "tiny"): [said]})
    (record,) = content(hand.build(), "items-0")
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
    (record,) = content(folder, "items-0")
    index = content(folder, "index")
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
    index = content(folder, "index")
    assert index["count"] == 45
    assert [(c["start"], c["count"]) for c in index["categories"]] == [(0, 30), (30, 15)]
    assert index["itemStarts"] == [0, 20, 40]
    items = [record["id"] for n in range(3) for record in content(folder, f"items-{n}")]
    assert [len(content(folder, f"items-{n}")) for n in range(3)] == [20, 20, 5]
    starts = index["textStarts"]
    texts = [content(folder, f"text-{n}") for n in range(len(starts))]
    assert len(starts) > 3
    assert [len(lines) for lines in texts[:-1]] == np.diff(starts).tolist()
    assert [line[0] for lines in texts for line in lines] == items


def test_an_item_with_long_answers_has_a_file_of_its_own(hand):
    names = ("short", "long", "last")
    said = [score(n, 1.0, replies={"half": ["x" * (99_000 if n == "long" else 9)] * 20}) for n in names]
    hand.add("c", [item(n, "c") for n in names], {"tiny": [edit(n) for n in names]}, {("vl", "tiny"): said})
    folder = hand.build()
    assert content(folder, "index")["itemStarts"] == [0, 2]
    assert [record["id"] for record in content(folder, "items-1")] == ["last"]


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
    columns = content(folder, "scores-0")
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
    assert unpacked(content(folder, "index")["changes"])[0] == [0.5, None, 0.5, 0.5, 0.5, 0.5, None]


@given(
    st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30),
    st.lists(st.none() | st.floats(0, 10), max_size=9),
)
def test_packed_columns_keep_what_is_missing_and_numbers_to_their_decimals(first, second):
    columns = packed(np.array(values, dtype=np.float64) for values in (first, second))
    step = 10.0 ** -columns["decimals"]
    for values, found in zip((first, second), unpacked(columns), strict=True):
        assert [value is None for value in values] == [value is None for value in found]
        for value, kept in zip(values, found, strict=True):
            assert value is None or abs(value - kept) <= step / 2 * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize(("high", "decimals"), [(1.0, 4), (5.0, 4), (10.0, 3), (100.0, 2)])
def test_scores_on_the_usual_scales_keep_more_decimals_than_are_shown(high, decimals):
    assert packed([np.array([0.0, high])])["decimals"] == decimals


def test_long_texts_are_cut_and_say_so(hand):
    assert cut("x" * 4000) == "x" * 4000
    assert cut("x" * 5000).endswith("… (1,000 more characters in the records)")
    assert cut(None) is None


def test_a_script_in_a_strangers_text_ends_no_script(hand):
    hostile = "</script><script>alert(1)</script>\u2028"
    hand.add("c", [item("a", "c", instruction=hostile)], {}, {})
    folder = hand.build()
    assert content(folder, "items-0")[0]["instruction"] == hostile
    assert content(folder, "text-0")[0][1] == hostile


def test_half_a_character_does_not_stop_the_report(hand):
    hand.add("c", [item("a", "c")], {}, {})
    path = hand.categories[0].items
    path.write_text(path.read_text().replace("Make it blue.", "\\ud83d"))
    assert content(hand.build(), "items-0")[0]["instruction"] == "?"


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ("4", ["4"]),
        (["a", "b"], ["a", "b"]),
        ([{"expected": 3.25, "mass": 0.99812}], ["expected 3.25 · mass 0.9981"]),
        ({"text": "物理", "more": [1]}, ["text 物理 · more [1]"]),
        (None, ["null"]),
        ([], []),
    ],
)
def test_a_judges_words_are_shown_whatever_their_form(replies, expected):
    assert words(replies) == expected


def draw(path: Path, size=(640, 320)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path)


def test_pictures_have_thumbnails_that_are_made_once(hand):
    files = hand.add("c", [item("a", "c"), item("b", "c")], {"tiny": [edit("a", image_sha256="1" * 64)]}, {})
    draw(files.items.parent / "images" / "a.png")
    draw(files.edits["tiny"].parent / "images" / "a.png", (100, 100))
    folder = hand.build()
    first, second = content(folder, "items-0")
    thumbnail = folder / first["sources"][0][1]
    with Image.open(thumbnail) as image:
        assert (image.format, image.size) == ("WEBP", (SIDE, SIDE // 2))
    with Image.open(folder / first["edits"][0]["picture"][1]) as image:
        assert image.size == (100, 100)
    assert second["sources"][0][1] is None
    made = thumbnail.stat().st_mtime_ns
    hand.build()
    assert thumbnail.stat().st_mtime_ns == made


def test_a_changed_picture_has_a_new_thumbnail_and_the_old_one_goes(hand):
    files = hand.add("c", [item("a", "c")], {}, {})
    draw(files.items.parent / "images" / "a.png")
    hand.build()
    draw(files.items.parent / "images" / "a.png", (640, 640))
    folder = hand.build()
    (thumbnail,) = (folder / "thumbs").iterdir()
    with Image.open(thumbnail) as image:
        assert image.size == (SIDE, SIDE)


def test_no_more_thumbnails_are_made_than_allowed_the_same_number_in_each_category(tmp_path):
    thumbnails = Thumbnails(tmp_path / "report", limit=4, categories=2, workers=1)
    for category in ("a", "b"):
        paths = [tmp_path / category / f"{n}.png" for n in range(5)]
        for path in paths:
            draw(path, (8, 8))
        assert len(thumbnails.of_category([(path, None)] for path in paths)) == 2
    assert thumbnails.made == 4


def test_a_damaged_picture_has_no_thumbnail_and_is_told_in_the_log(hand, caplog):
    files = hand.add("c", [item("a", "c")], {}, {})
    path = files.items.parent / "images" / "a.png"
    path.parent.mkdir()
    path.write_bytes(b"no image")
    folder = hand.build(configuration())
    assert content(folder, "items-0")[0]["sources"][0][1] is None


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((4.24, 5.54), (4.0, 4.5, 5.0, 5.5, 6.0)),
        ((0.0, 10.0), (0.0, 2.5, 5.0, 7.5, 10.0)),
        ((3.0, 3.0), (2.5, 2.75, 3.0, 3.25, 3.5)),
    ],
)
def test_an_axis_has_round_ticks_around_all_that_is_drawn(ends, ticks):
    low, high = ends
    axis = axis_of([Row("j", "e", "macro", "", "score", Summary(2, 2, (low + high) / 2, low, high))])
    assert axis.ticks == ticks
    assert axis.at(ticks[0]) == 0
    assert axis.at(ticks[-1]) == 100


def test_without_a_mean_there_is_no_axis():
    assert axis_of([Row("j", "e", "macro", "", "score", Summary(2, 0, None))]) is None
