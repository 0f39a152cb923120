"""The judges on the page: verdicts and warnings about them."""

from judges_by_hand import GOOD, checked

from snakedit.report.pages.judge_views import control_warnings


def test_a_judge_that_does_not_tell_a_control_apart_is_warned_of_where_the_report_opens(tmp_path):
    blind = {**GOOD, "identity": [9, 8, 9, 7], "blank": [9, 9, 9, 9]}
    hand, run, checks = checked(tmp_path, {"a": blind})
    (warning,) = control_warnings(checks, 0.8)
    assert warning.startswith(
        "Do not rely on 'vl' here. It does not tell 'reference' from 'identity' (0.50, "
    )
    assert "'reference' from 'blank' (0.25, " in warning
    assert "'mixed'" not in warning
    assert "below 0.8 (report.min_control_auc)" in warning
    assert control_warnings(checks, 0.1) == []

    output = hand.build(run) / "index.html"
    page = output.read_text(encoding="utf-8")
    assert page.index("Do not rely on") < page.index("<main") < page.index("Can the judge be believed?")
    assert page.index("Can the judge be believed?") < page.index("Leaderboard</h2>")
    assert "Do not rely on" in (output.parent / "leaderboard.md").read_text(encoding="utf-8")


def test_a_judge_that_tells_them_apart_is_not_warned_of(tmp_path):
    _, _, checks = checked(tmp_path, {"a": {**GOOD, "identity": [1, 1, 1, 1], "mixed": [1, 1, 1, 1]}})
    assert control_warnings(checks, 0.8) == []


def test_a_control_that_nothing_was_compared_with_is_not_among_those_told_apart(tmp_path):
    scores = {**GOOD, "identity": [1, 1, 1, 1], "mixed": [None] * 4}
    hand, run, _ = checked(tmp_path, {"a": scores})
    page = (hand.build(run) / "index.html").read_text(encoding="utf-8")
    assert "vl tells every control that could be compared (not mixed) from a right answer" in page


def test_without_controls_the_page_says_that_nothing_is_known(tmp_path):
    hand, run, checks = checked(tmp_path, {"a": {"tiny": [5]}}, {"tiny": {"type": "simulated"}})
    assert checks == []
    output = hand.build(run) / "index.html"
    assert "Not known: there is no control" in output.read_text(encoding="utf-8")
    assert (output.parent / "judges.csv").read_text().splitlines() == [
        "benchmark,judge,against,right,level,category,editor,n,missing,auc,ci_low,ci_high,agree,disagree,"
        "tied_judge,tied_human,tied_both,accuracy,spearman,kendall_tau_b"
    ]
