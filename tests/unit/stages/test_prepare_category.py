import base64
import errno
import json
import logging
import math
import os
import re
import struct
import zlib

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sources_by_hand import encoded, picture, prepared, row, written

from snakedit.core.errors import SourceError
from snakedit.core.images import WrittenPng
from snakedit.core.logs import LOGGER
from snakedit.core.records import Item, read_records
from snakedit.stages.prepare_category import UniqueIds


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


NESTED = 5
for _ in range(400):
    NESTED = [NESTED]


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
        ({"edit_instruction_en": "x y " * 300_000}, "more text than an item may hold; allowed: 1,000,000"),
        ({f"field {n}": "x" * 9_000 for n in range(120)}, "more text than an item may hold"),
        ({"seed": "soon"}, "'seed': 'soon'"),
        ({"seed": -1}, "'seed': -1"),
        ({"seed": True}, "'seed': True"),
        ({"seed": 1.5}, "'seed': 1.5"),
        ({"seed": [1]}, r"'seed': \[1\]"),
        ({"note": NESTED}, "nested more than 100 levels deep"),
        ({"reference_img_b64": "%%%"}, "'reference_img_b64'"),
        ({"reference_img_b64": as_base64(b"plain text")}, "reference_img_b64.*: not an image"),
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


def test_of_many_bad_rows_three_are_told_and_all_are_counted(tmp_path, log):
    rows = [row(n, src_img_b64="%" if n else encoded(picture(1))) for n in range(9)]
    _, excluded = prepared(tmp_path, written(tmp_path, rows))
    lines = [record.getMessage() for record in log.records if "left out" in record.getMessage()]
    assert len(excluded) == 8
    assert [line.split(": ")[1] for line in lines[:4]] == [
        *("row 2 (p1) is left out", "row 3 (p2) is left out", "row 4 (p3) is left out", "in all 8 rows")
    ]


def test_a_picture_that_is_none_is_called_by_the_users_name(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    picture(1).save(folder / "good.png")
    (folder / "mine.png").write_text("no picture")
    lines = "\n".join(f"{n},c,{name}.png,x" for n, name in enumerate(("good", "mine")))
    (folder / "items.csv").write_text(f"id,category,image,instruction\n{lines}\n", encoding="utf-8")
    _, (excluded,) = prepared(tmp_path, folder, format="folder")
    assert excluded["error"].startswith("the column 'image': 'mine.png': not an image")
    _, (excluded,) = prepared(tmp_path, written(tmp_path, [row(0), row(1, src_img_b64="dGV4dA==")]))
    assert excluded["error"].startswith("the key 'src_img_b64': not an image")


def test_a_row_that_is_no_object_is_left_out(tmp_path):
    source = written(tmp_path, {"c": [row(0, subset=None), 5]})
    items, excluded = prepared(tmp_path, source)
    assert len(items) == 1
    assert excluded[0]["error"] == "not an object but of type int"


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
    warnings = [record.message for record in log.records if record.levelname == "WARNING"]
    assert [line.split(": ")[1][:5] for line in warnings] == ["row 2", "row 3", "row 4"]


def test_an_id_is_claimed_once():
    ids = UniqueIds()
    wanted = ["src", "src", "src#4", "src", "src", "src#2"]
    assert [ids.claim(row_id) for row_id in wanted] == ["src", "src#2", "src#4", "src#3", "src#5", "src#2#2"]


def test_the_copies_of_one_id_take_linear_time():
    # In quadratic time this test would not end within an hour.
    ids = UniqueIds()
    assert [ids.claim("src") for _ in range(300_000)][-1] == "src#300000"


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


@pytest.mark.parametrize(
    ("seed", "meant"),
    [(0, 0), ("7", 7), ("5.0", 5), (5.0, 5), ("", None), (2**53 + 1, 2**53 + 1), (str(2**64 - 1), 2**64 - 1)],
)
def test_a_seed_of_any_size_is_kept_to_its_last_digit(tmp_path, seed, meant):
    (item,), excluded = prepared(tmp_path, written(tmp_path, [row(0, seed=seed)]))
    assert (item.seed, excluded) == (meant, [])


def test_further_fields_are_kept_but_for_images_and_very_long_ones(tmp_path):
    kept = {"licence": "free", "year": 2024, "ratio": 0.5, "boxes": [[1, 2]], "checked": True}
    left = {
        "edited_img_b64": encoded(picture(1)),
        "preview": "data:image/png;base64," + encoded(picture(1)),
        "long": "x" * 10_001,
        "many": list(range(5_000)),
    }
    (item,), _ = prepared(tmp_path, written(tmp_path, [row(0, **kept, **left)]))
    assert item.extra == kept


def test_an_id_of_endless_length_is_left_out_and_named_by_its_beginning(tmp_path):
    source = written(tmp_path, [row(1), row(2, id="x" * 2_000_000)])
    items, excluded = prepared(tmp_path, source)
    assert [item.id for item in items] == ["p1"]
    assert excluded[0]["id"] == "x" * 300


@pytest.mark.parametrize("item_id", ["a\nb.json: row 9 (z) is left out: no", "a\x1b[2Jb", "x" * 5_000])
def test_an_id_cannot_forge_a_line_of_the_log_or_fill_it(tmp_path, log, item_id):
    rows = [row(0), row(1, id=item_id), row(2, id=item_id), row(3, id=item_id, src_img_b64="%")]
    items, (entry,) = prepared(tmp_path, written(tmp_path, rows))
    assert items[1].id == item_id, "the record keeps it as it came"
    messages = [record.getMessage() for record in log.records if record.levelname == "WARNING"]
    assert len(messages) == 3
    assert all(message.isprintable() and len(message) < 1_500 for message in messages)
    assert len(entry["error"]) <= 301


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63 - 1), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([math.inf, math.nan, "\ud800", "a\0b", "[1]", "5", "0.png", encoded(picture(1))]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *(
            "id",
            "subset",
            "category",
            "tags",
            "seed",
            "difficulty",
            "language",
            "note",
            "human",
            "human_ours",
        ),
        *("src_img_b64", "reference_img_b64", "mask_b64", "image", "reference", "mask", "instruction"),
        *("edit_instruction_en", "original_image_path", "rationale_short_en"),
    ]
)


