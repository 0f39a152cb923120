"""What there is of a benchmark while its run goes on, or after it broke: finished files and journals.

Only what belongs to the present configuration is read: records carry the fingerprint of all that they depend
on. Nothing is written, and Snakemake is not asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from snakedit.core.errors import RecordError
from snakedit.core.journal import read_journal
from snakedit.core.records import Edit, Item, Score
from snakedit.report.data.read import Category, CategoryFiles, category_files, checked_category, read_items
from snakedit.sources.index import Index
from snakedit.stages.edit_planning import plan_category
from snakedit.stages.gather import FOLDER, JOURNAL
from snakedit.stages.judging import expected_fingerprints, shown_extras
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge, Run

Done = TypeVar("Done", Edit, Score)


class PartialResults:
    """Reads a benchmark's results as far as they go, and counts what is missing.

    Args:
        benchmark: its name.
        index: its index, as the run has it.
        results: its folder.
    """

    def __init__(self, run: Run, benchmark: str, index: Index, results: Path) -> None:
        self._run, self._index, self._results = run, index, results
        self._limit = run.config.benchmarks[benchmark].limit
        every = [category_files(results, name, run.editors, run.judges) for name in index.categories]
        self.categories: Sequence[CategoryFiles] = [files for files in every if files.items.exists()]
        self._unprepared = [files.folder for files in every if not files.items.exists()]
        self._items = 0
        self._edits = dict.fromkeys(run.editors, 0)
        self._scores = dict.fromkeys(run.judges, 0)
        self._failed = 0
        if not self.categories:
            raise RecordError("no category is prepared yet", where=str(results), hint="run snakemake first")

    def read(self, files: CategoryFiles) -> Category:
        """Read what there is of a category."""
        items = read_items(files)
        edits = {name: self.edits_of(editor, files, items) for name, editor in self._run.editors.items()}
        scores = {
            (judge, editor): self.scores_of(self._run.judges[judge], files, path, items, edits[editor])
            for (judge, editor), path in files.scores.items()
        }
        self._items += len(items)
        for editor, records in edits.items():
            self._edits[editor] += len(records)
            self._failed += sum(edit.status != "ok" for edit in records.values())
        for (judge, _), given in scores.items():
            self._scores[judge] += len(given)
        return checked_category(files, items, edits, scores)

    def missing(self) -> list[str]:
        """Return what was missing, each as a phrase such as ``40 of 100 edits by 'sim'``.

        Of categories that are not prepared the rows count as items. Call it once all categories are read.
        """
        counts = (self._index.categories[name].count for name in self._unprepared)
        items = self._items + sum(min(count, self._limit or count) for count in counts)
        to_judge = items * len(self._edits) - self._failed
        categories = len(self._index.categories)
        parts = [(len(self._unprepared), categories, "categories are not prepared")]
        parts += [(items - count, items, f"edits by '{name}'") for name, count in self._edits.items()]
        parts += [(to_judge - count, to_judge, f"scores by '{name}'") for name, count in self._scores.items()]
        return [f"{lacking:,} of {total:,} {what}" for lacking, total, what in parts if lacking > 0]

    def edits_of(
        self, editor: ResolvedEditor, files: CategoryFiles, items: dict[str, Item]
    ) -> dict[str, Edit]:
        """Return the edits by an editor that are there."""
        wanted = wanted_edits(editor, files, items)
        return _latest(files.edits[editor.name], Edit, lambda edit: wanted.get(edit.item) == edit.fingerprint)

    def scores_of(
        self,
        judge: ResolvedJudge,
        files: CategoryFiles,
        path: Path,
        items: dict[str, Item],
        edits: dict[str, Edit],
    ) -> dict[str, Score]:
        """Return the scores by a judge, in a file or its journals, of these edits."""
        wanted = wanted_scores(judge, files, items, edits)
        return _latest(path, Score, lambda score: wanted.get(score.item) == score.fingerprint)


def wanted_edits(editor: ResolvedEditor, files: CategoryFiles, items: Mapping[str, Item]) -> dict[str, str]:
    """Return item → the fingerprint of its edit by the present recipe."""
    planned = plan_category(editor, files.items, files.items.parents[2] / "edits").planned
    # An edit that cannot be planned has no fingerprint, and is a failure once its job has said so.
    return {p.item.id: p.fingerprint for p in planned if p.item.id in items}


def wanted_scores(
    judge: ResolvedJudge, files: CategoryFiles, items: dict[str, Item], edits: dict[str, Edit]
) -> dict[str, str]:
    """Return item → the fingerprint of its score by the present recipe, for those that have an edit."""
    extras = shown_extras(judge, items.values(), files.items.parent)
    return expected_fingerprints(judge, items, edits.values(), extras)


def partial_notices(partial: PartialResults | None, built: str) -> list[str]:
    """Return what a preview's pages say first; nothing for a whole report.

    Args:
        built: when, in UTC, ISO 8601.
    """
    if partial is None:
        return []
    missing = partial.missing()
    state = (
        f"Missing: {'; '.join(missing)}." if missing else "No record is missing: snakemake builds the report."
    )
    return [f"Partial report: built from what was on disk on {built[:10]} at {built[11:19]} UTC. {state}"]


def _latest(output: Path, kind: type[Done], is_wanted: Callable[[Done], bool]) -> dict[str, Done]:
    """The newest record of each item, those that succeeded before those that did not."""
    records: dict[str, Done] = {}
    for record in _records(output, kind):
        known = records.get(record.item)
        if is_wanted(record) and (record.status == "ok" or known is None or known.status != "ok"):
            records[record.item] = record
    return records


def _records(output: Path, kind: type[Done]) -> Iterator[Done]:
    """The records of a category's output, of its journal and of its shards', the oldest file first."""
    folders = [output.parent, *(output.parent / FOLDER).glob("*")]
    times: dict[Path, int] = {}
    for path in (folder / name for folder in folders for name in (output.name, JOURNAL)):
        # A job may begin, and remove its files, meanwhile.
        with suppress(FileNotFoundError):
            times[path] = path.stat().st_mtime_ns
    for path in sorted(times, key=lambda path: times[path]):
        with suppress(FileNotFoundError):
            yield from read_journal(path, kind)
