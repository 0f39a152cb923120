"""The CSV files: their columns, their guide, and texts that a spreadsheet would compute."""

import csv
import re

import pyarrow.parquet as pq
import pytest
from judges_by_hand import GOOD, HUMAN_RATINGS, checked
from places import REPOSITORY
from results_by_hand import ResultsByHand, edit, item, planned_run, score

from snakedit.core.atomic import write_whole
from snakedit.core.records import Edit
from snakedit.report.tables.columns import JUDGES, REPORT_FILES


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def read(folder, name):
    with open(folder / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_leaderboard_csv_has_a_row_a_mean_and_empty_fields_for_numbers_that_do_not_exist(hand):
    hand.add_scored("物理", tiny=[8.0, 6.0, None, 1.0], blank=[None] * 4)
    folder = hand.build()
    assert (folder / "leaderboard.csv").read_text(encoding="utf-8").splitlines()[0] == (
        "benchmark,judge,editor,level,category,metric,n,scored,coverage,mean,ci_low,ci_high,rank,rank_low,"
        "rank_high,mean_if_missing_lowest,mean_if_missing_highest"
    )
    rows = {(r["editor"], r["level"], r["metric"]): list(r.values()) for r in read(folder, "leaderboard.csv")}
    same = ["bench", "vl", "tiny"]
    category = [
        *same,
        "category",
        "物理",
        "score",
        "4",
        "3",
        "0.75",
        "5.0",
        "",
        "",
        "",
        "",
        "",
        "3.75",
        "6.25",
    ]
    assert rows["tiny", "category", "score"] == category
    macro = [*same, "macro", "", "score", "4", "3", "0.75", "5.0", "", "", "1", "1", "1", "3.75", "6.25"]
    assert rows["tiny", "macro", "score"] == macro
    assert rows["blank", "macro", "half"][6:] == ["4", "0", "0.0", *[""] * 8]


def test_failures_csv_names_the_rows_that_preparation_left_out(hand):
    files = hand.add_scored("c", tiny=[1.0], blank=[1.0])
    write_whole(files.items.with_name("excluded.jsonl"), ['{"id": "x, y", "error": "bad \\"base64\\""}\n'])
    with open(hand.build() / "failures.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["benchmark", "editor", "judge", "category", "item", "stage", "status", "error"],
            ["bench", "", "", "c", "x, y", "prepare", "excluded", 'bad "base64"'],
        ]


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
    folder = hand.build(planned_run({name: {"type": name} for name in hand.editors}))
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
    text = (hand.build() / "failures.csv").read_text()
    assert text == "benchmark,editor,judge,category,item,stage,status,error\n"


def test_comparisons_csv_has_every_two_editors_by_both_totals(hand):
    hand.add_scored("a", tiny=[8.0, 7.0, None], blank=[1.0, 1.0, 1.0])
    macro, micro = read(hand.build(), "comparisons.csv")
    assert ",".join(macro) == (
        "benchmark,judge,metric,level,editor,against,n,wins,ties,losses,difference,ci_low,ci_high,p,p_holm,"
        "least_difference,items_needed"
    )
    assert (macro["level"], micro["level"]) == ("macro", "micro")
    assert (macro["editor"], macro["against"], macro["n"], macro["wins"]) == ("tiny", "blank", "2", "2")
    assert (macro["difference"], macro["p"]) == ("6.5", "1.0")


def test_the_table_has_a_row_a_check_and_empty_fields_for_what_does_not_exist(tmp_path):
    hand, run, checks = checked(tmp_path, {"a": GOOD}, human=HUMAN_RATINGS)
    folder = hand.build(run)
    rows = read(folder, "judges.csv")
    assert len(rows) == len(checks)
    blank = next(row for row in rows if row["against"] == "blank" and row["level"] == "all")
    assert (blank["benchmark"], blank["judge"], blank["right"]) == ("bench", "vl", "reference")
    assert (float(blank["auc"]), blank["agree"], blank["spearman"]) == (1.0, "4", "")
    human = next(row for row in rows if row["against"] == "human" and row["editor"] == "tiny")
    assert (human["auc"], human["right"]) == ("", "")
    assert human["spearman"] == ""  # It gave every edit a 5.
    assert human["tied_judge"] == "6"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Against people’s ratings" in page


def test_config_readme_explains_the_columns_of_judges_csv_as_the_page_does():
    text = (REPOSITORY / "config" / "README.md").read_text(encoding="utf-8")
    section = text[text.index("`judges.csv`") :].split("\n\n")[1]
    rows = [line.strip("| ").split(" | ") for line in section.replace("`", "").splitlines()[2:]]
    assert rows == [[columns.names, columns.meaning] for columns in JUDGES.guide]


def test_every_csv_file_of_a_report_has_the_columns_that_are_declared(hand):
    hand.add_scored("c", tiny=[1.0], blank=[2.0])
    folder = hand.build()
    declared = {file.name: ",".join(file.header) for file in REPORT_FILES if file.columns}
    assert {path.name: path.read_text("utf-8").splitlines()[0] for path in folder.glob("*.csv")} == declared
