"""Records that do not fit together are refused in one line."""

import re

import pytest
from results_by_hand import ResultsByHand, edit, item, score

from snakedit.core.atomic import write_whole
from snakedit.core.errors import RecordError
from snakedit.core.records import Edit, Score


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


OK = {"tiny": [edit("a")]}


@pytest.mark.parametrize(
    ("edits", "scores", "says"),
    [
        (
            {"tiny": [edit("b")]},
            [],
            "edits.jsonl: the item 'b' is not in the category's items.jsonl; run snakemake",
        ),
        ({"tiny": [edit("a"), edit("a")]}, [], "edits.jsonl: the item 'a' comes twice"),
        ({"tiny": [Edit("a", "fine", image="a.png")]}, [], "status 'fine' is not known; allowed: ok, failed"),
        ({"tiny": [Edit("a", "ok")]}, [], "an edit has an image if, and only if, its status is 'ok'"),
        (OK, [score("b", 1.0)], "scores.jsonl: the item 'b' is not in"),
        (OK, [Score("a", "good", score=1.0)], "status 'good' is not known"),
        (OK, [Score("a", "unparsed", score=5.0)], "has a score if, and only if, its status is 'ok'"),
        (OK, [Score("a", "ok")], "has a score if, and only if, its status is 'ok'"),
        (OK, [Score("a", "ok", score="7")], "'score' is '7'; allowed: a finite number, or null"),
        (OK, [Score("a", "ok", values={"m": True}, score=1.0)], "'m' is True; allowed"),
        (OK, [Score("a", "ok", values={"score": 1.0}, score=1.0)], "a metric called 'score'"),
        (OK, [Score("a", "ok", score=1.0, spread={"m": "x"})], "'spread.m' is 'x'; allowed: a finite number"),
        (OK, [Score("a", "ok", score=1.0, tokens={})], "'tokens' is {}; allowed: a finite number"),
        ({"tiny": [edit("a", change="much")]}, [], "'change' is 'much'; allowed: a finite number"),
    ],
)
def test_records_that_do_not_fit_together_end_in_one_line(hand, edits, scores, says):
    hand.add("c", [item("a", "c")], edits, {("vl", "tiny"): scores})
    with pytest.raises(RecordError) as error:
        hand.numbers()
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"images": []}, "an item has an image, and its sha256"),
        ({"image_sha256s": []}, "an item has an image, and its sha256"),
        ({"human": {"tiny": "good"}}, "'human.tiny' is 'good'; allowed: a finite number, or null"),
    ],
)
def test_items_that_cannot_be_meant_end_in_one_line(hand, more, says):
    hand.add("c", [item("a", "c", **more)], {}, {})
    with pytest.raises(RecordError, match=re.escape(says)):
        hand.numbers()


def test_a_category_given_twice_is_not_counted_twice(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    hand.categories *= 2
    with pytest.raises(RecordError, match="the category 'c' comes twice"):
        hand.numbers()


def test_a_category_is_read_when_it_is_its_turn_and_not_before(hand):
    hand.add_scored("a", tiny=[1.0], blank=[1.0])
    hand.add_scored("b", tiny=[1.0], blank=[1.0])
    hand.categories[1].scores["vl", "tiny"].unlink()
    categories = hand.read()
    assert next(categories).name == "a"
    with pytest.raises(RecordError, match="no such file"):
        next(categories)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "excluded.jsonl:1: not JSON"),
        ('{"row": 1, "id": "a"}', "a record of type Excluded lacks 'error'"),
        ('{"error": "no id"}', "excluded.jsonl:1: a row with neither an id nor a number"),
    ],
)
def test_a_damaged_list_of_excluded_rows_ends_in_one_line(hand, line, says):
    files = hand.add_scored("c", tiny=[1.0], blank=[1.0])
    write_whole(files.items.with_name("excluded.jsonl"), [line + "\n"])
    with pytest.raises(RecordError, match=re.escape(says)):
        hand.numbers()
