import base64
import logging
import re
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sources_by_hand import encoded, picture, prepared, row, written

from snakedit.errors import SourceError
from snakedit.logs import LOGGER
from snakedit.records import Item, read_records


@pytest.fixture
def log(caplog, monkeypatch):
    monkeypatch.setattr(LOGGER, "propagate", True)
    caplog.set_level(logging.INFO)
    return caplog


def huge_png():
    """A PNG whose header says 60,000 × 60,000; it is never to be decoded."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def as_base64(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"src_img_b64": "%%% no"}, "not base64"),
        ({"src_img_b64": "abc"}, "not base64"),
        ({"src_img_b64": as_base64(b"plain text")}, "not an image"),
        ({"src_img_b64": as_base64(huge_png())}, "too many pixels"),
        ({"src_img_b64": encoded(picture(1))[:-60]}, "cannot be decoded|not base64"),
        ({"src_img_b64": None}, "no image under any of the keys"),
        ({"src_img_b64": 5}, "no image under any of the keys"),
        ({"edit_instruction_en": "  "}, "the instruction is empty"),
        ({"edit_instruction_en": None}, "the instruction is empty"),
        ({"seed": "soon"}, "'seed': 'soon'"),
        ({"seed": -1}, "'seed': -1"),
        ({"reference_img_b64": "%%%"}, "'reference_img_b64'"),
    ],
)
def test_a_bad_row_is_left_out_with_one_line_and_the_others_are_kept(tmp_path, log, bad, reason):
    source = written(tmp_path, [row(0), row(1, **bad), row(2)])
    items, excluded = prepared(tmp_path, source)
    assert [item.id for item in items] == ["p0", "p2"]
    (entry,) = excluded
    assert (entry["row"], entry["id"]) == (2, "p1")
    assert re.search(reason, entry["error"])
    (line,) = [record.message for record in log.records if "left out:" in record.message]
    assert "b.json: row 2 (p1)" in line
    assert "\n" not in line
    assert not [p for p in (tmp_path / "items" / "c" / "images").iterdir() if "p1" in p.name]


def test_a_row_that_is_no_object_is_left_out(tmp_path):
    source = written(tmp_path, {"c": [row(0, subset=None), 5]})
    items, excluded = prepared(tmp_path, source)
    assert len(items) == 1
    assert excluded[0]["error"] == "a int, not an object"


def test_a_category_without_one_usable_row_fails_and_says_why(tmp_path):
    source = written(tmp_path, [row(0, src_img_b64="%"), row(1, src_img_b64="%")])
    with pytest.raises(SourceError, match=r"none of the 2 rows of the category 'c' .*row 1: .*not base64"):
        prepared(tmp_path, source)
    assert not (tmp_path / "items" / "c" / "items.jsonl").exists()


def test_a_second_row_of_one_id_and_a_row_without_one_get_ids_of_their_own(tmp_path, log):
    rows = [row(0), row(0, edit_instruction_en="other"), row(0, original_image_path=None), row(0, id="p0#2")]
    items, _ = prepared(tmp_path, written(tmp_path, rows))
    assert [item.id for item in items] == ["p0", "p0#2", "row-000003", "p0#2#2"]
    assert len({item.images[0] for item in items}) == 4
    told = [record.message for record in log.records if record.levelname == "WARNING"]
    assert [line.split(": ")[1][:5] for line in told] == ["row 2", "row 3", "row 4"]


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ids=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4))
def test_no_id_leaves_its_folder_or_shares_a_file(tmp_path_factory, ids):
    folder = tmp_path_factory.mktemp("ids")
    rows = [row(0, id=item_id) for item_id in [*ids, "../../x", "x" * 300, "a/b", "a_b", ".", ".."]]
    rows = [{**r, "id": r["id"]} for r in rows]
    items, _ = prepared(folder, written(folder, rows))
    images = folder / "items" / "c" / "images"
    assert len(items) == len(rows)
    assert len(list(images.iterdir())) == len(rows)
    for item in items:
        path = (images.parent / item.images[0]).resolve()
        assert path.parent == images.resolve()
        assert path.is_file()
        assert len(path.name.encode()) <= 255


def test_two_images_of_one_item_never_meet_anothers(tmp_path):
    rows = [row(0, id="a", reference_img_b64=encoded(picture(1))), row(2, id="a~reference"), row(3, id="a.2")]
    items, _ = prepared(tmp_path, written(tmp_path, rows))
    assert len({*(i.images[0] for i in items), items[0].reference}) == 4


def test_a_limit_takes_the_first_rows(tmp_path):
    items, _ = prepared(tmp_path, written(tmp_path, [row(i) for i in range(5)]), limit=2)
    assert [item.id for item in items] == ["p0", "p1"]


def test_preparing_again_removes_images_that_no_item_names(tmp_path):
    prepared(tmp_path, written(tmp_path, [row(0), row(1)]))
    items, _ = prepared(tmp_path, written(tmp_path, [row(1)]))
    assert [p.name for p in (tmp_path / "items" / "c" / "images").iterdir()] == ["p1.png"]
    assert [item.id for item in read_records(tmp_path / "items" / "c" / "items.jsonl", Item)] == ["p1"]
    assert len(items) == 1
