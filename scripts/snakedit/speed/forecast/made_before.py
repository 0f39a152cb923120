"""What of a run's work is made already: a job that runs again makes only the rest."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from snakedit.core.errors import SnakeditError
from snakedit.core.records import Edit, Item, Score
from snakedit.core.shards import Shard
from snakedit.workflow.plan import Plan

if TYPE_CHECKING:
    from snakedit.report.data.partial import PartialResults
    from snakedit.report.data.read import CategoryFiles


class MadeBefore:
    """Counts the edits and scores of the present recipes that are on disk. Each is looked at once.

    Of a category whose items will be prepared again the last items count.
    """

    def __init__(self, plan: Plan) -> None:
        """Read nothing yet."""
        self._plan = plan
        self._results: dict[str, PartialResults] = {}
        self._items: dict[Path, dict[str, Item]] = {}
        self._edits: dict[Path, dict[str, Edit]] = {}
        self._scores: dict[Path, dict[str, Score]] = {}

    def count(self, stage: str, wildcards: Mapping[str, str]) -> int:
        """Return how many items of a job need no work.

        Args:
            stage: ``edit`` or ``score``.
            wildcards: of the job.
        """
        refresh = self._plan.config.run.refresh
        if "edits" in refresh or f"{stage}s" in refresh:
            return 0
        try:
            return self._count(stage, wildcards)
        except (SnakeditError, OSError):
            # What cannot be read is told by the job itself.
            return 0

    def _count(self, stage: str, wildcards: Mapping[str, str]) -> int:
        # Imported once jobs are known to run, since it takes a while.
        from snakedit.report.data.read import category_files, read_items

        benchmark, category, editor = (wildcards[name] for name in ("benchmark", "category", "editor"))
        run = self._plan.run
        files = category_files(Path("results", benchmark), category, run.editors, run.judges)
        if not files.items.exists() or not files.edits[editor].parent.exists():
            return 0
        if files.items not in self._items:
            self._items[files.items] = read_items(files)
        items = self._items[files.items]
        done: set[str] = set(self._done_edits(benchmark, editor, files, items))
        if stage == "score":
            done &= self._done_scores(benchmark, wildcards["judge"], editor, files, items)
        ids = list(items)
        shard = wildcards.get("shard")
        wanted = ids if shard is None else ids[Shard.parse(shard).first - 1 : Shard.parse(shard).last]
        return len(done.intersection(wanted))

    def _done_edits(
        self, benchmark: str, editor: str, files: "CategoryFiles", items: dict[str, Item]
    ) -> dict[str, Edit]:
        path = files.edits[editor]
        if path not in self._edits:
            edits = self._partial(benchmark).edits_of(self._plan.run.editors[editor], files, items)
            folder = path.parent / "images"
            images = set(os.listdir(folder)) if folder.is_dir() else set()
            self._edits[path] = {
                name: edit
                for name, edit in edits.items()
                if edit.status == "ok" and edit.image and Path(edit.image).name in images
            }
        return self._edits[path]

    def _done_scores(
        self, benchmark: str, judge: str, editor: str, files: "CategoryFiles", items: dict[str, Item]
    ) -> set[str]:
        path = files.scores[judge, editor]
        if path not in self._scores:
            edits = self._done_edits(benchmark, editor, files, items)
            resolved = self._plan.run.judges[judge]
            self._scores[path] = self._partial(benchmark).scores_of(resolved, files, path, items, edits)
        return {name for name, score in self._scores[path].items() if score.status == "ok"}

    def _partial(self, benchmark: str) -> "PartialResults":
        from snakedit.report.data.partial import PartialResults

        if benchmark not in self._results:
            index = self._plan.indexes[benchmark]
            self._results[benchmark] = PartialResults(
                self._plan.run, benchmark, index, Path("results", benchmark)
            )
        return self._results[benchmark]
