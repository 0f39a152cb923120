import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.errors import SourceError
from snakedit.sources.json_rows import parse_json
from snakedit.sources.tables import read_table

REQUIRED = ("image", "instruction")


def table(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("name", "lines", "ids"),
    [
        (
            "t.csv",
            ["id,image,instruction", "a,0.png,one", 'b,0.png,"two\nlines, ""quoted"""', "", "c,,"],
            ["a", "b", "c"],
        ),
        ("t.jsonl", ['{"id": "a", "text": "物\u2028"}', "", '{"id": "b"}'], ["a", "b"]),
    ],
)
def test_a_table_can_be_read_from_each_of_its_rows_on(tmp_path, name, lines, ids, mark, end):
    path = table(tmp_path, name, (mark + end.join(lines).replace("\n", end)).encode())
    whole = list(read_table(path, required=REQUIRED))
    assert [row.value["id"] for row in whole] == ids
    assert [row.place.row for row in whole] == list(range(1, len(ids) + 1))
    for number, row in enumerate(whole):
        assert list(read_table(path, row.place, REQUIRED)) == whole[number:]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["id,instruction", "a,x"], r"t\.csv:1: the column 'image' is missing"),
        (["id,image,instruction", "a,0.png"], r"t\.csv:2: a row of another length than the header's 3 col"),
        (["id,image,instruction", "a,0.png,x,y"], r"t\.csv:2: a row of another length"),
        (["id,image,instrution", "a,b,c"], r"'instruction' is missing; did you mean 'instrution'"),
        (["id,image,image,instruction"], r"t\.csv:1: the column 'image' is there more than once"),
        (["id,image,instruction", "a,b,c", 'a,b,"c'], r"t\.csv:3: not CSV \(unexpected end"),
        (["id,image,instruction", "a,b,c", 'a,b,"c"d'], r"t\.csv:3: not CSV"),
        ([], r"t\.csv:1: the column 'image' is missing"),
    ],
)
def test_a_broken_csv_table_names_the_file_and_the_line(tmp_path, lines, message):
    with pytest.raises(SourceError, match=message):
        list(read_table(table(tmp_path, "t.csv", "\n".join(lines).encode()), required=REQUIRED))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", r"t\.jsonl:2: not JSON"),
        (b"[1]", r"t\.jsonl:2: a list, not an object"),
        (b'{"a": ' + b"[" * 100_000, r"t\.jsonl:2: nested too deep"),
    ],
)
def test_a_broken_line_of_json_names_the_file_and_the_line(tmp_path, line, message):
    with pytest.raises(SourceError, match=message):
        list(read_table(table(tmp_path, "t.jsonl", b'{"a": 1}\n' + line)))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("t.csv", [b"id,image,instruction", *[b"a,0.png,x"] * 3, b"a,0.png,\xe9"]),
        ("t.jsonl", [*[b'{"id": 1}'] * 4, b'{"id": "\xe9"}']),
    ],
)
def test_a_table_that_is_not_utf_8_names_the_line(tmp_path, name, lines):
    with pytest.raises(SourceError, match=rf"{name}:5: not UTF-8"):
        list(read_table(table(tmp_path, name, b"\n".join(lines))))


def test_a_table_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(SourceError, match=r"t\.csv: cannot be read"):
        list(read_table(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2.5, -3]", [1, 2.5, -3]),
        ("[NaN, -Infinity, 1e999]", [None, "-Infinity", "1e999"]),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_a_number_that_cannot_be_held_stays_text(text, value):
    assert parse_json(text, "here") == value


@given(st.recursive(st.floats() | st.integers() | st.text(), st.lists))
def test_parsed_json_holds_no_number_that_json_cannot(value):
    import json

    def numbers(parsed):
        for element in parsed if isinstance(parsed, list) else [parsed]:
            yield from numbers(element) if isinstance(element, list) else [element]

    parsed = parse_json(json.dumps(value), "here")
    assert all(math.isfinite(number) for number in numbers(parsed) if isinstance(number, float))


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_of_a_spreadsheet_is_read(tmp_path, delimiter, encoding):
    lines = (delimiter.join(cells) for cells in (("id", "image", "prompt"), ("物", "a.png", "make it")))
    path = table(tmp_path, "t.csv", "\r\n".join(lines).encode(encoding))
    (row,) = read_table(path, required=REQUIRED)
    assert row.value == {"id": "物", "image": "a.png", "prompt": "make it"}


def test_a_cell_of_nan_is_empty(tmp_path):
    path = table(tmp_path, "t.csv", b"image,instruction,human_a\na.png,Nan makes tea,NaN\n")
    (row,) = read_table(path, required=REQUIRED)
    assert row.value == {"image": "a.png", "instruction": "Nan makes tea", "human_a": None}


def test_a_table_of_very_many_columns_is_refused_in_one_line(tmp_path):
    header = ",".join(["image", "instruction", *(f"c{n}" for n in range(20_000))])
    with pytest.raises(SourceError, match=r"t\.csv:1: 20,002 columns; allowed: at most 1,000"):
        list(read_table(table(tmp_path, "t.csv", header.encode()), required=REQUIRED))
