import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import build_report as build_script
import pytest
import show_leaderboard
from hypothesis import given
from hypothesis import strategies as st
from results_by_hand import ResultsByHand, configuration, edit, item

from snakedit.errors import ConfigError, RecordError
from snakedit.records import Edit, Score
from snakedit.report.build import build_report
from snakedit.report.markdown import aligned, plain
from snakedit.report.page import causes, words
from snakedit.report.tables import Failure

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
# The elements and attributes that the templates write; a stranger's text may add none.
# fmt: off
ELEMENTS = {
    "html", "head", "meta", "title", "link", "body", "header", "nav", "main", "section", "article", "details",
    "summary", "h1", "h2", "h3", "h4", "p", "a", "b", "bdi", "span", "div", "ul", "li", "dl", "dt", "dd",
    "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "img",
    "svg", "g", "path", "text", "line", "defs", "lineargradient", "stop",
}
# fmt: on
LINKS = ("href", "src")


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


def build(
    hand: ResultsByHand, notices: tuple[str, ...] = (), config: Any = None, **headline: str
) -> list[Page]:
    output = hand.root / "report" / "index.html"
    build_report(config or configuration(), "bench", hand.categories, output, headline, notices)
    return [Page(output), *(Page(path) for path in sorted(output.parent.glob("items-*.html")))]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_stays_text_wherever_it_comes_from(hand, text):
    failed = Edit("failed " + text, "failed", error="error " + text)
    said = Score(
        "id " + text,
        "ok",
        values={"metric " + text: 1.0},
        score=1.0,
        spread={"metric " + text: 0.5},
        replies={"metric " + text: ["reply " + text, {"key " + text: text}]},
        versions={"torch " + text: text},
    )
    hand.add(
        "category " + text,
        [
            item(
                "id " + text,
                "category " + text,
                instruction="instruction " + text,
                language=text,
                description="description " + text,
                rationale="rationale " + text,
                tags=["tag " + text],
                difficulty="difficulty " + text,
                reference=text,
            ),
            item("failed " + text, "category " + text),
        ],
        {"tiny": [edit("id " + text, instruction_used="used " + text), failed], "blank": [failed]},
        {("vl", "tiny"): [said, Score("failed " + text, "no_edit")]},
    )
    config = configuration(
        editors={
            "tiny": {"type": "editor type " + text, "model": "model " + text},
            "blank": {"type": "blank"},
        },
        judges={"vl": {"type": "x", "rubric": "rubric " + text, "revision": "revision " + text}},
    )
    pages = build(hand, notices=("notice " + text,), config=config)
    for page in pages:
        assert {tag for tag, _ in page.tags} <= ELEMENTS
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
        assert not page.values("style")
    for source in ("notice", "category", "error", "model", "revision", "editor type", "rubric", "metric"):
        assert f"{source} {text}" in pages[0].text
    for source in (
        "notice",
        "category",
        "id",
        "instruction",
        "description",
        "rationale",
        "tag",
        "difficulty",
        "error",
        "metric",
        "reply",
        "key",
        "used",
    ):
        assert f"{source} {text}" in pages[1].text
    markdown = (hand.root / "report" / "leaderboard.md").read_text()
    assert "<" not in re.sub(r"&lt;|^>.*$", "", markdown, flags=re.M)


