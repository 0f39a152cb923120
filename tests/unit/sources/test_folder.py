import json
import os
from pathlib import Path

import pytest
from sources_by_hand import benchmark, picture, prepared

from snakedit.core.errors import SourceError
from snakedit.core.images import open_image
from snakedit.sources import open_source
from snakedit.sources.index import read_index


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "photos").mkdir(parents=True)
    for number in range(3):
        picture(number).save(folder / "photos" / f"{number}.png")
    return folder


def write_csv(folder, *lines):
    (folder / "items.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_json(folder, *rows):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "items.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_a_csv_table_becomes_items(tmp_path, source):
    write_csv(
        source,
        "id,category,image,instruction,reference,description,tags,human_ours,human_theirs,camera",
        'a,c,photos/0.png,"make it red, please",photos/1.png,a hat,"x, y",7,,old',
    )
    (item,), excluded = prepared(tmp_path, source, format="folder")
    assert excluded == []
    assert (item.id, item.instruction, item.description) == ("a", "make it red, please", "a hat")
    assert (item.tags, item.human, item.extra) == (["x", "y"], {"ours": 7.0}, {"camera": "old"})
    folder = tmp_path / "items" / "c"
    assert open_image(folder / item.images[0]).tobytes() == picture(0).tobytes()
    assert open_image(folder / item.reference).tobytes() == picture(1).tobytes()


def test_json_lines_take_several_images_and_ratings_as_an_object(tmp_path, source):
    write_json(
        source,
        {
            "id": 7,
            "category": "c",
            "image": ["photos/0.png", "photos/2.png"],
            "instruction": "合并",
            "human": {"ours": 3, "theirs": None},
        },
    )
    (item,), _ = prepared(tmp_path, source, format="folder")
    assert (item.id, item.human, len(item.images)) == ("7", {"ours": 3.0}, 2)
    assert open_image(tmp_path / "items" / "c" / item.images[1]).tobytes() == picture(2).tobytes()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"image": "../secret.png"}, "leaves the folder"),
        ({"image": "/etc/passwd"}, "leaves the folder"),
        ({"image": "link.png"}, "leaves the folder"),
        ({"image": "photos/9.png"}, "there is no file 'photos/9.png'"),
        ({"image": ""}, "'image' is empty"),
        ({"reference": "photos/9.png"}, "'reference'"),
        ({"instruction": ""}, "instruction is empty"),
        ({"seed": "x"}, "'seed'"),
        ({"seed": float("inf")}, "'seed': 'Infinity'"),
        ({"human": {"ours": "good"}}, "'human.ours': 'good' is not a number"),
        ({"human_ours": "good"}, "'human_ours': 'good' is not a number"),
        ({"human": "{"}, "'human': '{' is not a JSON object"),
        ({"human": "[1]"}, "'human': '[1]' is not a JSON object"),
        ({"human": "[" * 100_000}, "is not a JSON object"),
        ({"image": "a\0b"}, "'image'"),
        ({"image": "a" * 5_000}, "'image'"),
        ({"image": "circle.png"}, "'circle.png' is no path"),
        ({"image": "."}, "there is no file '.'"),
        ({"image": "pipe.png"}, "there is no file 'pipe.png'"),
        ({"image": "outside/secret.png"}, "leaves the folder"),
        ({"instruction": "\ud800"}, "half of a surrogate pair"),
        ({"image": "\ud800.png"}, "half of a surrogate pair"),
    ],
)
def test_a_bad_row_is_left_out_and_named(tmp_path, source, bad, reason):
    picture(5).save(tmp_path / "secret.png")
    (source / "link.png").symlink_to(tmp_path / "secret.png")
    (source / "outside").symlink_to(tmp_path)
    (source / "circle.png").symlink_to("circle.png")
    os.mkfifo(source / "pipe.png")
    good = {"id": "g", "category": "c", "image": "photos/0.png", "instruction": "x"}
    write_json(source, good, {**good, "id": "b", **bad})
    items, (excluded,) = prepared(tmp_path, source, format="folder")
    assert [item.id for item in items] == ["g"]
    assert excluded["row"] == 2
    assert reason in excluded["error"]


