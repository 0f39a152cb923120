"""Every control of the gallery is used, and does what it says."""

import csv
from pathlib import Path

import pytest
from galleries import EDITORS, open_gallery
from playwright.sync_api import Page, expect

ALL = 6 + 5 + 3


@pytest.fixture(autouse=True)
def gallery(page: Page, report: Path) -> Page:
    open_gallery(page, report)
    return page


def shown(page: Page) -> list[str]:
    return [str(name) for name in page.locator("article").evaluate_all("all => all.map(a => a.dataset.id)")]


def wait_for(page: Page, count: int) -> list[str]:
    expect(page.locator("article")).to_have_count(count)
    return shown(page)


def editors_of_first(page: Page) -> list[str]:
    cells = page.locator("article").first.locator(".edit")
    return [str(name) for name in cells.evaluate_all("all => all.map(e => e.dataset.editor)")]


def test_all_items_are_shown_with_source_reference_and_every_editors_edit_in_a_row(page):
    assert len(shown(page)) == ALL
    first = page.locator("article").first
    assert first.locator("figcaption .name").all_inner_texts() == [
        "Source",
        "Reference",
        "alpha",
        "beta",
        "blank",
    ]
    tops = first.locator(".row figure").evaluate_all("all => all.map(f => f.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
    expect(page.locator("#count")).to_have_text(f"1–{ALL} of {ALL} items")


def test_text_finds_words_in_instructions_ids_and_tags(page):
    page.fill("#text", "number 3")
    assert wait_for(page, 1) == ["p3"]
    page.fill("#text", "HEAT")
    assert len(wait_for(page, 6)) == 6
    page.fill("#text", "p5")
    assert wait_for(page, 1) == ["p5"]
    page.fill("#text", "nothing like this")
    wait_for(page, 0)
    expect(page.locator("#count")).to_have_text("No item fits. Clear the filters to see all.")


def test_category_keeps_its_items(page):
    page.select_option("#category", label="物理 (6)")
    assert wait_for(page, 6) == [f"p{n}" for n in range(6)]
    expect(page.locator("#count")).to_have_text(f"1–6 of 6 items, {ALL} in all")


def test_judge_changes_whose_scores_are_shown(page):
    score = page.locator("article[data-id=p0] .edit .value").first
    expect(score).to_have_text("5.00")
    page.select_option("#judge", "other")
    expect(score).to_have_text("7.50")


def test_editors_change_which_edits_are_shown_and_filtered_by(page):
    page.uncheck("#editors input[value=alpha]")
    expect(page.locator("article").first.locator(".edit")).to_have_count(2)
    assert editors_of_first(page) == ["beta", "blank"]
    page.fill("#low", "8.4")
    assert wait_for(page, 1) == ["p2"]


@pytest.mark.parametrize(
    ("status", "item"),
    [
        ("unparsed", "unparsed"),
        ("refused", "refused"),
        ("failed", "judge failed"),
    ],
)
def test_status_keeps_items_of_which_an_edit_has_it(page, status, item):
    page.select_option("#status", status)
    assert wait_for(page, 1) == [item]


def test_status_and_editor_together_ask_one_edit_for_both(page):
    page.select_option("#status", "edit failed")
    assert len(wait_for(page, 1 + 3)) == 4
    page.uncheck("#editors input[value=beta]")
    assert wait_for(page, 1) == ["edit failed"]


def test_a_range_of_scores_keeps_items_with_a_score_in_it(page):
    page.fill("#low", "8.5")
    assert wait_for(page, 2) == ["p1", "p2"]
    page.fill("#high", "8.5")
    assert wait_for(page, 1) == ["p2"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        # Means over alpha and beta: 5.25, 8.5, 5.25, 6, 0.75, 7.25.
        ("best", ["p1", "p5", "p3", "p0", "p2", "p4"]),
        ("worst", ["p4", "p0", "p2", "p3", "p5", "p1"]),
        ("disagreed", ["p2", "p1", "p0", "p4", "p5", "p3"]),
        ("changed", ["p5", "p4", "p3", "p2", "p1", "p0"]),
        ("unchanged", ["p0", "p1", "p2", "p3", "p4", "p5"]),
        ("order", ["p0", "p1", "p2", "p3", "p4", "p5"]),
    ],
)
def test_each_order_puts_the_items_as_it_says(page, sort, expected):
    page.select_option("#category", label="物理 (6)")
    page.uncheck("#editors input[value=blank]")
    page.select_option("#sort", "worst" if sort == "best" else "best")
    page.select_option("#sort", sort)
    page.wait_for_function("id => document.querySelector('article').dataset.id === id", arg=expected[0])
    assert shown(page) == expected


