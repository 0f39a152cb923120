"""The report's pages as a browser shows them: safe, offline, on any screen, for every reader, at any size."""

import json
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from galleries import ARABIC, HANDLER, HOSTILE, open_gallery
from playwright.sync_api import Browser, expect

MOST_BYTES = 5_000_000
FAR_AWAY = """() => new Promise((done) => {
    const image = new Image();
    image.onerror = done;
    image.src = "http://far.example/";
})"""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_stays_text_in_the_gallery_and_the_viewer(page, report, text):
    open_gallery(page, report, "#status=ok")
    for details in page.locator("article details").all():
        details.evaluate("element => { element.open = true; }")
    shown = page.locator("#list").inner_text()
    for source in ("", "metric ", "reply ", "error ", "used "):
        assert source + text in shown
    assert f"failure {HANDLER}" in shown
    assert page.locator("#list script, #list img[onerror], #list [onerror]").count() == 0
    place = HOSTILE.index(text)
    page.locator(f"article[data-id^='{place} '] .edit[data-editor=alpha] a.frame").click()
    expect(page.locator("#viewer-name")).to_have_text(f"{place} {text}")
    told = page.locator("#viewer").inner_text()
    assert told.count(text) >= 4
    assert page.locator("#viewer script, #viewer [onerror]").count() == 0
    assert page.locator("#category option").nth(3).inner_text() == f"{HANDLER} (3)"


def test_a_strangers_text_stays_text_on_the_front_page(page, report):
    page.goto(f"file://{report}/index.html")
    assert HANDLER in page.locator("main").inner_text()
    assert page.locator("[onerror]").count() == 0
    assert page.locator("script:not([src])").count() == 0


def test_text_is_shown_in_its_own_direction(page, report):
    open_gallery(page, report)
    instruction = page.locator("article .instruction", has_text=ARABIC)
    assert instruction.evaluate("element => getComputedStyle(element).direction") == "rtl"
    other = page.locator("article .instruction", has_text="number 0")
    assert other.evaluate("element => getComputedStyle(element).direction") == "ltr"
    expect(page.locator(".of-category", has_text="物理").first).to_be_visible()


def test_nothing_but_the_reports_own_files_is_read(watched, report):
    page = watched.page
    page.goto(f"file://{report}/index.html")
    open_gallery(page, report)
    page.locator("article[data-id=p0] .edit a.frame").first.click()
    expect(page.locator("#stage img.layer[data-whole]")).to_have_count(3)
    assert watched.read
    results = report.parent.as_uri()
    assert [address for address in watched.read if not address.startswith((results, "data:", "blob:"))] == []
    # What is looked for there would be seen.
    page.goto("about:blank")
    page.evaluate(FAR_AWAY)
    assert watched.outside == ["http://far.example/"]
    watched.outside.clear()
    watched.errors.clear()


