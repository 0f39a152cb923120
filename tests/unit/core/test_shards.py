"""Shards: blocks of a category's items, named by their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.errors import RecordError
from snakedit.core.records import Item, write_records
from snakedit.core.shards import Items, Shard, shards_of

FIRST, SECOND = Shard(1, 2), Shard(3, 4)


@given(st.integers(0, 5000), st.integers(1, 1000))
def test_shards_hold_every_item_once_and_in_order(count, size):
    shards = shards_of(count, size)
    items = list(range(count))
    assert [item for shard in shards for item in shard.of(items)] == (items if count > size else [])
    assert all(1 <= len(shard.of(items)) == shard.count_of(count) <= size for shard in shards)
    assert [Shard.parse(str(shard)) for shard in shards] == shards


@given(st.integers(1, 5000), st.integers(1, 1000), st.integers(0, 5000))
def test_items_added_at_the_end_change_no_shards_name(count, size, more):
    before = shards_of(count, size)
    assert shards_of(count + more, size)[: len(before)] == before


@pytest.mark.parametrize("name", ["", "1", "a-b", "000000-000005", "000005-000001", "1-2-3"])
def test_what_is_no_shards_name_is_refused(name):
    with pytest.raises(ValueError, match=r"."):
        Shard.parse(name)


def test_a_shard_reads_no_line_of_another(tmp_path):
    items = [Item(f"i{n}", "c", ["s.png"], ["0" * 64], "red\u2028\r\n") for n in range(4)]
    write_records(tmp_path / "items.jsonl", items)
    assert Items(tmp_path / "items.jsonl")[:] == items
    lines = (tmp_path / "items.jsonl").read_text(encoding="utf-8").split("\n")
    (tmp_path / "items.jsonl").write_text("\n".join(["no JSON", *lines[1:]]), encoding="utf-8")
    found = Items(tmp_path / "items.jsonl")
    assert (len(found), SECOND.of(found)) == (4, items[2:])
    for place in (0, -4):
        with pytest.raises(RecordError, match=r"items\.jsonl:1: not JSON"):
            found[place]


def test_a_category_without_items_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"items\.jsonl: no such file"):
        Items(tmp_path / "items.jsonl")
