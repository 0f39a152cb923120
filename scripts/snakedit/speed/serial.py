"""The serial baseline: a category's items one by one on one device, models swapped for each.

Its recipes are the pipeline's, so its images must be the same to the byte and its scores but for the last
digits that batches move. What it makes lies apart from the pipeline's own results.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.config import Config
from snakedit.editors.planning import PlannedEdit, blank_edit, plan_category
from snakedit.editors.stage import edit_payload, edit_work
from snakedit.errors import StageError
from snakedit.judges.stage import JudgePlan, judge_payload, judge_work, plan_judge, shown_references
from snakedit.logs import LOGGER
from snakedit.records import Edit, Score, read_records, write_records, write_whole
from snakedit.runtime.images import remove_strangers
from snakedit.runtime.pool import JobContext, Task, Work, run_tasks
from snakedit.runtime.stage import check_devices, check_disk, check_failures
from snakedit.speed.worker import load_worker

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
    compared: int
    identical: int
    largest_difference: float | None
    device: str


def serial_category(
    config: Config,
    editor_name: str,
    judge_names: Sequence[str],
    items_path: Path,
    results: Path,
    output: Path,
    job: JobContext,
) -> Serial:
    """Edit and judge a sample of one category item by item; write what it took, whole and last.

    Args:
        config: the experiment; `run.baseline_items` and `run.baseline_swap` count here.
        judge_names: who judges each edit, keys of its `judges`.
        items_path: the category's `items.jsonl`.
        results: the benchmark's folder, with the pipeline's own edits and scores.
        output: `serial.json`; its folder also gets `edits.jsonl`, `images/` and `scores-{judge}.jsonl`.
        job: which job this is, and that it may have a device.

    Raises:
        StageError: if no item went through, or more failed than `run.max_failures`.
    """
    plan = plan_category(config, editor_name, items_path, results / "edits")
    judges = {name: plan_judge(config, name) for name in judge_names}
    where = f"serial_category {editor_name}/{job.category}"
    possible = [p for p in plan.planned if p.error is None]
    todo = {p.item.id: p for p in sample(possible, config.run.baseline_items)}
    works = {name: judge_work(judge) for name, judge in judges.items()}
    edit = edit_work(plan)
    needs_device = any(work.settings["needs_device"] for work in (edit, *works.values()))
    settings = {
        "swap": config.run.baseline_swap,
        "editor": edit.settings,
        "judges": {name: work.settings for name, work in works.items()},
        "needs_device": needs_device,
    }
    check_devices(where, needs_device, job.device_limit)
    LOGGER.info("%s: %d of %d items, %s", where, len(todo), len(possible), config.run.baseline_swap)
    work = Work(
        "serial",
        settings,
        key="",
        weights=max((work.weights or 0 for work in works.values()), default=0) or None,
    )
    tasks = (
        Task(
            p.item.id,
            {
                "edit": edit_payload(p, plan, items_path.parent, output.parent),
                "judges": _judge_payloads(p, judges, items_path.parent, output.parent),
            },
        )
        for p in todo.values()
    )
    edits = {key: blank_edit(p) for key, p in todo.items()}
    scores: dict[str, dict[str, Score]] = {name: {} for name in judges}
    seconds: dict[str, float] = dict.fromkeys(("total", *ACTIVITIES), 0.0)
    loads, device = 0, ""
    for outcome in run_tasks(work, load_worker, tasks, config.run, dataclasses.replace(job, total=len(todo))):
        check_disk(where, outcome.error)
        result = outcome.result or {"edit": {"error": outcome.error}, "judges": {}, "spans": []}
        edits[outcome.key] = dataclasses.replace(
            edits[outcome.key],
            **result["edit"],
            seconds=next((s["seconds"] for s in result["spans"] if s["name"] == "edit"), None),
            device=outcome.device,
            started=outcome.started,
            attempts=outcome.attempts,
        )
        for name, fields in result["judges"].items():
            scores[name][outcome.key] = Score(item=outcome.key, **fields)
        if outcome.error is None:
            seconds["total"] += outcome.seconds
            for span in result["spans"]:
                seconds[span["name"]] += span["seconds"]
                loads += span["name"] == "load"
        device = outcome.device
    if not todo:
        raise StageError("none of its items can be edited", where=where)
    check_failures(where, [e.error for e in edits.values()], config.run.max_failures, hint="run it again")
    done = Serial(
        editor=editor_name,
        category=job.category,
        items=len(possible),
        measured=sum(e.error is None for e in edits.values()),
        swap=config.run.baseline_swap,
        loads=loads,
        seconds={name: round(value, 6) for name, value in seconds.items()},
        device=device,
        **_agreement(edits, scores, results, editor_name, job.category),
    )
    remove_strangers(output.parent / "images", {Path(e.image).name for e in edits.values() if e.image})
    write_records(output.parent / "edits.jsonl", edits.values())
    for name in judges:
        write_records(output.parent / f"scores-{name}.jsonl", scores[name].values())
    write_whole(output, [json.dumps(dataclasses.asdict(done), indent=1, ensure_ascii=False) + "\n"])
    return done


def sample(planned: Sequence[PlannedEdit], count: int | None) -> list[PlannedEdit]:
    """Return so many items, evenly spread over the category, or all of them for None."""
    if count is None or count >= len(planned):
        return list(planned)
    return [planned[place * len(planned) // count] for place in range(count)]


def _judge_payloads(
    planned: PlannedEdit, judges: Mapping[str, JudgePlan], items_folder: Path, folder: Path
) -> dict[str, Any]:
    item = planned.item
    to_come = Edit(item.id, "ok", image=planned.image)
    return {
        name: judge_payload(
            [to_come], {item.id: item}, shown_references(judge, [item], items_folder), items_folder, folder
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