def test_a_page_refers_to_nothing_but_files_that_are_there(hand):
    files = hand.add(
        "物理 / 50% #1?",
        [
            item("猫 1", "物理 / 50% #1?", reference="images/猫 %41.png"),
            item("http://far.example/x.png", "物理 / 50% #1?"),
        ],
        {
            "tiny": [edit("猫 1"), edit("http://far.example/x.png")],
            "blank": [Edit("猫 1", "failed", error="https://far.example")],
        },
        {},
    )
    (files.items.parent / "images").mkdir()
    (files.edits["tiny"].parent / "images").mkdir()
    for name in ("猫 %41.png", *(Path(i["images"][0]).name for i in map(json.loads, files.items.open()))):
        (files.items.parent / "images" / name).write_bytes(b"")
        (files.edits["tiny"].parent / "images" / name).write_bytes(b"")
    pages = build(hand)
    pictures = 0
    for page in pages:
        for address in page.values(*LINKS):
            if address == "data:,":
                continue
            parts = urlsplit(address)
            assert (parts.scheme, parts.netloc, parts.query) == ("", "", "")
            assert not parts.path.startswith("/")
            target = page.path.parent / unquote(parts.path) if parts.path else page.path
            assert target.is_file(), address
            if parts.fragment:
                names = Page(target).values("id")
                assert unquote(parts.fragment) in names
        pictures += sum(tag == "img" for tag, _ in page.tags)
    assert pictures == 2 + 1 + 2
    style = (hand.root / "report" / "report.css").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_every_picture_has_words_for_those_who_cannot_see_it(hand):
    hand.add(
        "c",
        [item("a", "c", images=["images/1.png", "images/2.png"], reference="images/r.png")],
        {"tiny": [edit("a")]},
        {},
    )
    _, page = build(hand)
    assert [attributes["alt"] for tag, attributes in page.tags if tag == "img"] == [
        "Source 1 of a",
        "Source 2 of a",
        "Reference for a",
        "Edit of a by tiny",
    ]


def test_ids_on_a_page_are_unique(hand):
    hand.add("c", [item(name, "c") for name in ("a", "a b", "a_b", "a/b", "main", "物理")], {}, {})
    for page in build(hand):
        identifiers = page.values("id")
        assert len(identifiers) == len(set(identifiers))
        assert not [i for i in identifiers if re.search(r"\s", i)]


def test_failures_are_shown_with_their_cause_and_no_number(hand):
    hand.add(
        "c",
        [item("a", "c"), item("b", "c")],
        {"tiny": [Edit("a", "failed", error="out of memory"), edit("b")]},
        {
            ("vl", "tiny"): [
                Score("a", "no_edit"),
                Score("b", "unparsed", replies={"half": ["I like it"]}, error="no number"),
            ]
        },
    )
    front, page = build(hand)
    assert "out of memory" in front.text
    assert "no number" in front.text
    for text in (
        "out of memory",
        "no edit to judge",
        "unparsed",
        "no number",
        "I like it",
        "There is no record of this edit.",
    ):
        assert text in page.text
    assert not re.search(r"\d\.\d\d", page.text)


def test_failures_are_counted_by_the_first_line_of_their_error():
    found = [
        Failure("c", "1", "edit", "failed", "no such image", "blank"),
        Failure("c", "2", "edit", "failed", "out of memory\n2.00 GiB", "tiny"),
        Failure("d", "3", "edit", "failed", "out of memory\n4.00 GiB", "tiny"),
    ]
    assert [(cause.count, cause.failure.editor, cause.reason) for cause in causes(found)] == [
        (2, "tiny", "out of memory"),
        (1, "blank", "no such image"),
    ]


def test_right_to_left_and_chinese_instructions_carry_their_language_and_direction(hand):
    hand.add("社会", [item("a", "社会", instruction="اجعل السماء حمراء", language="ar")], {}, {})
    _, page = build(hand)
    assert ("p", {"class": "instruction", "lang": "ar", "dir": "auto"}) in page.tags
    assert "社会" in page.text