def test_a_connection_that_a_page_would_make_is_refused(watched, report):
    page = watched.page
    open_gallery(page, report)
    tried = """() => new Promise((done) => {
        const image = new Image();
        image.onerror = () => done("refused");
        image.onload = () => done("loaded");
        image.src = "https://far.example/x.png";
    })"""
    assert page.evaluate(tried) == "refused"
    assert watched.outside == []
    watched.errors = [error for error in watched.errors if "Content Security Policy" not in error]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(browser: Browser, report, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    found = {}
    page.goto(f"file://{report}/index.html")
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    found["report"] = Axe().run(page)
    open_gallery(page, report)
    page.locator("#panel").evaluate("element => { element.open = true; }")
    found["gallery"] = Axe().run(page)
    page.locator("article[data-id=p0] .edit a.frame").first.click()
    expect(page.locator("#viewer")).to_be_visible()
    found["viewer"] = Axe().run(page)
    page.keyboard.press("s")
    found["slider"] = Axe().run(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found["help"] = Axe().run(page)
    context.close()
    serious = {
        (view, violation["id"]): [node["html"] for node in violation["nodes"]]
        for view, results in found.items()
        for violation in results.response["violations"]
        if violation["impact"] in ("serious", "critical")
    }
    assert serious == {}


@pytest.mark.parametrize("width", [1440, 768, 390])
def test_no_page_is_wider_than_its_screen(page, report, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"file://{report}/index.html")
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width
    open_gallery(page, report)
    assert page.evaluate(wide) <= width
    page.locator("article[data-id=p0] .edit a.frame").first.click()
    expect(page.locator("#viewer")).to_be_visible()
    assert page.evaluate(wide) <= width
    box = page.locator("#viewer").bounding_box()
    assert box is not None
    assert box["width"] <= width


def test_a_folder_that_was_sent_alone_shows_its_thumbnails(page, alone):
    open_gallery(page, alone)
    frames = page.locator("article[data-id=p0] .frame img")
    expect(frames).to_have_count(5)
    widths = frames.evaluate_all("all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))")
    assert widths == [320] * 5
    page.locator("article[data-id=p0] .edit a.frame").first.click()
    expect(page.locator("#stage img.layer[data-small]")).to_have_count(3)
    assert page.locator("#stage img").evaluate_all("all => all.map(i => i.naturalWidth)") == [320] * 3
    expect(page.locator("#judgement")).to_contain_text("The full-size pictures are not in this folder")


def test_a_picture_that_is_nowhere_says_so(page, report):
    open_gallery(page, report, "#category=trouble")
    expect(page.locator("article[data-id=unparsed] .missing").first).to_have_text("not in this folder")


def test_the_front_page_shows_right_where_it_is_alone(page, report, tmp_path):
    shutil.copy(report / "index.html", tmp_path / "index.html")
    page.goto(f"file://{tmp_path}/index.html")
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
    assert page.locator(".leaderboard tbody tr").count() == 2 * 3
    assert page.evaluate("getComputedStyle(document.querySelector('.contents')).position") == "sticky"
    assert page.locator("figure.plot svg").count() >= 3


def test_a_folder_that_is_not_whole_says_which_file_is_missing(page, alone):
    (alone / "data" / "scores-0.js").unlink()
    open_gallery(page, alone)
    expect(page.locator("#list")).to_have_text("data/scores-0.js is missing: this folder is not whole")
    (alone / "data" / "index.js").unlink()
    page.goto("about:blank")
    page.goto(f"file://{alone}/gallery.html")
    expect(page.locator("#list")).to_have_text("data/index.js is missing: this folder is not whole")


def test_ten_thousand_items_are_read_piece_by_piece(watched, large):
    page = watched.page
    open_gallery(page, large)
    expect(page.locator("#count")).to_have_text("1–24 of 10,000 items")
    files = {Path(address.removeprefix("file://")) for address in watched.read if address.startswith("file:")}
    read = sum(path.stat().st_size for path in files if path.suffix in (".js", ".css", ".html"))
    assert read < MOST_BYTES
    assert len([path for path in files if path.name.startswith("items-")]) == 2
    assert page.locator("article").count() == 24


def test_ten_thousand_items_are_sorted_searched_paged_and_linked(page, large):
    open_gallery(page, large)
    page.select_option("#sort", "best")
    page.wait_for_function("() => document.querySelector('article').dataset.id !== '0-0000'")
    values = [
        float(text) for text in page.locator("article .edit[data-editor=alpha] .value").all_inner_texts()
    ]
    assert values == sorted(values, reverse=True)
    page.click("#clear")
    page.fill("#page", "417")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("9,985–10,000 of 10,000 items")
    expect(page.locator("article")).to_have_count(16)
    expect(page.locator("#next")).to_be_disabled()
    page.click("#previous")
    expect(page.locator("#count")).to_have_text("9,961–9,984 of 10,000 items")
    page.click("#next")
    expect(page.locator("#count")).to_have_text("9,985–10,000 of 10,000 items")
    page.fill("#text", "3-2499")
    expect(page.locator("article")).to_have_count(1)
    page.locator("article h2 a").click()
    page.reload()
    expect(page.locator("#viewer-name")).to_have_text("3-2499")


def test_j_goes_on_to_the_next_page(page, large):
    open_gallery(page, large)
    page.locator("article").last.focus()
    page.keyboard.press("j")
    page.wait_for_function("() => document.activeElement.dataset.id === '0-0024'")
    expect(page.locator("#page")).to_have_value("2")
    page.keyboard.press("k")
    page.wait_for_function("() => document.activeElement.dataset.id === '0-0023'")


def test_the_list_scrolls_and_its_pictures_are_read_when_they_are_seen(page, report):
    open_gallery(page, report)
    assert set(page.locator("#list img").evaluate_all("all => all.map(i => i.loading)")) == {"lazy"}
    page.locator("article").last.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 0


def test_the_table_of_contents_leads_to_every_section(page, report):
    page.goto(f"file://{report}/index.html")
    for link in page.locator(".contents a").all():
        link.click()
        target = page.locator(str(link.get_attribute("href")))
        expect(target).to_be_in_viewport()


def test_a_cause_of_failure_and_a_category_lead_to_their_items(page, report):
    page.goto(f"file://{report}/index.html")
    page.locator("#failures a", has_text="refused").click()
    page.wait_for_selector("body[data-ready]")
    assert page.locator("article").evaluate_all("all => all.map(a => a.dataset.id)") == ["refused"]
    page.goto(f"file://{report}/index.html")
    page.locator("#categories th a", has_text="物理").first.click()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#count")).to_have_text("1–6 of 6 items, 14 in all")


def test_the_leaderboard_says_in_words_what_its_bars_show(page, report):
    page.goto(f"file://{report}/index.html")
    labels = page.locator("svg.bar").evaluate_all("all => all.map(bar => bar.getAttribute('aria-label'))")
    content = json.loads((report / "leaderboard.json").read_text(encoding="utf-8"))
    means = [f"{e['macro']['mean']:.2f}" for judge in content["judges"] for e in judge["editors"]]
    assert [label.split(",")[0] for label in labels] == means


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u0489"])
def test_marks_stacked_in_an_id_do_not_widen_the_gallery(page, report, mark):
    page.set_viewport_size({"width": 390, "height": 844})
    open_gallery(page, report)
    name = page.locator("article h2 bdi").first
    name.evaluate("(element, text) => { element.textContent = text; }", "a" + mark * 5_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
