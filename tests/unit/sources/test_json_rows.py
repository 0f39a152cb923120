"""A category is read from its first row on, and that changes nothing but the time it takes."""

import gzip
import json
import os

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sources_by_hand import benchmark, prepared, row, written

from snakedit.core.errors import SourceError
from snakedit.sources import json_stream, open_source
from snakedit.sources.index import read_index
from snakedit.sources.json_rows import json_rows
from snakedit.stages.prepare_category import prepare_category


def content(source_row):
    """Return what can be compared of a row: its images are functions."""
    r = source_row
    return (r.place, r.category, r.id, r.digest, r.fields, r.error)


def check_every_place(settings):
    """Read from each row on; return how many rows there are."""
    source = open_source(settings)
    whole = [content(row) for row in source.rows()]
    for number, (place, *_) in enumerate(whole):
        assert [content(row) for row in source.rows(place)] == whole[number:]
    return len(whole)


SCALARS = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text('"\\[]{},: é物\n', max_size=9)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
BENCHMARKS = st.lists(VALUES, min_size=1, max_size=6) | st.dictionaries(
    st.text(max_size=4), st.lists(VALUES, max_size=4), min_size=1, max_size=4
)


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    rows=BENCHMARKS,
    indent=st.sampled_from([None, 0, 3, "\t"]),
    ascii_only=st.booleans(),
    before=st.sampled_from(["", "\ufeff", " \r\n\t", "\ufeff\n"]),
)
def test_any_list_or_dict_of_lists_can_be_read_from_each_of_its_rows_on(
    tmp_path_factory, rows, indent, ascii_only, before
):
    path = tmp_path_factory.mktemp("places") / "b.json"
    text = before + json.dumps(rows, indent=indent, ensure_ascii=ascii_only) + "\n"
    path.write_text(text, encoding="utf-8")
    counted = sum(map(len, rows.values())) if isinstance(rows, dict) else len(rows)
    assert check_every_place(benchmark(path)) == counted


@hypothesis_settings(max_examples=60, deadline=None)
@given(rows=BENCHMARKS, size=st.integers(1, 7))
def test_rows_do_not_depend_on_how_much_is_read_at_a_time(tmp_path_factory, rows, size):
    path = tmp_path_factory.mktemp("rows") / "b.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    whole = list(json_rows(str(path)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "BLOCK", size)
        assert list(json_rows(str(path))) == whole


@pytest.mark.parametrize("how", ["utf-8", "utf-8-sig", "utf-16", "gzip"])
@pytest.mark.parametrize(
    ("shape", "suffix"),
    [
        *(("list", ".json"), ("list", ".jsonl"), ("lists by category", ".json"), ("by id", ".json")),
        *(("lines", ".json"), ("lines", ".jsonl")),
    ],
)
def test_each_shape_is_read_in_each_encoding_from_each_row_on(tmp_path, shape, how, suffix):
    rows = [{"id": f"物{n}", "note": 'a "b"\\' * n, "prompt": "x"} for n in range(4)]
    shaped = {
        "list": lambda: json.dumps(rows, ensure_ascii=False),
        "lists by category": lambda: json.dumps({"a": rows[:2], "é": rows[2:], "empty": []}, indent=1),
        "by id": lambda: json.dumps({fields["id"]: fields for fields in rows}, ensure_ascii=False),
        "lines": lambda: "".join(json.dumps(fields) + "\n\n" for fields in rows),
    }
    text = shaped[shape]()
    path = tmp_path / f"b{suffix}{'.gz' if how == 'gzip' else ''}"
    path.write_bytes(gzip.compress(text.encode()) if how == "gzip" else text.encode(how))
    read = list(json_rows(str(path)))
    assert [r.value for r in read] == rows
    assert [r.place.row for r in read] == [1, 2, 3, 4]
    assert [r.category for r in read] == (["a", "a", "é", "é"] if "category" in shape else [None] * 4)
    assert [r.key for r in read] == ([fields["id"] for fields in rows] if shape == "by id" else [None] * 4)
    for number, begin in enumerate(read):
        assert list(json_rows(str(path), begin.place)) == read[number:]


