"""The pictures' files: one a judge and kind, former ones removed."""

from results_by_hand import ResultsByHand

from snakedit.report.figures import write_figures
from snakedit.report.plots import Duel
from snakedit.report.read import read_results
from snakedit.report.tables import leaderboard


def figures(tmp_path, scores, duels=None):
    by_hand = ResultsByHand(tmp_path / "results")
    by_hand.add_scored("light", **scores)
    results = read_results("b", by_hand.editors, by_hand.judges, by_hand.categories)
    folder = tmp_path / "report"
    made = write_figures(folder, results, leaderboard(results), {"vl": "macro"}, duels or {}, None)
    assert sorted(path.name for path in folder.glob("plots/*")) == sorted(f.file[6:] for f in made)
    return [figure.file for figure in made]


def test_every_picture_that_the_results_allow_is_written(tmp_path):
    duels = {"vl": [Duel("tiny", "blank", 1.0, True), Duel("blank", "tiny", -1.0, True)]}
    made = figures(tmp_path, {"tiny": [7.0, 8.0], "blank": [1.0, None]}, duels)
    kinds = ("standings", "heat-map", "distributions", "head-to-head")
    assert made == [f"plots/{kind}-vl.svg" for kind in kinds]


def test_pictures_of_former_results_are_removed(tmp_path):
    assert len(figures(tmp_path, {"tiny": [7.0], "blank": [1.0]})) == 3
    assert figures(tmp_path, {"tiny": [None], "blank": [None]}) == []
