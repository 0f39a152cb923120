"""The judges on the page: verdicts and warnings about them."""

from judges_by_hand import GOOD, checked


def test_a_judge_that_does_not_tell_a_control_apart_is_warned_of_where_the_report_opens(tmp_path):
    blind = {**GOOD, "identity": [9, 8, 9, 7], "blank": [9, 9, 9, 9]}
    hand, run, _ = checked(tmp_path, {"a": blind})
    output = hand.build(run) / "index.html"
    page = output.read_text(encoding="utf-8")
    assert page.index("Do not rely on") < page.index("<main") < page.index("Can the judge be believed?")
    assert page.index("Can the judge be believed?") < page.index("Leaderboard</h2>")
    assert "Do not rely on" in (output.parent / "leaderboard.md").read_text(encoding="utf-8")


def test_pairs_of_controls_have_no_corrected_p_on_the_page(tmp_path):
    hand, run, _ = checked(tmp_path, {"a": {**GOOD, "identity": [1] * 4, "mixed": [1] * 4}})
    output = hand.build(run) / "comparisons.csv"
    rows = [line.split(",") for line in output.read_text(encoding="utf-8").splitlines()]
    editor, against, corrected = (rows[0].index(name) for name in ("editor", "against", "p_holm"))
    empty = {(row[editor], row[against]) for row in rows[1:] if not row[corrected]}
    assert ("reference", "blank") in empty
    assert not any("tiny" in pair for pair in empty)


def test_without_controls_the_page_says_that_nothing_is_known(tmp_path):
    hand, run, checks = checked(tmp_path, {"a": {"tiny": [5]}}, {"tiny": {"type": "simulated"}})
    assert checks == []
    output = hand.build(run) / "index.html"
    assert "Not known: there is no control" in output.read_text(encoding="utf-8")
    assert (output.parent / "judges.csv").read_text().splitlines() == [
        "benchmark,judge,against,right,level,category,editor,n,missing,auc,ci_low,ci_high,agree,disagree,"
        "tied_judge,tied_human,tied_both,accuracy,spearman,spearman_low,spearman_high,kendall_tau_b"
    ]
