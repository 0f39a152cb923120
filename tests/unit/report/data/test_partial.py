"""What is read of unfinished results, of the present recipes only, and what is missing."""

import dataclasses
import json

import pytest
from editing_by_hand import item, picture
from runs_by_hand import run_of

from snakedit.core.errors import ConfigError, RecordError
from snakedit.core.images import save_png
from snakedit.core.journal import Journal
from snakedit.core.records import Score, write_records
from snakedit.report.data.partial import PartialResults
from snakedit.sources.index import last_index
from snakedit.stages.edit_planning import blank_edit, plan_category
from snakedit.stages.judging import expected_fingerprints, shown_extras

NAMES = ("a", "b", "c")


class Half:
    """Results of an editor and a judge in one category, `light`, while another, `dark`, is not prepared."""

    def __init__(self, results):
        source = results / "source.json"
        source.write_text("{}")
        entry = {"count": 9, "sha256": "0", "first": {"row": 0}, "last_row": 8}
        config = {
            "benchmarks": {"b": {"format": "base64_json", "path": str(source), "limit": 5}},
            "editors": {"mine": {"type": "identity"}},
            "judges": {"j": {"type": "simulated"}},
        }
        self.results, self.run = results, run_of(config)
        categories = {name: {**entry, "name": name} for name in ("light", "dark")}
        (results / "index.json").write_text(json.dumps({"source": {}, "categories": categories}))
        self.items = [item(name, category="light") for name in NAMES]
        path = results / "items" / "light" / "items.jsonl"
        for one in self.items:
            save_png(picture(), path.parent / one.images[0])
        write_records(path, self.items)
        planned = plan_category(self.run.editors["mine"], path, results / "edits").planned
        self.edits = [
            dataclasses.replace(blank_edit(p), status="ok", image=p.image, image_sha256=p.item.id * 64)
            for p in planned
        ]
        judge = self.run.judges["j"]
        wanted = expected_fingerprints(
            judge,
            {one.id: one for one in self.items},
            self.edits,
            shown_extras(judge, self.items, path.parent),
        )
        self.scores = [Score(name, "ok", score=1.0, fingerprint=wanted[name]) for name in NAMES]

    def journal(self, *records, folder="edits/mine/light"):
        with Journal(self.results / folder / "journal.jsonl") as journal:
            journal.extend(records)

    def read(self):
        index = last_index(self.run.config.benchmarks["b"], self.results / "index.json")
        partial = PartialResults(self.run, "b", index, self.results)
        (files,) = partial.categories
        category = partial.read(files)
        edits, scores = category.edits["mine"], category.scores["j", "mine"]
        return list(edits), list(scores), partial.missing()


@pytest.fixture
def half(tmp_path):
    return Half(tmp_path)


def test_journals_and_finished_files_are_read_together(half):
    half.journal(half.edits[0])
    half.journal(half.edits[1], folder="edits/mine/light/shards/000001-000002")
    write_records(half.results / "scores/j/mine/light/scores.jsonl", half.scores[:1])
    edits, scores, missing = half.read()
    assert (sorted(edits), scores) == (["a", "b"], ["a"])
    # Of the five rows that the other category is limited to none is prepared.
    assert missing == [
        "1 of 2 categories are not prepared",
        "6 of 8 edits by 'mine'",
        "7 of 8 scores by 'j'",
    ]


def test_what_another_recipe_made_is_missing(half):
    half.journal(dataclasses.replace(half.edits[0], fingerprint="old"), half.edits[1])
    half.journal(
        dataclasses.replace(half.scores[1], fingerprint="old"), half.scores[0], folder="scores/j/mine/light"
    )
    edits, scores, _ = half.read()
    assert (edits, scores) == (["b"], []), "neither an old edit, nor a score of an edit that is not there"


def test_a_failure_is_no_missing_record_and_ends_with_a_success(half):
    failed = dataclasses.replace(half.edits[0], status="failed", image=None, image_sha256=None, error="E: x")
    half.journal(failed)
    assert half.read()[2][1:] == ["7 of 8 edits by 'mine'", "7 of 7 scores by 'j'"]
    half.journal(half.edits[0])
    assert half.read()[2][1:] == ["7 of 8 edits by 'mine'", "8 of 8 scores by 'j'"]


def test_a_line_that_is_being_written_is_passed_over(half):
    half.journal(half.edits[0])
    with open(half.results / "edits/mine/light/journal.jsonl", "ab") as file:
        file.write(b'{"item": "b", "sta')
    assert half.read()[0] == ["a"]


def test_before_a_run_has_prepared_anything_there_is_no_preview(half):
    (half.results / "items/light/items.jsonl").unlink()
    with pytest.raises(RecordError, match="no category is prepared yet; run snakemake first"):
        half.read()
    (half.results / "index.json").unlink()
    with pytest.raises(RecordError, match=r"index.json: no run has begun here; run snakemake first"):
        half.read()


def test_a_category_that_is_not_there_is_a_mistake(half):
    benchmark = half.run.config.benchmarks["b"].model_copy(update={"categories": ("lihgt",)})
    with pytest.raises(ConfigError, match="did you mean 'light'"):
        last_index(benchmark, half.results / "index.json")
