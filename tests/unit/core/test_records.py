import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.errors import RecordError
from snakedit.core.records import Edit, Item, Score, from_line, read_records, to_line, write_records

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXT, TEXT, st.lists(TEXT, max_size=3), st.none() | st.integers(0, 2**32 - 1))
def test_an_item_reads_back_as_it_was_written(item_id, instruction, tags, seed):
    item = Item(item_id, "物理", ["images/a.png"], ["0" * 64], instruction, tags=tags, seed=seed)
    line = to_line(item)
    assert "\n" not in line
    assert from_line(line, Item, "x:1") == item


def test_records_of_every_kind_are_read_back_from_a_file(tmp_path):
    for record in (Edit("a", "ok", change=0.5), Score("a", "unparsed", values={"m": None})):
        write_records(tmp_path / "r.jsonl", [record, record])
        assert list(read_records(tmp_path / "r.jsonl", type(record))) == [record, record]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[]", "a list, not an object"),
        ('{"item": "a", "status": "ok", "statsu": 1}', "unknown key 'statsu'.*did you mean 'status'"),
        ('{"item": "a"}', "lacks 'status'"),
        ('{"item": "\udcff", "status": "ok"}', "not JSON.*can't decode byte 0xff"),
        ('{"item": "a", "status": "ok", "width": ' + "9" * 5000 + "}", "not JSON.*4300 digits"),
        ('{"item": ' + "[" * 100_000, "not JSON.*recursion"),
    ],
    ids=lambda value: value[:20],
)
def test_a_line_that_is_no_record_is_named(tmp_path, line, message):
    text = to_line(Edit("a", "ok")) + "\n" + line + "\n"
    (tmp_path / "edits.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecordError, match=r"edits\.jsonl:2: .*" + message):
        list(read_records(tmp_path / "edits.jsonl", Edit))


def test_a_number_that_is_none_is_never_written():
    with pytest.raises(ValueError, match="Out of range"):
        to_line(Score("a", "ok", score=float("nan")))


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(RecordError, match=r"items\.jsonl: no such file"):
        list(read_records(tmp_path / "items.jsonl", Item))
