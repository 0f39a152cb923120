"""Deleting results, after asking."""

from pathlib import Path

import pytest

from snakedit.core.errors import StageError
from snakedit.workflow.afresh import LOCKS, delete_results


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """A benchmark's results with one image of each of two editors, in the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = Path("results", "demo")
    for editor in ("mine", "other"):
        image = folder / "edits" / editor / "colour" / "images" / "a.png"
        image.parent.mkdir(parents=True)
        image.write_bytes(b"x" * 1000)
    (folder / "index.json").write_text("{}")
    Path("config").mkdir()
    return folder


def refuse(question: str) -> str:
    raise AssertionError(f"asked: {question}")


def test_a_part_goes_and_the_others_stay(results):
    asked = []
    assert delete_results([results / "edits" / "mine"], lambda question: asked.append(question) or "yes")
    assert "results/demo/edits/mine: 1 files, 1 of them images, 0.0 MB" in asked[0]
    assert [path.name for path in (results / "edits").iterdir()] == ["other"]


def test_a_whole_benchmark_goes(results):
    assert delete_results([results], lambda question: "yes\n")
    assert not results.exists()


def test_a_folder_may_be_named_twice_or_lie_in_another(results):
    assert delete_results([results, results / "edits", results], lambda question: "yes")
    assert not results.exists()


@pytest.mark.parametrize("answer", ["", "y", "no", "YES please"])
def test_without_a_yes_nothing_goes(results, answer):
    assert not delete_results([results], lambda question: answer)
    assert (results / "edits" / "mine" / "colour" / "images" / "a.png").exists()


@pytest.mark.parametrize("folder", ["results", "config", ".", "/", "results/none", "results/demo/index.json"])
def test_other_folders_are_refused_before_a_question(folder):
    with pytest.raises(StageError, match="allowed: a benchmark's folder in results/"):
        delete_results([Path(folder)], refuse)


def test_one_wrong_folder_keeps_all(results):
    with pytest.raises(StageError):
        delete_results([results, Path("config")], refuse)
    assert results.exists()


def test_a_link_is_refused(results, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (results / "edits" / "linked").symlink_to(elsewhere)
    with pytest.raises(StageError, match="is a link"):
        delete_results([results / "edits" / "linked"], refuse)
    assert elsewhere.exists()


def test_nothing_goes_while_a_run_goes_on(results):
    LOCKS.mkdir(parents=True)
    (LOCKS / "0.input.lock").touch()
    with pytest.raises(StageError, match="a run is going on"):
        delete_results([results], refuse)
