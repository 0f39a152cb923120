"""The serial baseline: a category's items one by one on one device, models swapped for each.

It uses the pipeline's recipes, so its images must be identical to the byte; its scores may differ in the
last digits, which depend on batch size. Its results are kept apart from the pipeline's.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from snakedit.core.atomic import write_whole
from snakedit.core.errors import StageError
from snakedit.core.images import remove_strangers
from snakedit.core.logs import LOGGER
from snakedit.core.records import Edit, Score, read_records, write_records
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Outcome, Task
from snakedit.runtime.pool.work import JobContext, Work
from snakedit.speed.baseline.serial_worker import load_serial_worker
from snakedit.stages.edit_category import edit_payload, edit_work
from snakedit.stages.edit_planning import PlannedEdit, blank_edit, plan_category
from snakedit.stages.judging import judge_payload, judge_work, shown_extras
from snakedit.stages.outcome import check_devices, check_disk, check_failures
from snakedit.workflow.resolved import ResolvedJudge, Run

ACTIVITIES = ("load", "edit", "score", "unload")


@dataclass(frozen=True)
class Serial:
    """The serial side's measurement for one editor's sample of one category; the content of `serial.json`.

    Attributes:
        items: items of the category that can be edited.
        measured: items of the sample that succeeded.
        swap: ``reload`` or ``offload``.
        loads: how often a model was put on the device.
        seconds: activity (`ACTIVITIES`) → seconds over the measured items; ``total`` is their whole time.
        began: when the first measured item was started, seconds since 1970.
        processors: the processor that it was measured on.
        compared: measured items that the pipeline has an image of.
        identical: those of them whose images are identical to the byte.
        largest_difference: between the numbers of both sides' scores, None where there are none.
        device: the device that it was measured on.
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
    """Edit and judge a sample of one category item by item; write the measurement last, as a whole.

    A stopped job leaves no measurement: the next one measures all items again.

    Args:
        run: the experiment, with `run.baseline_items` and `run.baseline_swap`.
        judge_names: the judges of each edit.
        items_path: the category's `items.jsonl`.
        results: the benchmark's folder, with the pipeline's own edits and scores.
        output: `serial.json`; its folder also gets `edits.jsonl`, `images/` and `scores-{judge}.jsonl`.
        job: the job, and whether it may have a device.

    Raises:
        StageError: if no item succeeded, or more failed than `run.max_failures`.
    """
    options, editor = run.config.run, run.editors[editor_name]
    plan = plan_category(editor, items_path, results / "edits")
    judges = {name: run.judges[name] for name in judge_names}
    where = f"serial_category {editor_name}/{job.category}"
    folder = output.parent
    possible = [p for p in plan.planned if p.error is None]
    chosen = sample(possible, options.baseline_items)
    if not chosen:
        raise StageError("none of its items can be edited", where=where)
    scorers = {name: judge_work(judge) for name, judge in judges.items()}
    work = _work(edit_work(editor), scorers, options.baseline_swap)
    check_devices(where, work.needs_device, job.device_limit)
    LOGGER.info("%s: %d of %d items, %s", where, len(chosen), len(possible), options.baseline_swap)
    tasks = (
        Task(
            p.item.id,
            {
                "edit": edit_payload(p, plan, items_path.parent, folder),
                "judges": _judge_payloads(p, judges, items_path.parent, folder),
            },
        )
        for p in chosen
    )
    outcomes: dict[str, Outcome] = {}
    for outcome in run_tasks(
        work, load_serial_worker, tasks, options, dataclasses.replace(job, total=len(chosen))
    ):
        check_disk(where, outcome.error)
        outcomes[outcome.key] = outcome
    check_failures(
        where,
        [o.error for o in outcomes.values()],
        options.max_failures,
        hint="run it again to try them again",
    )
    done = [outcomes[p.item.id] for p in chosen if outcomes[p.item.id].error is None]
    if not done:
        raise StageError("no item of the sample succeeded, so there is no time to compare", where=where)
    edits = {p.item.id: _edit(p, outcomes[p.item.id]) for p in chosen}
    replies = {outcome.key: outcome.result for outcome in done if outcome.result is not None}
    spans = [span for outcome in done for span in outcome.spans]
    scores = {
        name: {item: Score(item, **reply["judges"][name]) for item, reply in replies.items()}
        for name in judges
    }
    serial = Serial(
        editor=editor_name,
        category=job.category,
        items=len(possible),
        measured=len(done),
        swap=options.baseline_swap,
        loads=sum(span["name"] == "load" for span in spans),
        seconds=_seconds(done, spans),
        began=min(datetime.fromisoformat(o.started).timestamp() for o in done),
        processors=sorted({edits[item].versions["processor"] for item in replies}),
        device=done[-1].device,
        **_agreement(edits, scores, results, editor_name, job.category),
    )
    remove_strangers(folder / "images", {Path(e.image).name for e in edits.values() if e.image})
    write_records(folder / "edits.jsonl", edits.values())
    for name in judges:
        write_records(folder / f"scores-{name}.jsonl", scores[name].values())
    write_whole(output, [json.dumps(dataclasses.asdict(serial), indent=1, ensure_ascii=False) + "\n"])
    return serial