@pytest.mark.parametrize("name", ["items.csv", "items.jsonl"])
def test_a_byte_order_mark_is_passed_over(tmp_path, source, name):
    text = {
        "items.csv": "id,category,image,instruction\na,c,photos/0.png,x\n",
        "items.jsonl": '{"id": "a", "category": "c", "image": "photos/0.png", "instruction": "x"}\n',
    }
    (source / name).write_text(text[name], encoding="utf-8-sig")
    (item,), _ = prepared(tmp_path, source, format="folder")
    assert item.id == "a"


def test_a_very_long_field_costs_no_other_row_anything(tmp_path, source):
    write_csv(
        source,
        "id,category,image,instruction,thumbnail",
        f"a,c,photos/0.png,red,{'x' * 200_000}",
        f"b,c,photos/1.png,{'blue ' * 300_000},",
        "d,c,photos/2.png,green,",
    )
    items, excluded = prepared(tmp_path, source, format="folder")
    assert [item.id for item in items] == ["a", "d"]
    assert [row["id"] for row in excluded] == ["b"]


def test_numbers_serve_as_names_and_no_number_is_lost(tmp_path, source):
    good = '"id": 7, "category": 3, "difficulty": 2, "image": "photos/0.png", "instruction": "x"'
    huge = '"bad": NaN, "far": 1e999, "long": ' + "9" * 5_000
    (source / "items.jsonl").write_text(f"{{{good}, {huge}}}\n", encoding="utf-8")
    (item,), _ = prepared(tmp_path, source, format="folder", category="3")
    assert (item.id, item.category, item.difficulty) == ("7", "3", "2")
    assert item.extra == {"bad": None, "far": "1e999", "long": "9" * 5_000}


def test_an_absolute_path_is_refused_even_into_the_folder(tmp_path, source):
    good = {"id": "g", "category": "c", "image": "photos/0.png", "instruction": "x"}
    write_json(source, good, {**good, "image": str(source / "photos" / "0.png")})
    items, (excluded,) = prepared(tmp_path, source, format="folder")
    assert len(items) == 1
    assert "leaves the folder" in excluded["error"]


def test_an_image_that_goes_while_it_is_read_is_left_out(tmp_path, source, monkeypatch):
    good = {"category": "c", "image": "photos/0.png", "instruction": "x"}
    write_json(source, {**good, "id": "g"}, {**good, "id": "b", "image": "photos/1.png"})
    read_bytes = Path.read_bytes

    def one_is_gone(path):
        if path.name == "1.png":
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", one_is_gone)
    items, (excluded,) = prepared(tmp_path, source, format="folder")
    assert [item.id for item in items] == ["g"]
    assert "the column 'image': '1.png' cannot be read" in excluded["error"]


def test_the_rows_can_be_read_from_each_place_on(tmp_path, source):
    write_json(source, *({"id": number, "image": "photos/0.png", "instruction": "x"} for number in range(3)))
    folder_format = open_source(benchmark(source, format="folder"))
    places = [row.place for row in folder_format.rows()]
    assert [[row.id for row in folder_format.rows(place)] for place in places] == [
        ["0", "1", "2"],
        ["1", "2"],
        ["2"],
    ]


def test_no_table_or_two_are_one_line(tmp_path, source):
    with pytest.raises(SourceError, match="holds no table"):
        read_index(benchmark(source, format="folder"), tmp_path / "index.json")
    write_csv(source, "id,image,instruction")
    write_json(source, {})
    with pytest.raises(SourceError, match="holds both tables"):
        read_index(benchmark(source, format="folder"), tmp_path / "index.json")


def test_a_changed_image_changes_the_hash_and_a_touched_one_does_not(tmp_path, source):
    write_csv(source, "id,category,image,instruction", "a,c,photos/0.png,x", "b,d,photos/1.png,x")
    settings = benchmark(source, format="folder")
    before = read_index(settings, tmp_path / "index.json")
    os.utime(source / "photos" / "0.png", ns=(1, 1))
    assert read_index(settings, tmp_path / "index.json") == before
    picture(9).save(source / "photos" / "0.png")
    after = read_index(settings, tmp_path / "index.json")
    assert after.categories["c"].sha256 != before.categories["c"].sha256
    assert after.categories["d"].sha256 == before.categories["d"].sha256
