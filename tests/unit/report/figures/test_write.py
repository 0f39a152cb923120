"""The pictures' files: one a judge and kind, former ones removed."""

from results_by_hand import ResultsByHand

from snakedit.report.data.leaderboard import comparisons, leaderboard
from snakedit.report.figures.write import write_figures


def figures(tmp_path, scores):
    by_hand = ResultsByHand(tmp_path / "results")
    by_hand.add_scored("light", **scores)
    numbers = by_hand.numbers()
    folder = tmp_path / "report"
    compared = comparisons(numbers)
    made = write_figures(folder, numbers, leaderboard(numbers), {"vl": "macro"}, compared, None)
    assert sorted(path.name for path in folder.glob("plots/*")) == sorted(f.file[6:] for f in made)
    return [figure.file for figure in made]


def test_every_picture_that_the_results_allow_is_written(tmp_path):
    made = figures(tmp_path, {"tiny": [7.0, 8.0], "blank": [1.0, None]})
    kinds = ("standings", "heat-map", "distributions", "head-to-head")
    assert made == [f"plots/{kind}-vl.svg" for kind in kinds]


def test_pictures_of_former_results_are_removed(tmp_path):
    assert len(figures(tmp_path, {"tiny": [7.0], "blank": [1.0]})) == 4
    assert figures(tmp_path, {"tiny": [None], "blank": [None]}) == []
