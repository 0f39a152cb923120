"""What a whole report leaves out: records of another recipe, and edits whose image is gone."""

import csv
import dataclasses
import json
from pathlib import Path

import pytest
from results_by_hand import ResultsByHand, edit, item, score
from runs_by_hand import run_of

from snakedit.core.hashing import fingerprint
from snakedit.core.records import Edit, Score, to_line
from snakedit.core.seals import write_sealed
from snakedit.report.data.partial import wanted_edits, wanted_scores
from snakedit.report.data.present import PresentResults

RUN = run_of(
    {
        "benchmarks": {"bench": {"format": "base64_json", "path": "bench.json"}},
        "editors": {"one": {"type": "blank"}},
        "judges": {"vl": {"type": "simulated"}},
    }
)


class Sealed:
    """A category of two items with an edit and a score each, sealed as the stages seal them."""

    def __init__(self, root: Path) -> None:
        self.results = ResultsByHand(root, ("one",), ("vl",))
        self.items = [item(name, "light") for name in ("a", "b")]
        edits = [edit(name, image_sha256=name * 64) for name in ("a", "b")]
        self.files = self.results.add("light", self.items, {"one": edits}, {})
        by_item = {i.id: i for i in self.items}
        wanted = wanted_edits(RUN.editors["one"], self.files, by_item)
        self.edits = [dataclasses.replace(e, fingerprint=wanted[e.item]) for e in edits]
        expected = wanted_scores(RUN.judges["vl"], self.files, by_item, {e.item: e for e in self.edits})
        self.scores = [score(name, 5.0, fingerprint=expected[name]) for name in ("a", "b")]
        images = self.files.edits["one"].parent / "images"
        images.mkdir()
        for name in ("a", "b"):
            (images / f"{name}.png").write_bytes(b"picture")
        self.seal()

    @property
    def images(self) -> Path:
        return self.files.edits["one"].parent / "images"

    def seal(self, editor: str = "", judge: str = "") -> None:
        """Write edits and scores, by the present recipes unless others are named."""
        edits, scores = self.files.edits["one"], self.files.scores["vl", "one"]
        hashes = {Path(e.image or "").name: "0" * 64 for e in self.edits}
        recipe = editor or fingerprint(RUN.editors["one"].recipe)
        lines = [to_line(e) + "\n" for e in self.edits]
        write_sealed(edits, lines, recipe, [self.files.items], hashes, self.images)
        recipe = judge or fingerprint(RUN.judges["vl"].recipe)
        write_sealed(scores, [to_line(s) + "\n" for s in self.scores], recipe, [self.files.items, edits])

    def read(self, prepared: dict[str, str] | None = None) -> tuple[dict[str, Edit], dict[str, Score], str]:
        present = PresentResults(RUN, prepared)
        category = present.read(self.files)
        return category.edits["one"], category.scores["vl", "one"], " ".join(present.sentences())


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    return Sealed(tmp_path)


def test_what_the_present_recipes_made_is_all_there(sealed: Sealed) -> None:
    edits, scores, said = sealed.read()
    assert (list(edits), list(scores), said) == (["a", "b"], ["a", "b"], "")


def test_edits_of_another_recipe_go_with_their_scores_and_are_counted(sealed: Sealed) -> None:
    sealed.edits[0] = dataclasses.replace(sealed.edits[0], fingerprint="old")
    sealed.seal(editor="another")
    edits, scores, said = sealed.read()
    assert (list(edits), list(scores)) == (["b"], ["b"])
    assert "in no table: 1 edits by 'one' and their scores." in said
    assert "snakemake --forcerun edit_category edit_shard" in said


def test_scores_of_another_recipe_are_left_out_and_counted(sealed: Sealed) -> None:
    sealed.scores[1] = dataclasses.replace(sealed.scores[1], fingerprint="old")
    sealed.seal(judge="another")
    edits, scores, said = sealed.read()
    assert (list(edits), list(scores)) == (["a", "b"], ["a"])
    assert "in no table: 1 scores by 'vl'." in said


def test_a_seal_of_another_recipe_whose_records_are_the_same_loses_none(sealed: Sealed) -> None:
    sealed.seal(editor="another", judge="another")
    assert len(sealed.read()[0]) == len(sealed.read()[1]) == 2


def test_a_category_of_other_items_is_left_out(sealed: Sealed) -> None:
    write_sealed(sealed.files.items, [to_line(i) + "\n" for i in sealed.items], "old")
    assert sealed.read({"light": "old"})[2] == ""
    edits, scores, said = sealed.read({"light": "new"})
    assert (edits, scores) == ({}, {})
    assert said.endswith("in no table: the category 'light'.")


def test_a_missing_image_is_a_failure_and_never_none(sealed: Sealed) -> None:
    (sealed.images / "a.png").unlink()
    edits, scores, said = sealed.read()
    assert (edits["a"].status, edits["a"].image, list(scores)) == ("failed", None, ["b"])
    assert said.startswith("1 edited images of 'one' are missing")
    folder = sealed.results.build(RUN)
    with open(folder / "failures.csv", encoding="utf-8", newline="") as file:
        (failure,) = csv.DictReader(file)
    assert failure["item"] == "a"
    assert failure["error"].startswith("ImageError: images/a.png is missing; run snakemake")
    content = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    assert any("1 edited images of 'one' are missing" in notice for notice in content["notices"])
    assert "in no table" not in json.dumps(content)
