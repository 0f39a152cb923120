"""The viewer: one item in full, its controls, the keys, and links to it."""

from pathlib import Path

import pytest
from galleries import open_gallery
from playwright.sync_api import Page, expect

LOADS = """(address) => new Promise((done) => {
    const image = new Image();
    image.onload = () => done(true);
    image.onerror = () => done(false);
    image.src = address;
})"""
TRANSFORMS = "all => all.map(layer => layer.style.transform)"


@pytest.fixture(autouse=True)
def gallery(page: Page, report: Path) -> Page:
    open_gallery(page, report)
    return page


def open_item(page: Page, item: str, editor: str = "alpha") -> None:
    page.locator(f"article[data-id={item}] .edit[data-editor={editor}] a.frame").click()
    expect(page.locator("#viewer")).to_be_visible()
    expect(page.locator("#viewer-name")).to_have_text(item)


def chosen(page: Page) -> str:
    return str(page.locator("#viewer-editors input:checked").get_attribute("value"))


def level(page: Page) -> str:
    return page.locator("#zoom-level").inner_text()


def test_it_shows_source_edit_and_reference_side_by_side_in_full_size(page):
    open_item(page, "p1", "beta")
    assert page.locator("#stage figcaption").all_inner_texts() == ["Source", "beta", "Reference"]
    expect(page.locator("#stage img.layer[data-whole]")).to_have_count(3)
    assert all(
        "/images/p1" in address
        for address in page.locator("#stage img").evaluate_all("all => all.map(i => i.src)")
    )
    expect(page.locator("#viewer-instruction")).to_have_text("make number 1 warmer")
    expect(page.locator("#judgement")).to_contain_text("8.00")
    expect(page.locator("#judgement")).to_contain_text("text vl says 8.0 of beta")
    expect(page.locator("#judgement")).to_contain_text("480 × 360")
    for link in page.locator("#judgement .links a").all():
        address = str(link.get_attribute("href"))
        assert address.startswith("../")
        assert page.evaluate(LOADS, address)


def test_its_buttons_go_from_item_to_item_and_end_at_the_ends(page):
    open_item(page, "p0")
    expect(page.locator("#item-back")).to_be_disabled()
    page.click("#item-on")
    expect(page.locator("#viewer-name")).to_have_text("p1")
    expect(page.locator("#viewer-place")).to_have_text("2 of 14")
    page.click("#item-back")
    expect(page.locator("#viewer-name")).to_have_text("p0")


def test_the_editor_is_chosen_among_all_with_their_scores(page):
    open_item(page, "p1")
    assert page.locator("#viewer-editors label").all_inner_texts() == [
        "alpha\n9.00",
        "beta\n8.00",
        "blank\n0.00",
    ]
    page.locator("#viewer-editors label", has_text="beta").click()
    expect(page.locator("#judgement h3")).to_contain_text("beta")
    assert chosen(page) == "beta"


def test_the_slider_uncovers_the_source_from_the_left(page):
    open_item(page, "p0")
    page.get_by_text("Slider", exact=True).click()
    assert page.locator("#stage figcaption span").all_inner_texts() == ["Source", "alpha"]
    clip = "getComputedStyle(document.querySelector('.over')).clipPath"
    assert page.evaluate(clip) == "inset(0px 50% 0px 0px)"
    box = page.locator(".slider .pane").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 100)
    page.mouse.up()
    share = float(page.evaluate(clip).split()[1].rstrip("%"))
    assert share == pytest.approx(20, abs=2)
    page.locator(".slider input").focus()
    page.keyboard.press("Home")
    assert page.evaluate(clip) == "inset(0px 100% 0px 0px)"


def test_the_slider_compares_with_the_reference_where_there_is_one(page):
    open_item(page, "p0")
    expect(page.locator("#viewer-against")).to_be_hidden()
    page.get_by_text("Slider", exact=True).click()
    page.select_option("#against", "reference")
    assert page.locator("#stage figcaption span").all_inner_texts() == ["Reference", "alpha"]
    page.keyboard.press("Escape")
    open_item(page, "p5")
    expect(page.locator("#viewer-against")).to_be_hidden()
    assert page.locator("#stage figcaption span").first.inner_text() == "Source"


@pytest.mark.parametrize("mode", ["side", "slider"])
def test_all_pictures_are_zoomed_and_moved_together(page, mode):
    open_item(page, "p0")
    if mode == "slider":
        page.get_by_text("Slider", exact=True).click()
    page.click("#zoom-in")
    assert level(page) == "125 %"
    layers = page.locator("#stage .layer")
    assert len(set(layers.evaluate_all(TRANSFORMS))) == 1
    assert layers.count() == (3 if mode == "side" else 2)
    before = layers.evaluate_all(TRANSFORMS)[0]
    box = page.locator("#stage .pane").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.wheel(0, -300)
    page.wait_for_function("() => document.querySelector('#zoom-level').textContent !== '125 %'")
    wheeled = layers.evaluate_all(TRANSFORMS)
    assert len(set(wheeled)) == 1
    assert wheeled[0] != before
    page.mouse.down()
    page.mouse.move(box["x"] + 110, box["y"] + 90)
    page.mouse.up()
    moved = layers.evaluate_all(TRANSFORMS)
    assert len(set(moved)) == 1
    assert moved[0] != wheeled[0]
    page.click("#zoom-out")
    page.click("#zoom-fit")
    assert level(page) == "100 %"
    assert set(layers.evaluate_all(TRANSFORMS)) == {"translate(0px, 0px) scale(1)"}


