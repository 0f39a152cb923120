"""The pictures: what stands in them, in which order, and that a stranger's text stays text."""

import re
import xml.etree.ElementTree as ElementTree

from snakedit.report.data.leaderboard import LeaderboardRow, Standing
from snakedit.report.figures import plots
from snakedit.stats.paired import PairedComparison
from snakedit.stats.summaries import Summary
from snakedit.telemetry.trace import Span

HOSTILE = '<script>alert("x")</script>'
EDITORS = ["zebra", HOSTILE, "参考", "ant"]


def summary(mean):
    return Summary(10, 9, mean, mean - 0.5, mean + 0.5)


def standing(editor, total):
    return Standing(editor, {"macro": LeaderboardRow("judge", editor, "macro", "", "score", total)}, {})


def words(svg):
    """The texts of a picture, in their order; it must be well-formed, and hold nothing that is executed."""
    tree = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not tags & {"script", "foreignObject", "image", "use"}
    assert "href" not in svg.replace("xmlns:xlink", "")
    return [element.text for element in tree.iter() if element.text and element.text.strip()]


def test_the_standings_are_in_their_order_and_those_without_a_mean_are_left_out():
    standings = [standing(name, summary(9 - place)) for place, name in enumerate(EDITORS)]
    standings.append(standing("nobody", Summary(5, 0, None)))
    texts = words(plots.standings_plot(standings, "macro"))
    assert [word for word in texts if word in EDITORS] == EDITORS
    assert "nobody" not in texts
    assert plots.standings_plot(standings[-1:], "macro") is None


def test_the_heat_map_has_a_number_for_every_metric_of_every_category():
    rows = [
        LeaderboardRow("judge", editor, "category", category, metric, summary(place + 0.25))
        for editor in EDITORS
        for category in ("物理", "light")
        for place, metric in enumerate(("success", "score"))
    ]
    rows.append(LeaderboardRow("other", "zebra", "category", "light", "success", summary(77.0)))
    texts = words(plots.heat_map(rows, "judge"))
    assert texts.count("0.25") == texts.count("1.25") == 8
    assert [word for word in texts if word in EDITORS] == EDITORS
    assert "77.00" not in texts
    assert plots.heat_map(rows, "nobody") is None


def test_a_distribution_is_in_shares_of_each_editors_scores():
    svg = plots.distributions({"many": [1.0] * 90 + [9.0] * 10, "few": [1.0, 9.0]})
    shares = [float(share) for share in re.findall(r"share: ([\d.]+)%", svg)]
    assert [share for share in shares if share > 0] == [90.0, 10.0, 50.0, 50.0]
    assert [word for word in words(svg) if word in ("many", "few")] == ["many", "few"]


def test_a_distribution_needs_a_score_and_one_is_enough():
    assert plots.distributions({"many": [], "few": []}) is None
    assert "4.0" in words(plots.distributions({"one": [4.0, 4.0], "none": []}))


def test_head_to_head_says_the_difference_and_whether_it_is_significant():
    compared = [
        PairedComparison("a", "b", 9, 8, 0, 1, 1.234, None, None, 0.01, 0.02),
        PairedComparison("a", HOSTILE, 9, 5, 0, 4, 0.1, None, None, 0.04, 0.2),
    ]
    texts = words(plots.head_to_head(compared, ["a", "b", HOSTILE]))
    assert {"+1.23*", "-1.23*", "+0.10", HOSTILE} <= set(texts)
    assert plots.head_to_head([], ["a"]) is None


def test_the_timeline_has_a_row_a_device_and_the_colours_of_what_was_done():
    spans = [
        Span("cuda:0", "load", 100.0, 5.0),
        Span("cuda:0", "edit", 105.0, 20.0, "a"),
        Span("cuda:1", "idle", 100.0, 25.0),
    ]
    texts = words(plots.timeline(spans))
    assert {"cuda:0", "cuda:1", "load", "edit", "idle"} <= set(texts)
    assert "score" not in texts


def test_text_takes_the_colour_of_the_page_and_nothing_hides_its_background():
    svg = plots.standings_plot([standing("a", summary(3.0))], "macro")
    assert svg.count('fill="currentColor"') > 3
    assert 'fill="white"' not in svg
