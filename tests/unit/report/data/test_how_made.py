"""Statistics of records, as they are counted category by category."""

from results_by_hand import ResultsByHand, edit, item

from snakedit.core.records import Edit, Score
from snakedit.report.data.how_made import RecordStats, ResultStats


def test_what_a_server_was_asked_is_summed(tmp_path):
    hand = ResultsByHand(tmp_path / "results" / "bench", ("tiny",))
    scores = [
        Score("a", "ok", values={"v": 1}, score=1, tokens=100, requests=4),
        Score("b", "failed", tokens=None, requests=6),
    ]
    items = [item("a", "c"), item("b", "c")]
    hand.add("c", items, {"tiny": [edit("a"), edit("b")]}, {("vl", "tiny"): scores})
    stats = ResultStats(["tiny"], ["vl"])
    for category in hand.read():
        stats.add(category)
    assert (stats.judges["vl"].tokens, stats.judges["vl"].requests) == (100, 10)
    assert stats.judges["vl"].statuses == {"ok": 1, "failed": 1}


def test_versions_and_times_are_those_of_records_that_succeeded():
    stats = RecordStats()
    stats.add(
        [
            edit("a", versions={"torch": "2"}, device="cuda:0", seconds=1.0, started="2026-01-02"),
            edit("b", versions={"torch": "2"}, device="cuda:1", seconds=4.0, started="2026-01-01"),
            Edit("c", "failed", versions={"torch": "1"}, error="x"),
        ]
    )
    assert stats.versions == {"torch": {"2": 2}, "device": {"cuda": 2}}
    assert (stats.first, stats.last, stats.median_seconds) == ("2026-01-01", "2026-01-02", 2.5)
    assert stats.mixtures() == []


def test_records_of_several_versions_are_a_mixture_and_none_have_no_median():
    stats = RecordStats()
    assert stats.median_seconds is None
    stats.add([edit("a", versions={"torch": "2"}), edit("b", versions={"torch": "1"})])
    assert stats.mixtures() == ["torch 1 and 2"]
