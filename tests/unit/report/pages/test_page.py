"""The pages: what they show, what they link to, and untrusted text that stays text."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from results_by_hand import ResultsByHand, edit, item, planned_run, score

from snakedit.core.records import Edit, Score
from snakedit.report.pages.page import made_with
from snakedit.workflow.resolved import Run

SCRIPT = "<script>alert('x')</script>"


HANDLER = '"><img src=x onerror=alert(1)>'


HOSTILE = [
    SCRIPT,
    HANDLER,
    "'><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;b&gt;",
]


ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "link",
    "style",
    "script",
    "body",
    "header",
    "nav",
    "main",
    "section",
    "details",
    "summary",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "a",
    "b",
    "bdi",
    "small",
    "code",
    "span",
    "div",
    "ol",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "figure",
    "figcaption",
    "button",
    "svg",
    "g",
    "path",
    "text",
    "line",
    "circle",
    "defs",
    "lineargradient",
    "stop",
}


LINKS = ("href", "src")


SCRIPTS = ["assets/theme.js", "state.js", "assets/report.js"]


class Page(HTMLParser):
    """What a browser makes of a page: its elements, its addresses, and all of its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.text = path, ""
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, *names: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags for name in names if name in attributes]


@pytest.fixture
def hand(tmp_path: Path) -> ResultsByHand:
    return ResultsByHand(tmp_path / "results" / "bench")


def build(hand: ResultsByHand, notices: tuple[str, ...] = (), run: Run | None = None) -> list[Page]:
    folder = hand.build(run, notices)
    return [Page(folder / "index.html"), Page(folder / "gallery.html")]


def test_what_was_predicted_stands_on_the_page_beside_what_was_measured(hand):
    hand.add_scored("light", tiny=[1.0], blank=[2.0])
    assert "Predicted and measured" not in build(hand)[0].text
    text = Page(hand.build(predictions=[("the whole run", 50.0, 40.0)]) / "index.html").text
    for shown in ("Predicted and measured", "the whole run", "50.0", "40.0", "+25.0 %"):
        assert shown in text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_stays_text_wherever_it_comes_from(hand, text):
    failed = Edit("failed " + text, "failed", error="error " + text)
    said = Score("id " + text, "ok", values={"metric " + text: 1.0}, score=1.0, versions={"torch": text})
    category = "category " + text
    hand.add(
        category,
        [item("id " + text, category), item("failed " + text, category)],
        {"tiny": [edit("id " + text), failed], "blank": [failed]},
        {("vl", "tiny"): [said, Score("failed " + text, "no_edit")]},
    )
    run = planned_run(
        editors={"tiny": {"type": "x", "model": "model " + text}, "blank": {"type": "blank"}},
        judges={"vl": {"type": "x", "rubric": "rubric " + text}},
    )
    page, gallery = build(hand, ("notice " + text,), run)
    assert {tag for tag, _ in page.tags} <= ELEMENTS
    assert [attributes["src"] for tag, attributes in page.tags if tag == "script"] == SCRIPTS
    for attributes in (attributes for shown in (page, gallery) for _, attributes in shown.tags):
        assert not [name for name in attributes if name.startswith("on")]
    assert not page.values("style")
    for source in ("notice", "category", "error", "model", "rubric", "metric", "torch"):
        assert f"{source} {text}" in page.text
    assert f"notice {text}" in gallery.text
    markdown = (hand.root / "report" / "leaderboard.md").read_text()
    assert "<" not in re.sub(r"&lt;|^>.*$", "", markdown, flags=re.M)


def test_pages_refer_to_nothing_but_files_that_are_there(hand):
    hand.add_scored("物理 / 50% #1?", tiny=[1.0, None], blank=[2.0, 1.0])
    for page in build(hand):
        for address in page.values(*LINKS):
            if address == "data:,":
                continue
            parts = urlsplit(address)
            assert (parts.scheme, parts.netloc, parts.query) == ("", "", "")
            assert not parts.path.startswith("/")
            target = page.path.parent / unquote(parts.path) if parts.path else page.path
            assert target.is_file(), address
            if parts.fragment and target == page.path:
                assert unquote(parts.fragment) in Page(target).values("id")
    for style in (hand.root / "report" / "assets").glob("*.css"):
        assert "url(" not in style.read_text()
        assert "@import" not in style.read_text()


