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
from results_by_hand import ResultsByHand, configuration, edit, item, score

from snakedit.core.errors import ConfigError, RecordError
from snakedit.core.records import Edit, Score
from snakedit.report.build_report import Judging
from snakedit.report.data.failures import Causes, Failure
from snakedit.report.tables.markdown import aligned, plain

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
    "html", "head", "meta", "title", "link", "style", "script", "body", "header", "nav", "main", "section",
    "details", "summary", "h1", "h2", "h3", "h4", "p", "a", "b", "bdi", "small", "code", "span", "div", "ol",
    "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption",
    "button", "svg", "g", "path", "text", "line", "circle", "defs", "lineargradient", "stop",
}
# fmt: on
LINKS = ("href", "src")
# index.html's: the theme, and the mark in the table of contents.
SCRIPTS = ["assets/theme.js", "assets/report.js"]


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
    folder = hand.build(config, notices, {judge: Judging(total, {}) for judge, total in headline.items()})
    return [Page(folder / "index.html"), Page(folder / "gallery.html")]


def test_what_was_predicted_stands_on_the_page_beside_what_was_measured(hand):
    hand.add_scored("light", tiny=[1.0], blank=[2.0])
    assert "Predicted and measured" not in build(hand)[0].text
    rows = [{"what": "the whole run", "predicted": 50.0, "measured": 40.0}]
    (hand.root / "speed").mkdir()
    (hand.root / "speed" / "prediction.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    text = build(hand)[0].text
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
    config = configuration(
        editors={"tiny": {"type": "x", "model": "model " + text}, "blank": {"type": "blank"}},
        judges={"vl": {"type": "x", "rubric": "rubric " + text}},
    )
    page, gallery = build(hand, notices=("notice " + text,), config=config)
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
    for page in build(hand, config=configuration(judges=judges)):
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
        (0.0, "tiny has the highest mean, but chance could explain its lead over every other editor."),
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
    editors = {"other": {"type": "files"}, "tiny": {"type": "files"}}
    text = build(hand, config=configuration(editors=editors))[0].text
    assert says.replace("tiny", "tiny" if shift else "other") in text


def test_the_first_place_is_not_called_ahead_of_an_editor_that_is_better_on_the_items_both_have(hand):
    hand.editors = ("choosy", "thorough")
    easy = [n % 2 == 0 for n in range(40)]
    items = [item(f"i{n}", "c", image_sha256s=[f"{n:064}"]) for n in range(40)]
    scores = {
        ("vl", "choosy"): [score(i.id, 7.0 if e else None) for i, e in zip(items, easy, strict=True)],
        ("vl", "thorough"): [score(i.id, 8.0 if e else 2.0) for i, e in zip(items, easy, strict=True)],
    }
    hand.add("c", items, {e: [edit(i.id) for i in items] for e in hand.editors}, scores)
    editors = {"choosy": {"type": "files"}, "thorough": {"type": "files"}}
    text = build(hand, config=configuration(editors=editors))[0].text
    assert (
        "choosy has the highest mean, but on the items that both have it is behind thorough by more than "
        "chance would explain." in text
    )


def test_the_columns_of_every_table_are_told_on_the_page(hand):
    hand.add_scored("c", tiny=[1.0], blank=[2.0])
    text = build(hand)[0].text
    for name in ("leaderboard", "comparisons", "scores", "failures"):
        header = (hand.root / "report" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        guide = text.partition(f"{name}.csv\n")[2]
        assert not [column for column in header.split(",") if column not in guide]


def test_failures_are_counted_by_the_first_line_of_their_error():
    found = [
        Failure("c", "1", "edit", "failed", "no such image", "blank"),
        Failure("c", "2", "edit", "failed", "out of memory\n2.00 GiB", "tiny"),
        Failure("d", "3", "edit", "failed", "out of memory\n4.00 GiB", "tiny"),
    ]
    causes = Causes()
    for failure in found:
        causes.add(failure)
    assert causes.total == 3
    assert [(c.count, c.first.editor, c.reason) for c in causes.most_frequent()] == [
        (2, "tiny", "out of memory"),
        (1, "blank", "no such image"),
    ]


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
    assert not [path for path in (hand.root / "report").rglob("*") if path.is_file()]


def test_a_report_that_cannot_be_made_leaves_the_former_one_as_it_was(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    build(hand)
    report = hand.root / "report"
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    hand.add_scored("d", tiny=[2.0], blank=[1.0])
    hand.categories[1].scores["vl", "tiny"].write_text("{")
    with pytest.raises(RecordError, match=r"scores\.jsonl:1: not JSON"):
        build(hand)
    assert {path: path.read_bytes() for path in report.rglob("*") if path.is_file()} == before


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
    ("text", "shown"),
    [("_x_", "\\_x\\_"), ("__init__", "\\_\\_init\\_\\_"), ("edit_category", "edit_category")],
)
def test_an_underscore_makes_nothing_italic_in_markdown(text, shown):
    assert plain(text) == shown


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
