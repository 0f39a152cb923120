"""Thumbnails: made once, renewed with their picture, and shared out between the categories."""

from pathlib import Path

import pytest
from PIL import Image
from results_by_hand import ResultsByHand, edit, item, received

from snakedit.report.gallery.thumbnails import SIDE, Thumbnails


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def draw(path: Path, size=(640, 320)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path)


def test_pictures_have_thumbnails_that_are_made_once(hand):
    files = hand.add("c", [item("a", "c"), item("b", "c")], {"tiny": [edit("a", image_sha256="1" * 64)]}, {})
    draw(files.items.parent / "images" / "a.png")
    draw(files.edits["tiny"].parent / "images" / "a.png", (100, 100))
    folder = hand.build()
    first, second = received(folder, "items-0")
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
    folder = hand.build()
    assert received(folder, "items-0")[0]["sources"][0][1] is None
