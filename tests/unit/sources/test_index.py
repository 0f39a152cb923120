import json
import os

import pytest
from sources_by_hand import benchmark, encoded, picture, row, written

from snakedit.core.errors import ConfigError
from snakedit.sources import index as module
from snakedit.sources.index import read_index


def indexed(folder, rows, **changes):
    return read_index(benchmark(written(folder, rows), **changes), folder / "index.json")


ROWS = {name: [row(i, subset=name) for i in range(3)] for name in ("物理", "环境", "社会", "因果", "指代")}


def everything():
    return [r for rows in ROWS.values() for r in rows]


def test_categories_are_counted_in_the_sources_order(tmp_path):
    index = indexed(tmp_path, [*everything(), row(9, subset="物理")])
    assert [(c.name, c.count) for c in index.categories.values()] == [
        ("物理", 4),
        ("环境", 3),
        ("社会", 3),
        ("因果", 3),
        ("指代", 3),
    ]


def test_chosen_categories_come_in_the_configurations_order(tmp_path):
    index = indexed(tmp_path, everything(), categories=("社会", "物理"))
    assert list(index.categories) == ["社会", "物理"]


def test_an_unknown_category_names_those_there_are(tmp_path):
    with pytest.raises(ConfigError, match=r"no category '物里'.*did you mean '物理'.*allowed: 物理, 环境"):
        indexed(tmp_path, everything(), categories=("物里",))


def test_an_unknown_format_names_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r"benchmarks\.b\.format.*did you mean 'base64_json'"):
        indexed(tmp_path, everything(), format="base64json")


@pytest.mark.parametrize(
    "change",
    [
        {"edit_instruction_en": "another"},
        {"src_img_b64": encoded(picture(77))},
        {"seed": 5},
        {"some_note": "new"},
    ],
)
def test_a_changed_row_changes_the_hash_of_its_category_alone(tmp_path, change):
    before = indexed(tmp_path, everything())
    rows = everything()
    rows[4] = {**rows[4], **change}
    after = indexed(tmp_path, rows)
    pairs = zip(before.categories.values(), after.categories.values(), strict=True)
    changed = [was.name for was, now in pairs if was.sha256 != now.sha256]
    assert changed == ["环境"]


def test_a_touched_source_is_read_again_and_gives_the_same_index(tmp_path):
    before = indexed(tmp_path, everything())
    os.utime(tmp_path / "b.json", ns=(1, 1))
    assert read_index(benchmark(tmp_path / "b.json"), tmp_path / "index.json") == before


def test_an_unchanged_source_is_not_read(tmp_path, monkeypatch):
    before = indexed(tmp_path, everything())
    written_at = (tmp_path / "index.json").stat().st_mtime_ns

    def never(_):
        raise AssertionError("read again")

    monkeypatch.setattr(module, "_scan", never)
    assert read_index(benchmark(tmp_path / "b.json"), tmp_path / "index.json") == before
    assert (tmp_path / "index.json").stat().st_mtime_ns == written_at


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"source": {"version": 0}}', "{}", "[]", "null", '{"source": null}', b"\xff\xfe", "HALF"],
)
def test_a_broken_index_is_made_anew(tmp_path, content):
    before = indexed(tmp_path, everything())
    if content == "HALF":
        whole = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))
        content = json.dumps({**whole, "categories": {"物理": {"name": "物理"}}})
    (tmp_path / "index.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert read_index(benchmark(tmp_path / "b.json"), tmp_path / "index.json") == before
    assert json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))["categories"]