@pytest.mark.parametrize("source_format", ["base64_json", "folder"])
@hypothesis_settings(max_examples=80, deadline=None)
@given(bad=st.dictionaries(KEYS, ANY_JSON, max_size=6))
def test_whatever_a_row_holds_it_is_an_item_or_left_out_and_the_good_row_stays(
    tmp_path_factory, source_format, bad
):
    folder = tmp_path_factory.mktemp("rows")
    if source_format == "folder":
        picture(0).save(folder / "0.png")
        good = {"id": "good", "category": "c", "image": "0.png", "instruction": "x"}
        bad = {**good, "id": "b", **bad, "category": "c"}
        lines = [json.dumps(raw) for raw in (good, bad)]
        (folder / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        source = folder
    else:
        # JSON proper has no NaN and no infinity; a file with one is refused whole.
        assume(math.isfinite(_largest(bad)))
        rows = [row(0, id="good"), {**row(1), **bad, "subset": "c"}]
        source = folder / "b.json"
        source.write_text(json.dumps(rows), encoding="utf-8")
    items, excluded = prepared(folder, source, format=source_format)
    assert items[0].id == "good"
    assert len(items) + len(excluded) == 2


def _largest(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = abs(value) if isinstance(value, float) else 0.0
    return sum((_largest(element) for element in inner), own)


def test_two_images_of_one_item_never_meet_anothers(tmp_path):
    rows = [row(0, id="a", reference_img_b64=encoded(picture(1))), row(2, id="a~reference"), row(3, id="a.2")]
    items, _ = prepared(tmp_path, written(tmp_path, rows))
    assert len({*(i.images[0] for i in items), items[0].reference}) == 4


def test_a_source_that_was_exchanged_unnoticed_is_refused_with_the_way_out(tmp_path):
    source = written(tmp_path, [row(1), row(2)])
    prepared(tmp_path, source)
    stamp = source.stat().st_mtime_ns
    written(tmp_path, [row(1), row(3)])
    os.utime(source, ns=(stamp, stamp))
    with pytest.raises(SourceError, match=r"has changed since .*; delete .*/index\.json and run again"):
        prepared(tmp_path, source)
    (tmp_path / "index.json").unlink()
    items, _ = prepared(tmp_path, source)
    assert [item.id for item in items] == ["p1", "p3"]


def test_a_limit_takes_the_first_rows(tmp_path):
    items, _ = prepared(tmp_path, written(tmp_path, [row(i) for i in range(5)]), limit=2)
    assert [item.id for item in items] == ["p0", "p1"]


def test_preparing_again_removes_images_that_no_item_names(tmp_path):
    prepared(tmp_path, written(tmp_path, [row(0), row(1)]))
    items, _ = prepared(tmp_path, written(tmp_path, [row(1)]))
    assert [p.name for p in (tmp_path / "items" / "c" / "images").iterdir()] == ["p1.png"]
    assert [item.id for item in read_records(tmp_path / "items" / "c" / "items.jsonl", Item)] == ["p1"]
    assert len(items) == 1


def test_items_are_written_only_when_every_image_of_theirs_is_on_disk(tmp_path, monkeypatch):
    path = written(tmp_path, [row(id=str(number)) for number in range(5)])
    kept = WrittenPng.keep

    def keep(png):
        if png.path.name == "4.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        kept(png)

    monkeypatch.setattr(WrittenPng, "keep", keep)
    with pytest.raises(OSError, match="No space left"):
        prepared(tmp_path, path)
    assert not list(tmp_path.rglob("items.jsonl"))