def test_the_macro_total_says_when_it_is_not_over_all_categories(hand):
    hand.add_scored("a", tiny=[1.0], blank=[1.0])
    hand.add_scored("b", tiny=[1.0], blank=[None])
    front = build(hand)[0]
    assert "The macro total of 'blank' by 'vl' is taken over 1 of 2 categories" in front.text
    assert "of 'tiny' by" not in front.text


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ({"device": "cuda:0"}, {"device": "cuda:5"}, None),
        ({"device": "cuda:0"}, {"device": "cpu"}, "Mixed in the edits of 'tiny': device cpu and cuda."),
        ({"versions": {"torch": "2.13.0"}}, {"versions": {"torch": "2.13.0"}}, None),
        ({"versions": {"torch": "2.13.0"}}, {"versions": {"torch": "2.12.1"}}, "torch 2.12.1 and 2.13.0"),
        ({"versions": {"processor": "A"}}, {"versions": {"processor": "B"}}, "processor A and B"),
    ],
)
def test_mixed_versions_or_processors_within_one_editor_are_reported(hand, first, second, says):
    hand.add("c", [item("a", "c"), item("b", "c")], {"tiny": [edit("a", **first), edit("b", **second)]}, {})
    text = build(hand)[0].text
    assert says in text if says else "Mixed in" not in text


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (configuration(), None),
        (configuration(judges={"vl": {"type": "simulated"}}), "Simulated judge: 'vl'"),
        (
            configuration(editors={"tiny": {"type": "simulated"}, "blank": {"type": "blank"}}),
            "Simulated editor: 'tiny'",
        ),
        (configuration(devices={"kind": "simulated"}), "Simulated devices"),
    ],
)
def test_every_page_with_simulated_parts_says_so(hand, config, says):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    pages = build(hand, config=config)
    texts = [page.text for page in pages] + [(hand.root / "report" / "leaderboard.md").read_text()]
    assert all(says in text if says else "Simulated" not in text for text in texts)


@pytest.mark.parametrize(
    ("model", "is_demo"), [("results/.demo/vl", True), ("results/vl", False), (None, False)]
)
def test_scores_of_a_judge_with_random_weights_are_said_to_mean_nothing(hand, model, is_demo):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    pages = build(hand, config=configuration(judges={"vl": {"type": "qwen3_vl", "model": model}}))
    texts = [page.text for page in pages] + [(hand.root / "report" / "leaderboard.md").read_text()]
    says = "These scores mean nothing: the demo judge 'vl' has random weights."
    assert [says in text for text in texts] == [is_demo] * 3


@pytest.mark.parametrize(
    ("model", "content", "is_demo"),
    [
        ("results/.demo/demo-judge", None, True),
        ("models/copied", '{"snakedit_demo_judge": true}', True),
        ("models/other", "{}", False),
        ("models/broken", "{", False),
    ],
)
def test_every_page_says_that_a_demo_judge_knows_only_the_demos_operations(
    hand, tmp_path, monkeypatch, model, content, is_demo
):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        folder = tmp_path / model
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(content, encoding="utf-8")
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    pages = build(hand, config=configuration(judges={"vl": {"type": "qwen3_vl", "model": model}}))
    texts = [page.text for page in pages] + [(hand.root / "report" / "leaderboard.md").read_text()]
    says = "'vl' is a demo judge: it knows only the demo's operations"
    assert [says in text for text in texts] == [is_demo] * 3
    assert not any("random weights" in text for text in texts)


