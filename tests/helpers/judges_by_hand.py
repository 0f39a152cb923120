"""A judge's scores, written by hand, and what it is compared with."""

from dataclasses import replace

from results_by_hand import ResultsByHand, edit, item, planned_run, score

from snakedit.report.data.how_made import ResultStats
from snakedit.report.data.judge_checks import judge_checks
from snakedit.report.data.leaderboard import comparisons, leaderboard
from snakedit.report.data.roles import controls_of
from snakedit.report.pages.judge_views import judge_views

EDITORS = {
    "tiny": {"type": "simulated"},
    "reference": {"type": "reference"},
    "identity": {"type": "identity"},
    "mixed": {"type": "shuffled"},
    "blank": {"type": "blank"},
}
WITHOUT_REFERENCE = {
    "tiny": {"type": "simulated"},
    "mixed": {"type": "shuffled", "params": {"of": "tiny"}},
    "identity": {"type": "identity"},
}
GOOD = {
    "reference": [9, 8, 9, 7],
    "identity": [2, 3, 2, 8],
    "mixed": [1, 1, 2, 7],
    "blank": [0, 0, 0, 0],
    "tiny": [5, 5, 5, 5],
}
HUMAN_RATINGS = {
    "a-0": {"tiny": 1, "identity": 2},
    "a-1": {"tiny": 2, "identity": 2},
    "a-2": {"tiny": 3, "identity": 4},
    "a-3": {"tiny": 4, "identity": 3, "stranger": 5},
}


def checked(tmp_path, categories, editors=None, human=None):
    """Checks of one judge from scores: category → editor → a score an item; ratings by item."""
    editors = editors or EDITORS
    hand = ResultsByHand(tmp_path / "results" / "bench", tuple(editors))
    for category, scores in categories.items():
        count = len(next(iter(scores.values())))
        names = [f"{category}-{i}" for i in range(count)]
        items = [item(name, category, human=(human or {}).get(name)) for name in names]
        # Every item has a source image of its own.
        items = [replace(each, image_sha256s=[each.id]) for each in items]
        hand.add(
            category,
            items,
            {editor: [edit(i.id) for i in items] for editor in scores},
            {
                ("vl", editor): [score(i.id, value) for i, value in zip(items, values, strict=True)]
                for editor, values in scores.items()
            },
        )
    run = planned_run(editors)
    return hand, run, judge_checks(run, hand.numbers())


def the(checks, **wanted):
    """The one check with these fields."""
    (check,) = [c for c in checks if all(getattr(c, name) == value for name, value in wanted.items())]
    return check


def concluded(tmp_path, categories, editors):
    """The sentences on the lead and on the judge, from scores on a scale of 0 to 10."""
    hand, run, checks = checked(tmp_path, categories, editors)
    numbers, controls = hand.numbers(), controls_of(run)
    scales, headline = {"vl": {"score": (0.0, 10.0)}}, {"vl": "macro"}
    (view,) = judge_views(
        run,
        numbers,
        leaderboard(numbers, scales),
        comparisons(numbers, scales, controls),
        comparisons(numbers, scales, controls, missing_is_lowest=True),
        checks,
        ResultStats(run.editors, run.judges),
        headline,
    )
    return view.lead, view.verdict.sentence
