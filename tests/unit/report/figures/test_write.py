"""The plots' files: one a judge and kind, drawn again only if it shows something else."""

from pathlib import Path

import pytest
from results_by_hand import ResultsByHand

from snakedit.report.data.leaderboard import comparisons, leaderboard
from snakedit.report.figures import plots, write
from snakedit.report.figures.write import write_figures

KINDS = ("standings", "heat-map", "distributions", "head-to-head")


def figures(tmp_path: Path, scores: dict[str, list[float | None]], name: str = "report") -> dict[str, str]:
    """Write the plots of a report; return kind → SVG."""
    by_hand = ResultsByHand(tmp_path / f"results of {name}")
    by_hand.add_scored("light", **scores)
    numbers = by_hand.numbers()
    folder, earlier = tmp_path / name, tmp_path / "report"
    compared = comparisons(numbers)
    made = write_figures(folder, earlier, numbers, leaderboard(numbers), {"vl": "macro"}, compared, None)
    assert sorted(path.name for path in folder.glob("plots/*")) == sorted(f.file[6:] for f in made)
    assert all((folder / figure.file).read_text(encoding="utf-8") == figure.svg for figure in made)
    assert [figure.file for figure in made] == [f"plots/{figure.kind}-vl.svg" for figure in made]
    return {figure.kind: figure.svg for figure in made}


def test_every_picture_that_the_results_allow_is_written(tmp_path: Path):
    assert tuple(figures(tmp_path, {"tiny": [7.0, 8.0], "blank": [1.0, None]})) == KINDS
    assert figures(tmp_path, {"tiny": [None], "blank": [None]}, "empty") == {}


def test_a_picture_that_shows_the_same_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scores: dict[str, list[float | None]] = {"tiny": [7.0, 8.0], "blank": [1.0, None]}
    first = figures(tmp_path, scores)
    drawn: list[str] = []
    draw = plots.to_svg
    monkeypatch.setattr(plots, "to_svg", lambda chart: (drawn.append("one"), draw(chart))[1])
    assert figures(tmp_path, scores, "again") == first
    assert drawn == []
    damaged = tmp_path / "report" / "plots" / "standings-vl.svg"
    damaged.write_text(first["standings"][:-9], encoding="utf-8")
    assert figures(tmp_path, scores, "repaired") == first
    assert drawn == ["one"]
    assert figures(tmp_path, {**scores, "tiny": [6.0, 8.0]}, "changed") != first
    assert len(drawn) == 1 + len(KINDS)


def test_a_report_of_one_editor_that_shows_the_same_has_nothing_to_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = figures(tmp_path, {"tiny": [7.0, 8.0]})
    assert "head-to-head" not in first
    monkeypatch.setattr(write, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    assert figures(tmp_path, {"tiny": [7.0, 8.0]}, "again") == first