def test_a_control_makes_no_disagreement(page):
    page.select_option("#category", label="物理 (6)")
    page.select_option("#sort", "disagreed")
    page.wait_for_function("() => document.querySelector('article').dataset.id === 'p2'")
    assert shown(page)[-1] == "p3"


def test_items_without_a_score_come_last_in_every_order(page):
    for sort in ("best", "worst", "disagreed"):
        page.select_option("#sort", sort)
        expect(page.locator("article").first).to_have_attribute(
            "data-id", {"best": "p1", "worst": "p4", "disagreed": "p2"}[sort]
        )
        assert "unparsed" in shown(page)[-5:]


def test_clear_brings_everything_back(page):
    page.fill("#text", "number 3")
    page.uncheck("#editors input[value=beta]")
    wait_for(page, 1)
    page.click("#clear")
    wait_for(page, ALL)
    assert page.input_value("#text") == ""
    assert editors_of_first(page) == list(EDITORS)


def test_the_selection_is_saved_as_csv(page, tmp_path):
    page.fill("#text", "p2")
    page.uncheck("#editors input[value=blank]")
    expect(page.locator("article .edit")).to_have_count(2)
    with page.expect_download() as started:
        page.click("#save")
    download = started.value
    assert download.suggested_filename == "bench-selection.csv"
    path = tmp_path / "selection.csv"
    download.save_as(path)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {
            "benchmark": "bench",
            "category": "物理",
            "item": "p2",
            "editor": editor,
            "judge": "vl",
            "status": "ok",
            "score": score,
            "change": change,
        }
        for editor, score, change in (("alpha", "2", "0.12"), ("beta", "8.5", "0.22"))
    ]


def test_the_whole_selection_is_saved_and_strangers_ids_stay_in_their_field(page, tmp_path):
    with page.expect_download() as started:
        page.click("#save")
    path = tmp_path / "selection.csv"
    started.value.save_as(path)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == ALL * len(EDITORS)
    items = list(dict.fromkeys(row["item"] for row in rows))
    # No spreadsheet shall compute an id.
    assert items == [item.replace("=missing", "'=missing") for item in shown(page)]
    assert "'=missing" in items
    failed = next(row for row in rows if row["item"] == "edit failed")
    assert (failed["status"], failed["score"], failed["change"]) == ("edit failed", "", "")


def test_scores_and_words_open_in_their_place(page):
    cell = page.locator("article[data-id=p1] .edit[data-editor=beta]")
    words = cell.get_by_text("text vl says 8.0 of beta")
    expect(words).to_be_hidden()
    cell.get_by_text("Details").click()
    expect(words).to_be_visible()
    expect(cell.get_by_text("half").first).to_be_visible()


def test_what_failed_says_why(page):
    page.select_option("#category", label="trouble (5)")
    wait_for(page, 5)
    cell = page.locator("article[data-id='edit failed'] .edit[data-editor=alpha]")
    cell.get_by_text("Why").click()
    expect(cell.get_by_text("out of memory")).to_be_visible()
    expect(page.locator("article[data-id='=missing'] .edit .status").first).to_have_text("edit missing")


def test_more_about_an_item_opens(page):
    page.locator("article[data-id=p0]").get_by_text("More about this item").click()
    expect(page.locator("article[data-id=p0]").get_by_text("A photo.")).to_be_visible()


def test_the_panel_of_filters_can_be_closed(page):
    page.get_by_text("Filter and sort").click()
    expect(page.locator("#text")).to_be_hidden()


def test_the_theme_changes_and_stays(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    page.click("#theme")
    expect(page.locator("#theme-name")).to_have_text("dark")
    assert page.evaluate(ground) != light
    page.reload()
    expect(page.locator("#theme-name")).to_have_text("dark")
    page.click("#theme")
    expect(page.locator("#theme-name")).to_have_text("auto")