def test_the_callers_notices_stand_on_every_page_and_in_the_markdown(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    notice = "These scores mean nothing: the demo judge has random weights."
    assert all(notice in page.text for page in build(hand, notices=(notice,)))
    assert notice in (hand.root / "report" / "leaderboard.md").read_text()


def test_pages_of_categories_that_are_gone_are_removed(hand):
    hand.add_scored("old", tiny=[1.0], blank=[1.0])
    build(hand)
    hand.categories.clear()
    hand.add_scored("new", tiny=[1.0], blank=[1.0])
    build(hand)
    assert sorted(path.name for path in (hand.root / "report").iterdir()) == [
        "failures.csv",
        "index.html",
        "items-new.html",
        "leaderboard.csv",
        "leaderboard.md",
        "plots",
        "report.css",
    ]


def test_a_report_of_the_same_records_is_the_same_to_the_byte(hand):
    hand.add_scored("c", tiny=[1.0, None], blank=[1.0, 3.0])

    def contents() -> dict[str, bytes]:
        build(hand)
        files = [path for path in (hand.root / "report").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    assert contents() == contents()


def test_the_front_page_is_not_written_when_a_category_cannot_be_shown(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    hand.categories[0].scores["vl", "tiny"].unlink()
    with pytest.raises(RecordError, match=r"scores\.jsonl: no such file"):
        build(hand)
    assert not (hand.root / "report").exists()


def test_the_front_page_is_written_last(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    in_the_way = hand.root / "report" / "items-c.html"
    in_the_way.mkdir(parents=True)
    with pytest.raises(OSError, match=r"items-c\.html"):
        build(hand)
    assert not (hand.root / "report" / "index.html").exists()


@pytest.mark.parametrize(
    ("headline", "says"), [({"vi": "macro"}, "did you mean 'vl'"), ({"vl": "mean"}, "allowed: macro, micro")]
)
def test_an_unknown_headline_is_one_line(hand, headline, says):
    with pytest.raises(ConfigError, match=says):
        build(hand, **headline)


def test_markdown_has_the_headline_first_and_its_columns_aligned(hand):
    hand.add_scored("物理", tiny=[8.0, 6.0], blank=[0.0, 0.0])
    hand.add_scored("b|c", tiny=[1.0], blank=[None])
    build(hand, vl="micro")
    lines = (hand.root / "report" / "leaderboard.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table == [
        "| editor |      micro |      macro |       物理 |       b\\|c |",
        "| ------ | ---------: | ---------: | ---------: | ---------: |",
        "| tiny   | 5.00 (3/3) | 4.00 (3/3) | 7.00 (2/2) | 1.00 (1/1) |",
        "| blank  | 0.00 (2/3) | 0.00 (2/3) | 0.00 (2/2) |    – (0/1) |",
    ]


@given(st.text())
def test_a_strangers_text_is_one_line_of_markdown_without_a_live_tag_or_column(text):
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert "<" not in shown
    assert not re.search(r"(?<!\\)(\\\\)*\|", shown)
    assert len(aligned([["a", shown], ["b", "c"]]).splitlines()) == 3


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ("4", ["4"]),
        (["a", "b"], ["a", "b"]),
        ([{"expected": 3.25, "mass": 0.99812}], ["expected 3.25 · mass 0.9981"]),
        ({"text": "物理", "more": [1]}, ["text 物理 · more [1]"]),
        (None, ["null"]),
        ([], []),
    ],
)
def test_a_judges_words_are_shown_whatever_their_form(replies, expected):
    assert words(replies) == expected


def test_the_scripts_build_the_report_and_print_its_leaderboard(hand, tmp_path, capsys):
    hand.add_scored("物理", tiny=[8.0], blank=[2.0])
    path = tmp_path / "config.json"
    source = tmp_path / "b.json"
    source.write_text(json.dumps([{"subset": "物理"}]), encoding="utf-8")
    path.write_text(
        json.dumps(
            {
                "benchmarks": {"bench": {"format": "base64_json", "path": str(source)}},
                "editors": {"tiny": {"type": "identity"}, "blank": {"type": "blank"}},
                "judges": {"vl": {"type": "simulated"}},
            }
        )
    )
    report = hand.root / "report"
    build_script.main(
        [
            "--config",
            str(path),
            "--benchmark",
            "bench",
            "--results",
            str(hand.root),
            "--output",
            str(report / "index.html"),
            "--index",
            str(tmp_path / "index.json"),
        ]
    )
    show_leaderboard.main([str(report)])
    printed = capsys.readouterr().out
    assert "| tiny   | 8.00 (1/1) |" in printed
    assert "Simulated judge" in printed
    assert printed.endswith(f"report: {report / 'index.html'}\n")


def test_a_benchmark_that_is_not_in_the_configuration_is_one_line(hand, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps(
            {
                "benchmarks": {"bench": {"format": "folder", "path": "b"}},
                "editors": {"blank": {"type": "blank"}},
                "judges": {"vl": {"type": "simulated"}},
            }
        )
    )
    with pytest.raises(ConfigError, match=r"--benchmark: 'bensh' is not known; did you mean 'bench'\?"):
        build_script.main(
            ["--config", str(path), "--benchmark", "bensh", "--index", "i.json", "--output", "x/index.html"]
        )


def test_showing_a_report_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(RecordError, match=r"holds no leaderboard\.md; run snakemake first"):
        show_leaderboard.main([str(tmp_path)])
