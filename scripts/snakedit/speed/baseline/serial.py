"""The serial baseline: a category's items one by one on one device, models swapped for each.

Its recipes are the pipeline's, so its images must be the same to the byte and its scores but for the last
digits that batches move. What it makes lies apart from the pipeline's own results.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from snakedit import recipe as recipes
from snakedit.config.load import Config
from snakedit.core.atomic import write_whole
from snakedit.core.errors import StageError
from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.images import remove_strangers
from snakedit.core.journal import Journal
from snakedit.core.logs import LOGGER
from snakedit.core.records import Edit, Score, read_records, write_records
from snakedit.runtime.devices.discover import device_kind
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import JobContext, Work
from snakedit.speed.baseline.measured import JOURNAL, Measured, kept, measured
from snakedit.speed.baseline.serial_worker import load_worker
from snakedit.stages.edit_category import edit_payload, edit_work
from snakedit.stages.edit_planning import PlannedEdit, plan_category
from snakedit.stages.outcome import check_devices, check_disk, check_failures
from snakedit.stages.score_category import judge_payload, judge_work, shown_extras
from snakedit.workflow.resolved import ResolvedJudge, Run

ACTIVITIES = ("load", "edit", "score", "unload")


@dataclass(frozen=True)
class Serial:
    """What the serial side took for one editor's sample of one category; the content of `serial.json`.

    Attributes:
        items: of the category, but for those that cannot be edited at all.
        measured: items of the sample that went through.
        swap: ``reload`` or ``offload``.
        loads: models put on the device.
        seconds: activity (`ACTIVITIES`) → seconds over the measured items; ``total`` is their whole time.
            What a stopped job had begun of an item, and its starting again, is in none of them.
        began: when the first of the measured items was taken, seconds since 1970.
        processors: on which they were measured; more than one only where a stopped job went on elsewhere.
        identical: measured items whose image is the pipeline's to the byte, of `compared`.
        largest_difference: between the numbers of both sides' scores, None where there are none.
        device: where it ran.
    """

    editor: str
    category: str
    items: int
    measured: int
    swap: str
    loads: int
    seconds: dict[str, float]
    began: float
    processors: list[str]
    compared: int
    identical: int
    largest_difference: float | None
    device: str


def serial_category(
    run: Run,
    editor_name: str,
    judge_names: Sequence[str],
    items_path: Path,
    results: Path,
    output: Path,
    job: JobContext,
) -> Serial:
    """Edit and judge a sample of one category item by item; write what it took, whole and last.

    A job that was stopped has left a journal of whole items, and only what is missing is measured. One that
    has finished leaves none: made again, it measures everything again.

    Args:
        run: the experiment; `run.baseline_items` and `run.baseline_swap` count here.
        judge_names: who judges each edit, keys of its `judges`.
        items_path: the category's `items.jsonl`.
        results: the benchmark's folder, with the pipeline's own edits and scores.
        output: `serial.json`; its folder also gets `edits.jsonl`, `images/` and `scores-{judge}.jsonl`.
        job: which job this is, and that it may have a device.

    Raises:
        StageError: if no item went through, or more failed than `run.max_failures`.
    """
    config, editor = run.config, run.editors[editor_name]
    plan = plan_category(editor, items_path, results / "edits")
    judges = {name: run.judges[name] for name in judge_names}
    where = f"serial_category {editor_name}/{job.category}"
    folder = output.parent
    possible = [p for p in plan.planned if p.error is None]
    chosen = sample(possible, config.run.baseline_items)
    if not chosen:
        raise StageError("none of its items can be edited", where=where)
    edit, scorers = edit_work(editor), {name: judge_work(judge) for name, judge in judges.items()}
    work = _work(config, edit, scorers)
    check_devices(where, work.settings["needs_device"], job.device_limit)
    depends_on = {p.item.id: _depends_on(p, work, judges, items_path.parent) for p in chosen}
    done = kept(folder, depends_on)
    todo = [p for p in chosen if p.item.id not in done]
    LOGGER.info(
        "%s: %d of %d items, %s, %d measured before",
        where,
        len(chosen),
        len(possible),
        config.run.baseline_swap,
        len(done),
    )
    tasks = (
        Task(
            p.item.id,
            {
                "edit": edit_payload(p, plan, items_path.parent, folder),
                "judges": _judge_payloads(p, judges, items_path.parent, folder),
            },
        )
        for p in todo
    )
    with Journal(folder / JOURNAL) as journal:
        for outcome in run_tasks(
            work, load_worker, tasks, config.run, dataclasses.replace(job, total=len(todo))
        ):
            check_disk(where, outcome.error)
            done[outcome.key] = measured(outcome, depends_on[outcome.key])
            if outcome.error is None:
                journal.append(done[outcome.key])
    edits = {p.item.id: done[p.item.id].to_edit(p) for p in chosen}
    check_failures(
        where,
        [e.error for e in edits.values()],
        config.run.max_failures,
        hint="what was measured is kept; run it again to try the others",
    )
    whole = [done[item] for item, e in edits.items() if e.error is None]
    scores = {name: {one.item: one.to_score(name) for one in whole} for name in judges}
    found = Serial(
        editor=editor_name,
        category=job.category,
        items=len(possible),
        measured=len(whole),
        swap=config.run.baseline_swap,
        loads=sum(span["name"] == "load" for one in whole for span in one.spans),
        seconds=_seconds(whole),
        began=min(datetime.fromisoformat(one.started).timestamp() for one in whole),
        processors=sorted({one.edit["versions"]["processor"] for one in whole}),
        device=whole[-1].device,
        **_agreement(edits, scores, results, editor_name, job.category),
    )
    remove_strangers(folder / "images", {Path(e.image).name for e in edits.values() if e.image})
    write_records(folder / "edits.jsonl", edits.values())
    for name in judges:
        write_records(folder / f"scores-{name}.jsonl", scores[name].values())
    write_whole(output, [json.dumps(dataclasses.asdict(found), indent=1, ensure_ascii=False) + "\n"])
    (folder / JOURNAL).unlink()
    return found


def sample(planned: Sequence[PlannedEdit], count: int | None) -> list[PlannedEdit]:
    """Return so many items, evenly spread over the category, or all of them for None."""
    if count is None or count >= len(planned):
        return list(planned)
    return [planned[place * len(planned) // count] for place in range(count)]


def _work(config: Config, edit: Work, scorers: Mapping[str, Work]) -> Work:
    """What the one worker must load; its key is what an item's result, and its time, depend on."""
    settings = {
        "swap": config.run.baseline_swap,
        "editor": edit.settings,
        "judges": {name: work.settings for name, work in scorers.items()},
        "needs_device": any(work.settings["needs_device"] for work in (edit, *scorers.values())),
    }
    keys = [edit.key, {name: work.key for name, work in scorers.items()}]
    kind = device_kind(config.run.devices)
    return Work(
        "serial",
        settings,
        key=fingerprint(["serial", recipes.STAGE_VERSIONS["serial"], settings["swap"], kind, keys]),
        weights=max((work.weights or 0 for work in scorers.values()), default=0) or None,
    )