def test_nan_is_null_and_no_other_number_is_lost(tmp_path):
    path = tmp_path / "b.json"
    path.write_text('[{"a": NaN, "b": -Infinity, "c": 18446744073709551616, "d": [NaN, 1e999]}]')
    (only,) = json_rows(str(path))
    assert only.value == {"a": None, "b": "-Infinity", "c": 2**64, "d": [None, "1e999"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PAR1\0\0", r"b\.json: is a Parquet file; allowed: JSON"),
        (b"PK\x03\x04", "zip archive or an Excel workbook"),
        (b"version https://git-lfs.github.com/spec/v1\n", "was not downloaded"),
        (gzip.compress(b"[{}, {}]", mtime=0)[:-9], "cannot be read"),
        (b"\x1f\x8b nothing", "cannot be read"),
        ("[1".encode("utf-16")[:-1], "not UTF-16"),
        (b'{"version": 1, "data": []}', "the category 'version' does not hold a list"),
        (b'[{"a": 1},]', "after row 1"),
        (b'[{"a": 1} {"a": 2}]', "after row 1"),
        (b'{"a": [{}], 3: []}', "a key in quotation marks"),
        (b'{"a" [{}]}', "':' was expected"),
        (b'[{"a": "\n"}]', "not JSON in UTF-8 after row 0"),
        (b'[{"a": [}]]', "not JSON in UTF-8 after row 0"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(tmp_path, content, message):
    path = tmp_path / "b.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        list(json_rows(str(path)))


def test_a_row_longer_than_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_stream, "BLOCK", 100)
    monkeypatch.setattr(json_stream, "MAX_VALUE_BYTES", 1_000)
    path = tmp_path / "b.json"
    path.write_text(json.dumps([{"a": 1}, {"a": "x" * 3_000}]), encoding="utf-8")
    with pytest.raises(SourceError, match=r"b\.json: one row has over"):
        list(json_rows(str(path)))


def test_a_row_that_is_nested_too_deep_keeps_its_other_fields(tmp_path):
    path = tmp_path / "b.json"
    deep = "[" * 100_000 + "]" * 100_000
    path.write_text(f'[{{"subset": "c", "deep": {deep}, "id": "a"}}, {{"subset": "c"}}]', encoding="utf-8")
    first, second = open_source(benchmark(path)).rows()
    assert (first.category, first.id, first.error) == ("c", "a", "nested more than 100 levels deep")
    assert second.category == "c"


def test_rows_longer_than_what_is_read_at_a_time_have_places(tmp_path):
    # PHP escapes the slashes of base64.
    long = ("x" * 70_001 + "\\/") * 3
    rows = ",".join(f'{{"subset": "{name}", "note": "{long}", "id": "{name}"}}' for name in "abab")
    path = tmp_path / "b.json"
    path.write_text(f"[{rows}]", encoding="utf-8")
    assert check_every_place(benchmark(path)) == 4


def test_nothing_before_a_categorys_first_row_is_read(tmp_path, monkeypatch):
    path = written(tmp_path, {"before": [row(n) for n in range(2_000)], "c": [row(7, subset=None)]})
    path.write_text(path.read_text(encoding="utf-8").replace('"subset": "c", ', ""), encoding="utf-8")
    settings = benchmark(path)
    category = read_index(settings, tmp_path / "index.json").categories["c"]
    begin = category.first.byte
    whole = path.read_bytes()
    assert begin > len(whole) * 0.99
    # What cannot be read as JSON, at the same time and of the same size.
    stat = path.stat()
    path.write_bytes(b"x" * begin + whole[begin:])
    os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    items, _ = prepared(tmp_path, path)
    assert [item.id for item in items] == ["p7"]


def test_an_excluded_row_is_named_by_its_number_in_the_whole_file(tmp_path):
    rows = {"before": [row(0, subset=None)] * 3, "c": [row(1, subset=None), row(2, subset=None, seed="soon")]}
    _, (excluded,) = prepared(tmp_path, written(tmp_path, rows))
    assert excluded["row"] == 5


def test_what_is_not_json_after_a_category_began_is_named_by_its_row(tmp_path):
    path = written(tmp_path, {"before": [row(0, subset=None)] * 3, "c": [row(1, subset=None)] * 3})
    category = read_index(benchmark(path), tmp_path / "index.json").categories["c"]
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(SourceError, match=r"b\.json: not JSON in UTF-8 after row 5"):
        prepare_category(benchmark(path), category, tmp_path / "items.jsonl")


@pytest.mark.parametrize("changed", ["another", "fewer"])
def test_a_category_that_changes_after_it_was_indexed_is_refused(tmp_path, changed):
    rows = [row(n) for n in range(4)]
    path = written(tmp_path, rows)
    category = read_index(benchmark(path), tmp_path / "index.json").categories["c"]
    rows = rows[:-1] if changed == "fewer" else [*rows[:-1], row(9)]
    written(tmp_path, rows)
    with pytest.raises(SourceError, match=r"b\.json: the category 'c' has changed .*run again"):
        prepare_category(benchmark(path), category, tmp_path / "items.jsonl")
    assert not (tmp_path / "items.jsonl").exists()


@pytest.mark.parametrize("name", ["ITEMS.JSONL", "items.JsonL", "ITEMS.NDJSON"])
def test_json_lines_are_known_by_their_name_in_capitals_too(tmp_path, name):
    path = tmp_path / name
    path.write_text('{"image": ["a.png"], "instruction": ["x"]}\n' * 2)
    assert [found.value["image"] for found in json_rows(str(path))] == [["a.png"]] * 2