def sample(planned: Sequence[PlannedEdit], count: int | None) -> list[PlannedEdit]:
    """Return `count` items, evenly spread over the category, or all of them for None."""
    if count is None or count >= len(planned):
        return list(planned)
    return [planned[place * len(planned) // count] for place in range(count)]


def _work(edit: Work, judges: Mapping[str, Work], swap: str) -> Work:
    """The settings of the one worker. It is this job's own, so no pool compares its key."""
    editor, *others = (
        {**work.settings, "needs_device": work.needs_device} for work in (edit, *judges.values())
    )
    settings = {"swap": swap, "editor": editor, "judges": dict(zip(judges, others, strict=True))}
    needs_device = any(work.needs_device for work in (edit, *judges.values()))
    weights = max((work.weights or 0 for work in judges.values()), default=0) or None
    return Work("serial", settings, key="", needs_device=needs_device, weights=weights, need=edit.need)


def _edit(planned: PlannedEdit, outcome: Outcome) -> Edit:
    result = outcome.result or {"edit": {"error": outcome.error}}
    return dataclasses.replace(
        blank_edit(planned),
        **result["edit"],
        seconds=next((span["seconds"] for span in outcome.spans if span["name"] == "edit"), None),
        device=outcome.device,
        started=outcome.started,
        attempts=outcome.attempts,
    )


def _seconds(outcomes: Iterable[Outcome], spans: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    seconds = dict.fromkeys(("total", *ACTIVITIES), 0.0)
    seconds["total"] = sum(outcome.seconds for outcome in outcomes)
    for span in spans:
        seconds[span["name"]] += span["seconds"]
    return {name: round(value, 6) for name, value in seconds.items()}


def _judge_payloads(
    planned: PlannedEdit, judges: Mapping[str, ResolvedJudge], items_folder: Path, folder: Path
) -> dict[str, Any]:
    item = planned.item
    expected = Edit(item.id, "ok", image=planned.image)
    return {
        name: judge_payload(
            [expected], {item.id: item}, shown_extras(judge, [item], items_folder), items_folder, folder
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
    """Compare the images and scores with the pipeline's."""
    edits_path = results / "edits" / editor / category / "edits.jsonl"
    theirs = {e.item: e.image_sha256 for e in read_records(edits_path, Edit)}
    ours = {e.item: e.image_sha256 for e in edits.values() if e.image_sha256 and theirs.get(e.item)}
    differences = [
        difference
        for judge, own in scores.items()
        for score in read_records(results / "scores" / judge / editor / category / "scores.jsonl", Score)
        if score.item in own
        for difference in _differences(own[score.item], score)
    ]
    return {
        "compared": len(ours),
        "identical": sum(theirs[item] == sha256 for item, sha256 in ours.items()),
        "largest_difference": max(differences, default=None),
    }


def _differences(ours: Score, theirs: Score) -> Iterable[float]:
    pairs = [(ours.score, theirs.score)]
    pairs += [(value, theirs.values.get(metric)) for metric, value in ours.values.items()]
    return [abs(a - b) for a, b in pairs if a is not None and b is not None]