def test_the_front_page_holds_its_own_style_so_that_it_can_be_sent_alone(hand):
    hand.add_scored("c", tiny=[1.0], blank=[2.0])
    page = build(hand)[0]
    assert not [
        attributes for tag, attributes in page.tags if tag == "link" and "stylesheet" in attributes["rel"]
    ]
    assert (hand.root / "report" / "assets" / "report.css").read_text() in page.path.read_text()


def test_ids_on_a_page_are_unique(hand):
    hand.judges = ("vl", "other")
    for name in ("a", "a b", "main", "物理"):
        hand.add_scored(name, tiny=[1.0], blank=[2.0])
    judges = {"vl": {"type": "simulated"}, "other": {"type": "simulated"}}
    for page in build(hand, run=planned_run(judges=judges)):
        identifiers = page.values("id")
        assert len(identifiers) == len(set(identifiers))


def test_failures_are_shown_with_their_cause_and_no_number(hand):
    hand.add(
        "c",
        [item("a", "c"), item("b", "c")],
        {"tiny": [Edit("a", "failed", error="out of memory"), edit("b")]},
        {("vl", "tiny"): [Score("a", "no_edit"), Score("b", "unparsed", error="no number")]},
    )
    front = build(hand)[0]
    assert "out of memory" in front.text
    assert "no number" in front.text
    rows = front.text.partition("Leaderboard by")[2].partition("Head to head")[0]
    assert not re.search(r"\d\.\d\d", rows)


@pytest.mark.parametrize(
    ("shift", "says"),
    [
        (5.0, "tiny is ahead of every other editor by more than chance would explain."),
        (0.0, "other and tiny have the same mean: every editor has it."),
    ],
)
def test_the_front_page_says_whether_chance_could_explain_the_first_place(hand, shift, says):
    hand.editors = ("other", "tiny")
    values = [float(n % 3) for n in range(30)]
    items = [item(f"i{n}", "c", image_sha256s=[f"{n:064}"]) for n in range(30)]
    scores = {
        ("vl", "tiny"): [score(i.id, v + shift) for i, v in zip(items, values, strict=True)],
        ("vl", "other"): [score(i.id, v) for i, v in zip(items, reversed(values), strict=True)],
    }
    hand.add("c", items, {e: [edit(i.id) for i in items] for e in hand.editors}, scores)
    editors = {"other": {"type": "some_model"}, "tiny": {"type": "some_model"}}
    text = build(hand, run=planned_run(editors=editors))[0].text
    assert says in text


def test_the_first_place_is_not_called_ahead_of_an_editor_that_is_better_on_the_items_both_have(hand):
    hand.editors = ("choosy", "thorough")
    easy = [n % 2 == 0 for n in range(40)]
    items = [item(f"i{n}", "c", image_sha256s=[f"{n:064}"]) for n in range(40)]
    scores = {
        ("vl", "choosy"): [score(i.id, 7.0 if e else None) for i, e in zip(items, easy, strict=True)],
        ("vl", "thorough"): [score(i.id, 8.0 if e else 2.0) for i, e in zip(items, easy, strict=True)],
    }
    hand.add("c", items, {e: [edit(i.id) for i in items] for e in hand.editors}, scores)
    editors = {"choosy": {"type": "some_model"}, "thorough": {"type": "some_model"}}
    text = build(hand, run=planned_run(editors=editors))[0].text
    assert (
        "thorough is ahead of every other editor by more than chance would explain. Scores are missing "
        "(coverage: thorough 100 %, choosy 50 %)" in text
    )


def test_the_columns_of_every_table_are_told_on_the_page(hand):
    hand.add_scored("c", tiny=[1.0], blank=[2.0])
    text = build(hand)[0].text
    for name in ("leaderboard", "comparisons", "scores", "failures"):
        header = (hand.root / "report" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        guide = text.partition(f"{name}.csv\n")[2]
        assert not [column for column in header.split(",") if column not in guide]


def test_the_callers_notices_stand_on_every_page_and_in_the_markdown(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    notice = "These scores mean nothing: the demo judge has random weights."
    assert all(notice in page.text for page in build(hand, notices=(notice,)))
    assert notice in (hand.root / "report" / "leaderboard.md").read_text()


def test_editors_and_judges_with_the_same_versions_stand_together():
    torch = {"made_with": {"torch": {"2.13.0": 4}}}
    both = {"made_with": {"torch": {"2.12.1": 1, "2.13.0": 3}}}
    provenance = {"editors": {"a": torch, "b": both, "c": {"made_with": {}}}, "judges": {"vl": torch}}
    assert made_with(provenance) == [("a, vl", "torch 2.13.0"), ("b", "torch 2.12.1 and 2.13.0")]