def _depends_on(
    planned: PlannedEdit, work: Work, judges: Mapping[str, ResolvedJudge], items_folder: Path
) -> str:
    item = planned.item
    references = {
        name: [file_sha256(path) for path in shown_extras(judge, [item], items_folder)[item.id].values()]
        for name, judge in judges.items()
    }
    return fingerprint([work.key, planned.fingerprint, references])


def _seconds(whole: Iterable[Measured]) -> dict[str, float]:
    """Sums over the items, wherever and whenever each was measured."""
    seconds = dict.fromkeys(("total", *ACTIVITIES), 0.0)
    for one in whole:
        seconds["total"] += one.seconds
        for span in one.spans:
            seconds[span["name"]] += span["seconds"]
    return {name: round(value, 6) for name, value in seconds.items()}


def _judge_payloads(
    planned: PlannedEdit, judges: Mapping[str, ResolvedJudge], items_folder: Path, folder: Path
) -> dict[str, Any]:
    item = planned.item
    to_come = Edit(item.id, "ok", image=planned.image)
    return {
        name: judge_payload(
            [to_come], {item.id: item}, shown_extras(judge, [item], items_folder), items_folder, folder
        )
        for name, judge in judges.items()
    }


def _agreement(
    edits: Mapping[str, Edit],
    scores: Mapping[str, Mapping[str, Score]],
    results: Path,
    editor: str,
    category: str,
) -> dict[str, Any]:
    """How far what was made here is what the pipeline made."""
    theirs = {e.item: e.image_sha256 for e in read_records(_edits(results, editor, category), Edit)}
    made = {e.item: e.image_sha256 for e in edits.values() if e.image_sha256 and theirs.get(e.item)}
    differences = [
        difference
        for judge, ours in scores.items()
        for score in read_records(results / "scores" / judge / editor / category / "scores.jsonl", Score)
        if score.item in ours
        for difference in _differences(ours[score.item], score)
    ]
    return {
        "compared": len(made),
        "identical": sum(theirs[item] == sha256 for item, sha256 in made.items()),
        "largest_difference": max(differences, default=None),
    }


def _edits(results: Path, editor: str, category: str) -> Path:
    return results / "edits" / editor / category / "edits.jsonl"


def _differences(ours: Score, theirs: Score) -> Iterable[float]:
    pairs = [(ours.score, theirs.score)]
    pairs += [(value, theirs.values.get(metric)) for metric, value in ours.values.items()]
    return [abs(one - other) for one, other in pairs if one is not None and other is not None]
