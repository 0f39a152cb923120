"""What a whole report takes of its records: those of the present recipes, whose pictures are there.

Snakemake makes again what a changed recipe asks for, unless it was told otherwise: after ``--touch`` or
``--cleanup-metadata``, or in a folder copied without ``.snakemake``, old records would stand beside the new
configuration. A file's seal tells whether they can; only then each record's fingerprint is looked at.
"""

import dataclasses
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.records import Edit, Score
from snakedit.core.seals import read_seal
from snakedit.report.data.partial import wanted_edits, wanted_scores
from snakedit.report.data.read import Category, CategoryFiles, read_category
from snakedit.workflow.resolved import Run

_AGAIN = "run snakemake, and it is made again"


class PresentResults:
    """Reads categories and leaves out what is stale.

    Args:
        prepared: category's folder → the fingerprint of its items' present recipe, as far as it is known.
    """

    def __init__(self, run: Run, prepared: Mapping[str, str] | None = None) -> None:
        self._run, self._prepared = run, prepared or {}
        self._items: list[str] = []
        self._edits: Counter[str] = Counter()
        self._scores: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def read(self, files: CategoryFiles) -> Category:
        """Read a category; see `read_category` for the errors."""
        category = read_category(files)
        if not _is_sealed_by(files.items, self._prepared.get(files.folder)):
            self._items.append(category.name)
            edits: dict[str, dict[str, Edit]] = {name: {} for name in category.edits}
        else:
            edits = {name: self._edits_of(name, files, category) for name in category.edits}
        scores = {key: self._scores_of(key, files, category, edits[key[1]]) for key in category.scores}
        return dataclasses.replace(category, edits=edits, scores=scores)

    def sentences(self) -> list[str]:
        """Return what was left out, as sentences; call it once all categories are read."""
        stale = [f"{count:,} edits by '{name}' and their scores" for name, count in self._edits.items()]
        stale += [f"{count:,} scores by '{name}'" for name, count in self._scores.items()]
        sentences = [
            f"Stale, as its items are of another limit, language or state of the benchmark, and in no table: "
            f"the category '{name}'."
            for name in self._items
        ]
        if stale:
            sentences.append(
                f"Stale, as another configuration made them, and in no table: {', '.join(stale)}. Snakemake "
                "takes them for up to date, as after --touch or --cleanup-metadata; to make them again: "
                "snakemake --forcerun edit_category edit_shard score_category score_shard."
            )
        sentences += [
            f"{count:,} edited images of '{name}' are missing, so their items count as failed: {_AGAIN}."
            for name, count in self._lost.items()
        ]
        return sentences

    def _edits_of(self, name: str, files: CategoryFiles, category: Category) -> dict[str, Edit]:
        path, edits = files.edits[name], category.edits[name]
        if not _is_sealed_by(path, fingerprint(self._run.editors[name].recipe), files.items):
            items = {item.id: item for item in category.items}
            wanted = wanted_edits(self._run.editors[name], files, items)
            fresh = {item: edit for item, edit in edits.items() if edit.fingerprint == wanted.get(item)}
            _count(self._edits, name, len(edits) - len(fresh))
            edits = fresh
        folder = path.parent / "images"
        # Without a folder and a seal nobody has said that there were pictures.
        if not folder.is_dir() and read_seal(path) is None:
            return edits
        present = set(os.listdir(folder)) if folder.is_dir() else set()
        checked = {
            item: edit if edit.image is None or Path(edit.image).name in present else _lost(edit)
            for item, edit in edits.items()
        }
        _count(self._lost, name, sum(checked[item] is not edit for item, edit in edits.items()))
        return checked

    def _scores_of(
        self, key: tuple[str, str], files: CategoryFiles, category: Category, edits: dict[str, Edit]
    ) -> dict[str, Score]:
        judge, editor = key
        scores, path = category.scores[key], files.scores[key]
        # A score of an edit that is left out goes with it, and is no more told than a failed edit's.
        kept = {
            item: score
            for item, score in scores.items()
            if item in edits and (score.status == "no_edit" or edits[item].status == "ok")
        }
        recipe = fingerprint(self._run.judges[judge].recipe)
        if not kept or _is_sealed_by(path, recipe, files.items, files.edits[editor]):
            return kept
        wanted = wanted_scores(self._run.judges[judge], files, {i.id: i for i in category.items}, edits)
        fresh = {
            item: score
            for item, score in kept.items()
            if score.status == "no_edit" or score.fingerprint == wanted.get(item)
        }
        _count(self._scores, judge, len(kept) - len(fresh))
        return fresh


def _is_sealed_by(path: Path, recipe: str | None, *made_from: Path) -> bool:
    """Whether a file's seal names this recipe and these sources; a file without a seal is believed."""
    seal = read_seal(path)
    if seal is None or recipe is None:
        return True
    return seal.recipe == recipe and all(
        seal.made_from.get(source.name, known) == known
        for source in made_from
        if (known := file_sha256(source))
    )


def _lost(edit: Edit) -> Edit:
    return dataclasses.replace(
        edit,
        status="failed",
        image=None,
        image_sha256=None,
        error=f"ImageError: {edit.image} is missing; {_AGAIN}",
    )


def _count(counter: Counter[str], name: str, count: int) -> None:
    if count:
        counter[name] += count