def test_the_point_under_the_pointer_stays_where_it_is(page):
    open_item(page, "p0")
    box = page.locator("#stage .pane").first.bounding_box()
    assert box is not None
    at = (box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    inside = """([x, y]) => {
        const image = document.querySelector('#stage .layer').getBoundingClientRect();
        return [(x - image.left) / image.width, (y - image.top) / image.height];
    }"""
    before = page.evaluate(inside, at)
    page.mouse.move(*at)
    page.mouse.wheel(0, -200)
    page.wait_for_function("() => document.querySelector('#zoom-level').textContent !== '100 %'")
    assert page.evaluate(inside, at) == pytest.approx(before, abs=0.01)


def test_it_is_closed_by_its_button_and_the_item_keeps_the_focus(page):
    open_item(page, "p1")
    page.click("#viewer-close")
    expect(page.locator("#viewer")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.id") == "p1"
    assert "item=" not in page.url


def test_j_and_k_go_through_the_list_and_enter_opens(page):
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.dataset.id") == "p0"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.dataset.id") == "p1"
    page.keyboard.press("Enter")
    expect(page.locator("#viewer-name")).to_have_text("p1")


def test_arrows_go_from_editor_to_editor_in_the_list_and_in_the_viewer(page):
    focused = "document.activeElement.closest('.edit')?.dataset.editor"
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "alpha"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == "beta"
    page.keyboard.press("Enter")
    expect(page.locator("#viewer")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#viewer-editors input:checked').value === 'beta'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#viewer-editors input:checked').value === 'blank'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('#viewer-editors input:checked').value === 'alpha'")


def test_j_k_s_plus_minus_and_0_work_in_the_viewer(page):
    open_item(page, "p0", "beta")
    page.keyboard.press("j")
    expect(page.locator("#viewer-name")).to_have_text("p1")
    assert chosen(page) == "beta"
    page.keyboard.press("k")
    expect(page.locator("#viewer-name")).to_have_text("p0")
    page.keyboard.press("s")
    expect(page.locator("#stage .slider")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("#stage .slider")).to_have_count(0)
    page.keyboard.press("+")
    assert level(page) == "125 %"
    page.keyboard.press("-")
    assert level(page) == "100 %"
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert level(page) == "100 %"
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()


def test_slash_searches_and_letters_typed_there_are_text(page):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("j/k?")
    assert page.input_value("#text") == "j/k?"
    expect(page.locator("#help")).to_be_hidden()


def test_the_question_mark_shows_the_keys(page):
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help")).to_contain_text("next, previous item")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#help")).to_be_hidden()


def test_a_link_to_an_item_survives_a_reload_and_another_browser(page, report):
    page.fill("#text", "warmer")
    expect(page.locator("article")).to_have_count(6)
    open_item(page, "p2", "beta")
    page.keyboard.press("s")
    link = page.evaluate("document.querySelector('#viewer-link').href")
    page.reload()
    expect(page.locator("#viewer-name")).to_have_text("p2")
    assert chosen(page) == "beta"
    expect(page.locator("#viewer-place")).to_have_text("3 of 6")
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("#viewer-name")).to_have_text("p2")
    assert chosen(page) == "beta"
    expect(page.locator("#stage .slider")).to_be_visible()


def test_every_item_has_a_link_that_leads_to_it(page):
    links = page.locator("article h2 a").evaluate_all(
        "all => all.map(a => [a.getAttribute('href'), a.innerText])"
    )
    assert len(links) == 14
    for address, name in links:
        page.goto("about:blank")
        page.goto(page_address(page, address))
        expect(page.locator("#viewer-name")).to_have_text(name)


def page_address(page: Page, address: str) -> str:
    page.go_back()
    return page.url.partition("#")[0] + address


def test_a_link_to_an_item_that_is_gone_says_so(page, report):
    open_gallery(page, report, "#item=trouble%2Fgone")
    expect(page.locator("#count")).to_contain_text("The linked item 'trouble/gone' is not in this report.")
    expect(page.locator("#viewer")).to_be_hidden()


@pytest.mark.parametrize(
    "address", ["#sort=constructor", "#category=gone", "#judge=__proto__", "#status=fine", "#editors=nobody"]
)
def test_a_link_to_what_a_report_does_not_have_shows_all_and_says_so(page, report, address):
    page.goto("about:blank")
    open_gallery(page, report, address)
    expect(page.locator("article")).to_have_count(14)
    expect(page.locator("#count")).to_contain_text("what this report does not have")
    expect(page.locator("#count")).to_contain_text(address.partition("=")[2])


def test_going_back_leaves_the_viewer(page):
    open_item(page, "p1")
    page.go_back()
    expect(page.locator("#viewer")).to_be_hidden()
