import json
import os

import pytest
from sources_by_hand import benchmark, picture, prepared

from snakedit.errors import SourceError
from snakedit.runtime.images import open_image
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
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
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
            "human": {"ours": 3},
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
        ({"human": {"ours": "good"}}, "ratings"),
        ({"human": "{"}, "ratings"),
    ],
)
def test_a_bad_row_is_left_out_and_named(tmp_path, source, bad, reason):
    picture(5).save(tmp_path / "secret.png")
    (source / "link.png").symlink_to(tmp_path / "secret.png")
    good = {"id": "g", "category": "c", "image": "photos/0.png", "instruction": "x"}
    write_json(source, good, {**good, "id": "b", **bad})
    items, (excluded,) = prepared(tmp_path, source, format="folder")
    assert [item.id for item in items] == ["g"]
    assert excluded["row"] == 2
    assert reason in excluded["error"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["id,instruction", "a,x"], "the column 'image' is missing"),
        (["id,image,instruction", "a,photos/0.png"], r"items\.csv:2: a row of another length"),
        (["id,image,instruction", "a,photos/0.png,x,y"], r"items\.csv:2: a row of another length"),
    ],
)
def test_a_broken_table_names_the_file_and_the_line(tmp_path, source, lines, message):
    write_csv(source, *lines)
    with pytest.raises(SourceError, match=message):
        read_index(benchmark(source, format="folder"), tmp_path / "index.json")


def test_broken_json_lines_name_the_line(tmp_path, source):
    (source / "items.jsonl").write_text('{"image": "a"}\n{\n', encoding="utf-8")
    with pytest.raises(SourceError, match=r"items\.jsonl:2: not JSON"):
        read_index(benchmark(source, format="folder"), tmp_path / "index.json")


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
    assert after.categories["c"] != before.categories["c"]
    assert after.categories["d"] == before.categories["d"]
