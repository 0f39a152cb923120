import json
import subprocess
import sys

import pytest
from places import SCRIPTS
from sources_by_hand import benchmark, encoded, picture, prepared, row, written

from snakedit.core.errors import SourceError
from snakedit.core.images import open_image
from snakedit.sources.index import read_index


def test_a_row_becomes_an_item_with_its_decoded_image(tmp_path):
    source = written(
        tmp_path,
        [
            row(
                3,
                original_description_en="a hat",
                rationale_short_en="red now",
                tags=["x", "y"],
                difficulty=2,
                seed=7,
                reference_img_b64=encoded(picture(4)),
                mask_b64=encoded(picture(5)),
                licence="free",
            )
        ],
    )
    (item,), excluded = prepared(tmp_path, source)
    assert excluded == []
    assert (item.id, item.category, item.instruction, item.language) == ("p3", "c", "make 3 red", "en")
    assert (item.description, item.rationale, item.tags) == ("a hat", "red now", ["x", "y"])
    assert (item.difficulty, item.seed, item.extra) == ("2", 7, {"licence": "free"})
    folder = tmp_path / "items" / "c"
    assert open_image(folder / item.images[0]).tobytes() == picture(3).tobytes()
    assert open_image(folder / item.reference).tobytes() == picture(4).tobytes()
    assert open_image(folder / item.mask).tobytes() == picture(5).tobytes()


@pytest.mark.parametrize("key", ["src_img_b64", "original_image_b64", "image_b64"])
@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_the_image_is_found_under_each_key_with_and_without_a_data_prefix(tmp_path, key, prefix):
    source = written(tmp_path, [row(1, **{"src_img_b64": None, key: prefix + encoded(picture(1))})])
    (item,), _ = prepared(tmp_path, source)
    assert open_image(tmp_path / "items" / "c" / item.images[0]).tobytes() == picture(1).tobytes()


@pytest.mark.parametrize(
    ("language", "given", "text", "used"),
    [
        ("en", {"edit_instruction_en": "red", "edit_instruction": "红"}, "red", "en"),
        ("zh", {"edit_instruction_en": "red", "edit_instruction": "红"}, "红", "zh"),
        ("en", {"edit_instruction_en": None, "edit_instruction": "红"}, "红", "zh"),
        ("zh", {"edit_instruction_en": "red"}, "red", "en"),
        ("en", {"edit_instruction_en": "  ", "edit_instruction": "红"}, "红", "zh"),
    ],
)
def test_a_missing_language_falls_back_to_the_other(tmp_path, language, given, text, used):
    (item,), _ = prepared(tmp_path, written(tmp_path, [row(1, **given)]), language=language)
    assert (item.instruction, item.language) == (text, used)


def test_a_list_and_a_dict_of_lists_are_the_same_benchmark(tmp_path):
    rows = {name: [row(i, subset=name) for i in range(2)] for name in ("物理", "a.item", "社会")}
    bare = {name: [{k: v for k, v in r.items() if k != "subset"} for r in rows[name]] for name in rows}
    as_list = read_index(
        benchmark(written(tmp_path, [r for name in rows for r in rows[name]], "l.json")), tmp_path / "l"
    )
    as_dict = read_index(benchmark(written(tmp_path, bare, "d.json")), tmp_path / "d")
    assert list(as_list.categories) == list(as_dict.categories) == ["物理", "a.item", "社会"]
    assert [c.count for c in as_dict.categories.values()] == [2, 2, 2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no benchmark|not JSON"),
        (b"[{", "not JSON"),
        (b'[{"subset": "c"}', "not JSON"),
        (b"[] trailing", "not JSON"),
        (b'"text"', "a list of rows"),
        (b'{"c": 3}', "'c' does not hold a list"),
        ('["é"]'.encode("latin-1"), "not JSON in UTF-8"),
        (b"[]", "holds no rows"),
        (b'[{"subset": "c"}, {"subset": oops}]', "after row 1"),
    ],
)
def test_a_file_that_is_no_benchmark_is_one_line(tmp_path, content, message):
    path = tmp_path / "b.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read_index(benchmark(path), tmp_path / "index.json")
    assert "b.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps([row(1)]), encoding="utf-8-sig")
    (item,), _ = prepared(tmp_path, path)
    assert item.id == "p1"


def test_numbers_serve_as_names(tmp_path):
    (item,), _ = prepared(tmp_path, written(tmp_path, [row(1, subset=3, id=7)]), category="3")
    assert (item.id, item.category) == ("7", "3")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.json: cannot be read"):
        read_index(benchmark(tmp_path / "nowhere.json"), tmp_path / "index.json")


@pytest.mark.slow
def test_a_large_file_is_streamed(tmp_path):
    path = tmp_path / "large.json"
    image = encoded(picture(1, (800, 800)), "BMP")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[")
        for number in range(40):
            fields = row(number, subset="c" if number > 37 else "before", src_img_b64=image)
            file.write("," * (number > 0) + json.dumps(fields))
        file.write("]")
    assert path.stat().st_size > 90_000_000
    code = (
        "import io, resource, sys; from pathlib import Path\n"
        "from PIL import Image\n"
        "from snakedit.config.schema import BenchmarkConfig\n"
        "from snakedit.sources.index import read_index\n"
        "from snakedit.stages.prepare_category import prepare_category\n"
        "Image.new('RGB', (800, 800)).save(io.BytesIO(), 'PNG')\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before = peak()\n"
        "b = BenchmarkConfig(name='b', format='base64_json', path=sys.argv[1], language='en')\n"
        "folder = Path(sys.argv[2])\n"
        "index = read_index(b, folder / 'index.json')\n"
        "indexed = peak()\n"
        "prepare_category(b, index.categories['c'], folder / 'items.jsonl')\n"
        "print(index.categories['before'].count, indexed - before, peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path)],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    count, grown_by_index, grown_by_both = done.stdout.split()
    assert int(count) == 38
    assert float(grown_by_index) < 30, "MB; the file has 100, a row 2.5"
    assert float(grown_by_both) < 50, "MB"
    assert len((tmp_path / "items.jsonl").read_text(encoding="utf-8").splitlines()) == 2
