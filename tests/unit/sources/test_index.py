import json
import os

import pytest
from sources_by_hand import benchmark, encoded, picture, row, written

from snakedit.core.errors import ConfigError, SourceError
from snakedit.sources import index as module
from snakedit.sources.index import check_usable, read_index


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


def test_rows_that_cannot_be_used_are_counted_within_the_limit(tmp_path, capsys):
    rows = [row(n, src_img_b64="%" if n in (1, 3) else encoded(picture(n))) for n in range(5)]
    path = written(tmp_path, rows)
    for limit, told in ((None, "2 of 5 rows"), (2, "1 of 2 rows"), (1, None)):
        settings = benchmark(path, limit=limit)
        check_usable(settings, read_index(settings, tmp_path / "index.json"))
        line = "".join(part for part in capsys.readouterr().err.splitlines() if "left out" in part)
        assert line == "" if told is None else told in line
        assert ("row 4" in line) == (limit is None)


def test_a_category_without_a_usable_row_is_refused_with_three_examples(tmp_path):
    rows = [row(n, subset="bad", src_img_b64="%") for n in range(2_000)]
    settings = benchmark(written(tmp_path, [row(0), *rows]))
    index = read_index(settings, tmp_path / "index.json")
    with pytest.raises(SourceError, match="none of the 2000 rows of the category 'bad'") as caught:
        check_usable(settings, index)
    assert str(caught.value).count("not base64") == 3
    chosen = benchmark(settings.path, categories=("c",))
    check_usable(chosen, read_index(chosen, tmp_path / "index.json"))


def test_keys_without_a_meaning_are_told_once_with_their_counts(tmp_path, capsys):
    rows = [row(n, licence="free", **({"mystery\x1b": 1} if n else {})) for n in range(3)]
    settings = benchmark(written(tmp_path, rows))
    read_index(settings, tmp_path / "index.json")
    assert "keys without a meaning here: licence (3), mystery� (2)" in capsys.readouterr().err
    read_index(settings, tmp_path / "index.json")
    assert capsys.readouterr().err == ""
