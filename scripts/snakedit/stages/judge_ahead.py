"""Judges behind servers begin with the first edit, ahead of score_category, which then finds it done."""

import dataclasses
import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from snakedit.config.schema import RunConfig
from snakedit.core.errors import SnakeditError
from snakedit.core.journal import Journal, read_journal
from snakedit.core.logs import LOGGER
from snakedit.core.records import Edit, Item, Score
from snakedit.core.shards import Shard
from snakedit.runtime.devices.discover import resolve_devices
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext
from snakedit.stages.gather import take_over
from snakedit.stages.judging import (
    ahead_journal,
    expected_fingerprints,
    judge_payload,
    judge_work,
    load_score_worker,
    scores_of,
    shown_extras,
)
from snakedit.workflow.resolved import ResolvedJudge

# Edits that wait in the pool beside those that the server has, so that no request waits for this process.
SPARE = 2


def judges_ahead(judges: Mapping[str, ResolvedJudge], run: RunConfig, job: JobContext) -> list[ResolvedJudge]:
    """Return the judges that can judge while a job edits.

    They need no device that the job may use, and a pool that outlives the job. On a cluster a job's pools end
    with it.
    """
    is_alone = job.resident_command is None or "SLURM_JOB_ID" in os.environ
    if not run.judge_ahead or not run.resident or "scores" in run.refresh or is_alone:
        return []
    return [judge for judge in judges.values() if judge.asks_server or _has_own_devices(judge)]


def _has_own_devices(judge: ResolvedJudge) -> bool:
    return judge.needs_device and judge.own_devices is not None


class JudgeAhead:
    """The judges of one edit job, each in a thread of its own.

    The job's end waits for answers under way only. What was not asked yet, score_category asks. A judge that
    cannot go on is left to score_category too, which tells why.
    """

    def __init__(
        self,
        judges: Sequence[ResolvedJudge],
        run: RunConfig,
        items: Sequence[Item],
        items_folder: Path,
        edits_folder: Path,
        output: Path,
        job: JobContext,
        shard: Shard | None = None,
    ) -> None:
        """Prepare; nothing is asked yet.

        Args:
            items: of the job.
            items_folder: that the paths in their records are relative to.
            edits_folder: that the paths in the edits' records are relative to.
            output: the job's `edits.jsonl`.
            shard: the job's, or None for the whole category.
        """
        by_id, folders = {item.id: item for item in items}, (items_folder, edits_folder)
        benchmark = items_folder.parents[1]
        self._threads = [
            _Thread(judge, run, by_id, folders, _scores_path(output, judge.name, benchmark), job, shard)
            for judge in judges
        ]

    def __enter__(self) -> "JudgeAhead":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for thread in self._threads:
            thread.end()
        # A job that was told to stop waits for no server.
        for thread in self._threads if kind is None else ():
            thread.join()

    def offer(self, edit: Edit) -> None:
        """Let an edit be judged whose image is whole on disk; one that failed is passed over."""
        if edit.image is not None:
            for thread in self._threads:
                thread.edits.put(edit)


class _Thread(threading.Thread):
    """One judge and the edits that wait for it."""

    def __init__(
        self,
        judge: ResolvedJudge,
        run: RunConfig,
        items: Mapping[str, Item],
        folders: tuple[Path, Path],
        output: Path,
        job: JobContext,
        shard: Shard | None,
    ) -> None:
        super().__init__(daemon=True)
        self._judge, self._items, self._folders, self._output = judge, items, folders, output
        self._run, self._job, self._shard = judge.run_of(run), job, shard
        self._extras = shown_extras(judge, items.values(), folders[0])
        self._under_way: dict[str, list[Edit]] = {}
        self._expected: dict[str, str] = {}
        self._is_over, self._has_begun = threading.Event(), False
        self.edits: queue.SimpleQueue[Edit | None] = queue.SimpleQueue()

    def end(self) -> None:
        """Ask about no further edit."""
        self._is_over.set()
        self.edits.put(None)

    def run(self) -> None:
        """Judge until `end`."""
        try:
            self._judge_all()
        except (SnakeditError, OSError) as error:
            LOGGER.warning("%s does not judge ahead: %s", self._judge.name, error)

    def _judge_all(self) -> None:
        work, own = judge_work(self._judge), self._judge.own_devices
        devices = 0 if own is None else len(resolve_devices(own))
        journal_path, in_vain_path = self._output.with_name("journal.jsonl"), ahead_journal(self._output)
        take_over(self._output, self._shard, Score, set(self._items))
        known = {(score.item, score.fingerprint) for score in _judged(journal_path, in_vain_path)}
        at_once, size = (work.server.at_once, 1) if work.server else (devices, self._judge.batch_size)
        tasks = self._tasks(known, at_once + SPARE, size)
        first = next(tasks, None)
        if first is None:
            return
        job = dataclasses.replace(
            self._job,
            rule="score_category",
            label=self._judge.name,
            total=len(self._items),
            device_limit=devices,
        )
        with Journal(journal_path) as journal:
            for outcome in run_tasks(work, load_score_worker, _then(first, tasks), self._run, job):
                scores = scores_of(self._under_way.pop(outcome.key), outcome, self._expected)
                journal.extend(score for score in scores if score.status == "ok")
                # What failed may be the server's fault or a device's, and score_category asks once more.
                in_vain = [score for score in scores if score.status not in ("ok", "failed")]
                if in_vain:
                    with Journal(in_vain_path) as in_vain_journal:
                        in_vain_journal.extend(in_vain)

    def _tasks(self, known: set[tuple[str, str]], most: int, size: int) -> Iterator[Task | None]:
        """A task for each `size` edits, and None while there is none or enough are under way."""
        batch: list[Edit] = []
        while True:
            # The last few are judged here too, which takes no longer than the answers under way.
            if self._is_over.is_set() and self.edits.qsize() > most:
                return
            if len(self._under_way) >= most:
                yield None
                continue
            try:
                # Before the first one there is nothing else to do.
                edit = self.edits.get(block=not self._under_way and not self._has_begun)
            except queue.Empty:
                yield None
                continue
            if edit is None:
                if batch:
                    yield self._task(batch)
                return
            fingerprint = expected_fingerprints(self._judge, self._items, [edit], self._extras)[edit.item]
            if (edit.item, fingerprint) in known:
                continue
            self._expected[edit.item] = fingerprint
            batch.append(edit)
            if len(batch) == size:
                yield self._task(batch)
                batch = []

    def _task(self, batch: list[Edit]) -> Task:
        self._has_begun, key = True, batch[0].item
        self._under_way[key] = batch
        payload = judge_payload(batch, self._items, self._extras, *self._folders)
        return Task(key, payload, weight=len(batch))


def _scores_path(edits: Path, judge: str, benchmark: Path) -> Path:
    """The `scores.jsonl` of an `edits.jsonl`, of a category or of a shard."""
    return benchmark / "scores" / judge / edits.parent.relative_to(benchmark / "edits") / "scores.jsonl"


def _judged(journal: Path, in_vain: Path) -> Iterator[Score]:
    yield from (score for score in read_journal(journal, Score) if score.status == "ok")
    yield from read_journal(in_vain, Score)


def _then(first: Task | None, others: Iterator[Task | None]) -> Iterator[Task | None]:
    yield first
    yield from others
