import csv
import json
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from results_by_hand import ResultsByHand, configuration, edit, item, score

from snakedit.core.atomic import write_whole
from snakedit.core.errors import RecordError
from snakedit.core.records import Edit, Score
from snakedit.report.data.failures import failures
from snakedit.report.data.leaderboard import comparisons, standings
from snakedit.report.data.leaderboard import leaderboard as leaderboard_of
from snakedit.report.data.numbers import CategoryNumbers, Numbers
from snakedit.report.tables import csv_json as tables
from snakedit.stats.intervals import Sample, interval

COLUMNS = (
    "benchmark,judge,editor,level,category,metric,n,scored,coverage,mean,ci_low,ci_high,rank,rank_low,rank_high,"
    "mean_if_missing_lowest,mean_if_missing_highest"
)


@pytest.fixture
def hand(tmp_path: Path) -> ResultsByHand:
    return ResultsByHand(tmp_path / "bench")


def read(hand: ResultsByHand) -> Numbers:
    return hand.numbers("bench")


def found_failures(hand: ResultsByHand):
    return [f for category in hand.read() for f in failures(category, hand.editors, hand.judges)]


def leaderboard(hand: ResultsByHand) -> dict[tuple[str, str, str, str], dict[str, str]]:
    path = hand.root / "report" / "leaderboard.csv"
    tables.write_leaderboard(path, "bench", leaderboard_of(read(hand)))
    assert path.read_text().splitlines()[0] == COLUMNS
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["benchmark"] for row in rows} <= {"bench"}
    keyed = {(row["editor"], row["level"], row["category"], row["metric"]): row for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def numbers(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("n", "scored", "coverage", "mean", "ci_low", "ci_high"))


def test_the_leaderboard_holds_the_numbers_worked_out_by_hand(hand):
    hand.add_scored("物理", tiny=[8.0, 6.0, None, 1.0], blank=[0.0, 0.0, 0.0, 0.0])
    hand.add_scored("环境", tiny=[9.0], blank=[None])
    found = leaderboard(hand)
    expected = {
        ("tiny", "category", "物理", "score"): ("4", "3", "0.75", "5.0", "", ""),
        ("tiny", "category", "环境", "score"): ("1", "1", "1.0", "9.0", "", ""),
        ("tiny", "macro", "", "score"): ("5", "4", "0.8", "7.0", "", ""),
        ("tiny", "micro", "", "score"): ("5", "4", "0.8", "6.0", "", ""),
        ("tiny", "category", "物理", "half"): ("4", "3", "0.75", "2.5", "", ""),
        ("tiny", "macro", "", "double"): ("5", "4", "0.8", "14.0", "", ""),
        ("blank", "category", "环境", "score"): ("1", "0", "0.0", "", "", ""),
        ("blank", "macro", "", "score"): ("5", "4", "0.8", "0.0", "", ""),
    }
    assert {key: numbers(found[key]) for key in expected} == expected
    assert len(found) == 2 * 3 * (2 + 2)


def test_failed_unread_and_missing_items_all_stay_in_n(hand):
    items = [item(name, "c") for name in ("good", "failed", "unread", "refused", "no score", "no edit")]
    hand.add(
        "c",
        items,
        {
            "tiny": [edit("good"), Edit("failed", "failed", error="out of memory")]
            + [edit(name) for name in ("unread", "refused", "no score")]
        },
        {
            ("vl", "tiny"): [
                score("good", 4.0),
                Score("failed", "no_edit"),
                score("unread", None),
                Score("refused", "refused", error="content filter"),
            ]
        },
    )
    found = leaderboard(hand)
    for level, category in (("category", "c"), ("macro", ""), ("micro", "")):
        assert numbers(found["tiny", level, category, "score"])[:2] == ("6", "1")
        assert numbers(found["tiny", level, category, "half"])[3] == "2.0"
        assert numbers(found["blank", level, category, "score"])[:4] == ("6", "0", "0.0", "")
    tiny = [f for f in found_failures(hand) if f.editor == "tiny"]
    assert [(f.item, f.stage, f.status, f.judge, f.error) for f in tiny] == [
        ("failed", "edit", "failed", "", "out of memory"),
        ("unread", "score", "unparsed", "vl", "no number"),
        ("refused", "score", "refused", "vl", "content filter"),
        ("no score", "score", "missing", "vl", "no record of a score"),
        ("no edit", "edit", "missing", "", "no record of an edit"),
    ]


def test_a_metric_read_on_its_own_counts_though_the_items_score_could_not_be_made(hand):
    partial = Score("a", "unparsed", values={"half": 3.0, "double": None}, error="no number")
    hand.add("c", [item("a", "c")], {"tiny": [edit("a")]}, {("vl", "tiny"): [partial]})
    found = leaderboard(hand)
    assert numbers(found["tiny", "micro", "", "half"])[:4] == ("1", "1", "1.0", "3.0")
    assert numbers(found["tiny", "micro", "", "double"])[:4] == ("1", "0", "0.0", "")
    assert numbers(found["tiny", "micro", "", "score"])[:4] == ("1", "0", "0.0", "")


def test_an_item_of_which_a_metric_is_not_asked_is_not_missing_from_it(hand):
    asked = Score("asked", "ok", values={"quality": 4.0, "knowledge": 2.0}, score=3.0)
    spared = Score("spared", "ok", values={"quality": 5.0}, score=5.0)
    names = ("asked", "spared")
    hand.add(
        "c",
        [item(name, "c") for name in names],
        {"tiny": [edit(name) for name in names], "blank": [edit(name) for name in names]},
        {
            ("vl", "tiny"): [asked, spared],
            ("vl", "blank"): [Score(name, "failed", error="x") for name in names],
        },
    )
    found = leaderboard(hand)
    assert numbers(found["tiny", "category", "c", "knowledge"])[:3] == ("1", "1", "1.0")
    assert numbers(found["blank", "category", "c", "knowledge"])[:3] == ("1", "0", "0.0")
    assert numbers(found["blank", "category", "c", "quality"])[:3] == ("2", "0", "0.0")


def test_a_category_without_items_has_a_row_and_no_mean(hand):
    hand.add("empty", [], {}, {})
    assert numbers(leaderboard(hand)["tiny", "category", "empty", "score"]) == ("0", "0", "", "", "", "")


def test_editors_are_ordered_by_the_headline_total_and_those_without_one_come_last(hand):
    hand.editors = ("none", "first", "second")
    hand.add_scored("a", none=[None], first=[9.0], second=[1.0])
    hand.add_scored("b", none=[None, None], first=[1.0, 1.0], second=[6.0, 6.0])
    rows = leaderboard_of(read(hand))

    def order(headline: str) -> list[str]:
        return [standing.editor for standing in standings(rows, "vl", "score", headline)]

    assert order("macro") == ["first", "second", "none"]
    assert order("micro") == ["second", "first", "none"]


def test_failures_csv_names_the_rows_that_preparation_left_out(hand):
    files = hand.add_scored("c", tiny=[1.0], blank=[1.0])
    write_whole(files.items.with_name("excluded.jsonl"), ['{"id": "x, y", "error": "bad \\"base64\\""}\n'])
    path = hand.root / "failures.csv"
    lines = [tables.failure_line("bench", failure) for failure in found_failures(hand)]
    write_whole(path, [tables.failures_header(), *lines])
    with open(path, encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["benchmark", "editor", "judge", "category", "item", "stage", "status", "error"],
            ["bench", "", "", "c", "x, y", "prepare", "excluded", 'bad "base64"'],
        ]


def test_a_row_left_out_before_it_had_an_id_is_named_by_its_number(hand):
    files = hand.add_scored("c", tiny=[1.0], blank=[1.0])
    write_whole(files.items.with_name("excluded.jsonl"), ['{"row": 3, "id": null, "error": "no id"}\n'])
    assert [(f.item, f.stage) for f in found_failures(hand)] == [("row 3", "prepare")]


def test_no_csv_file_has_a_strangers_text_that_a_spreadsheet_would_compute(tmp_path):
    hand = ResultsByHand(tmp_path / "bench", ("reference", "blank"))
    names = ("=1+1", "+2+2", "-3+3", "@SUM(1)", "\t=1", "-5", "plain")
    edits = [*(edit(name) for name in names[:-1]), Edit("plain", "failed", error="=2+2")]
    scored = [score(name, 1.0) for name in names[:-1]]
    formula = '=HYPERLINK("http://x")'
    hand.add(
        formula,
        [item(name, formula) for name in names],
        {name: edits for name in hand.editors},
        {("vl", name): scored for name in hand.editors},
    )
    folder = hand.build(configuration({name: {"type": name} for name in hand.editors}))
    computed = []
    for path in folder.glob("*.csv"):
        with open(path, encoding="utf-8", newline="") as file:
            cells = [text for row in csv.reader(file) for text in row]
        computed += [(path.name, text) for text in cells if re.match(r"[=+\-@\t\r](?![\d.e-]+$)", text)]
        assert path.name == "comparisons.csv" or f"'{formula}" in cells, path
    assert computed == []
    found = pq.read_table(folder / "scores.parquet").to_pydict()
    assert set(found["item"]) == set(names)
    assert set(found["category"]) == {formula}


def test_failures_csv_without_failures_is_its_header(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    path = hand.root / "failures.csv"
    lines = [tables.failure_line("bench", failure) for failure in found_failures(hand)]
    write_whole(path, [tables.failures_header(), *lines])
    assert path.read_text() == "benchmark,editor,judge,category,item,stage,status,error\n"


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
        read(hand)
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
        read(hand)


def test_a_category_given_twice_is_not_counted_twice(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    hand.categories *= 2
    with pytest.raises(RecordError, match="the category 'c' comes twice"):
        read(hand)


def test_items_of_different_images_have_an_interval_and_those_of_one_image_have_none(hand):
    items = [replace(item(f"i{n}", "c"), image_sha256s=[f"{n:064}"]) for n in range(30)]
    values = [float(n % 7) for n in range(30)]
    scores = [score(i.id, value) for i, value in zip(items, values, strict=True)]
    edits = {"tiny": [edit(i.id) for i in items]}
    hand.add("c", items, edits, {(judge, "tiny"): scores for judge in hand.judges})
    found = leaderboard(hand)
    for level, name in (("category", "c"), ("macro", ""), ("micro", "")):
        row = found["tiny", level, name, "score"]
        low, high = interval(Sample(np.array(values), np.zeros(30, np.int64), np.arange(30)))
        assert (float(row["ci_low"]), float(row["ci_high"])) == pytest.approx((low, high))
        assert low < float(row["mean"]) < high
    same = ResultsByHand(hand.root.parent / "same")
    same.add_scored("c", tiny=values)
    assert leaderboard(same)["tiny", "macro", "", "score"]["ci_low"] == ""


def test_missing_scores_at_the_ends_of_the_scale_stand_beside_the_mean(hand):
    hand.add_scored("a", tiny=[8.0, None], blank=[1.0, 1.0])
    hand.add_scored("b", tiny=[6.0], blank=[1.0])
    rows = {
        (row.editor, row.level): row
        for row in leaderboard_of(read(hand), {"vl": {"score": (0.0, 10.0)}})
        if row.metric == "score" and not row.category
    }
    macro, micro = rows["tiny", "macro"], rows["tiny", "micro"]
    assert (macro.if_lowest, macro.summary.mean, macro.if_highest) == (5.0, 7.0, 7.5)
    assert (micro.if_lowest, micro.summary.mean, micro.if_highest) == (14 / 3, 7.0, 8.0)
    assert rows["blank", "macro"].if_lowest == rows["blank", "macro"].if_highest == 1.0


def test_leaderboard_json_has_the_editors_best_first(hand):
    hand.add_scored("a", tiny=[8.0, None], blank=[9.0, 9.0])
    content = json.loads((hand.build() / "leaderboard.json").read_text(encoding="utf-8"))
    (judge,) = content["judges"]
    assert (content["benchmark"], judge["judge"], judge["headline"]) == ("bench", "vl", "macro")
    assert [entry["editor"] for entry in judge["editors"]] == ["blank", "tiny"]
    assert judge["editors"][1]["macro"]["coverage"] == 0.5
    assert judge["editors"][1]["categories"]["a"]["mean"] == 8.0


def test_comparisons_csv_has_every_two_editors_by_both_totals(hand):
    hand.add_scored("a", tiny=[8.0, 7.0, None], blank=[1.0, 1.0, 1.0])
    with open(hand.build() / "comparisons.csv", encoding="utf-8", newline="") as file:
        macro, micro = csv.DictReader(file)
    assert ",".join(macro) == (
        "benchmark,judge,metric,level,editor,against,n,wins,ties,losses,difference,ci_low,ci_high,p,p_holm"
    )
    assert (macro["level"], micro["level"]) == ("macro", "micro")
    assert (macro["editor"], macro["against"], macro["n"], macro["wins"]) == ("tiny", "blank", "2", "2")
    assert (macro["difference"], macro["p"]) == ("6.5", "1.0")


@pytest.mark.parametrize(
    ("images", "clusters"),
    [
        ([["x"], ["y"], ["z"]], 3),
        ([["x"], ["x"], ["y"]], 2),
        ([["x", "y"], ["y", "z"], ["z"]], 1),
    ],
)
def test_items_that_share_a_source_image_are_one_cluster_in_whatever_category(hand, images, clusters):
    for place, category in enumerate(("a", "b", "c")):
        only = item(category, category)
        hand.add(category, [replace(only, image_sha256s=images[place])], {}, {})
    sample = read(hand).sample("vl", "tiny", "score")
    assert len(set(sample.clusters.tolist())) == clusters


def test_an_item_that_goes_on_from_anothers_edit_is_in_its_cluster(hand):
    first = replace(item("1", "c"), image_sha256s=["x"])
    second = replace(item("2", "c"), image_sha256s=["y"], previous="1")
    hand.add("c", [first, second], {}, {})
    assert len(set(read(hand).sample("vl", "tiny", "score").clusters.tolist())) == 1


def test_a_hundred_thousand_items_are_aggregated_in_bounded_memory():
    drawn = np.random.default_rng(0)
    categories = tuple(
        CategoryNumbers(
            name=str(number),
            folder=str(number),
            clusters=np.arange(5000) // 2 + 5000 * number,
            values={("vl", editor, "score"): drawn.normal(5, 2, 5000) for editor in ("a", "b", "c", "d")},
            asked={},
            edited={},
            human={},
        )
        for number in range(20)
    )
    numbers = Numbers("bench", ("a", "b", "c", "d"), ("vl",), {"vl": ["score"]}, categories)
    tracemalloc.start()
    rows, pairs = leaderboard_of(numbers), comparisons(numbers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 4 * 22
    assert len(pairs["vl", "macro"]) == 6
    assert peak < 200 * 2**20


def test_a_category_is_read_when_it_is_its_turn_and_not_before(hand):
    hand.add_scored("a", tiny=[1.0], blank=[1.0])
    hand.add_scored("b", tiny=[1.0], blank=[1.0])
    hand.categories[1].scores["vl", "tiny"].unlink()
    categories = hand.read()
    assert next(categories).name == "a"
    with pytest.raises(RecordError, match="no such file"):
        next(categories)
