"""What judging needs, before and after an edit is complete: the worker, its payloads, and its records."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snakedit import recipe as recipes
from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.images import open_image
from snakedit.core.records import Edit, Item, Score
from snakedit.judges import JUDGES
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings
from snakedit.judges.rubrics.rubric import EXTRA_IMAGES, Rubric
from snakedit.runtime.host.versions import library_versions
from snakedit.runtime.pool.attempt import TimedResult
from snakedit.runtime.pool.tasks import Outcome
from snakedit.runtime.pool.work import Work
from snakedit.runtime.resident.handover import run_digest
from snakedit.runtime.resident.owner import owner
from snakedit.workflow.resolved import ResolvedJudge


def ahead_journal(output: Path, run: str | None = None) -> Path:
    """Return the file of refusals and unreadable answers to what was asked ahead.

    This run does not ask about these edits again.

    Args:
        output: `scores.jsonl`.
        run: a digest of the run, by default of this one.
    """
    return output.with_name(f"ahead-{run or run_digest(owner())}.jsonl")


def scores_of(batch: Sequence[Edit], outcome: Outcome, expected: Mapping[str, str]) -> list[Score]:
    """Return the records of a judged batch.

    Args:
        expected: item → fingerprint.
    """
    results = (outcome.result or {}).get("scores") or [
        {"status": "failed", "error": outcome.error} for _ in batch
    ]
    seconds = round(outcome.seconds / len(batch), 4)
    return [
        Score(item=edit.item, fingerprint=expected[edit.item], seconds=seconds, **result)
        for edit, result in zip(batch, results, strict=True)
    ]


def shown_extras(
    judge: ResolvedJudge, items: Iterable[Item], items_folder: Path
) -> dict[str, dict[str, Path]]:
    """Return item → its reference and its mask, by role, as far as the judge's rubric shows them."""
    shown = {role for metric in judge.rubric["metrics"] for role in metric["shows"]}
    roles = sorted(EXTRA_IMAGES & shown)
    return {
        item.id: {role: items_folder / path for role in roles if (path := getattr(item, role)) is not None}
        for item in items
    }


def expected_fingerprints(
    judge: ResolvedJudge,
    items: Mapping[str, Item],
    edits: Iterable[Edit],
    extras: Mapping[str, Mapping[str, Path]],
) -> dict[str, str]:
    """Return item → the fingerprint of a score of its edit, for those that have an image."""
    return {
        edit.item: recipes.score_fingerprint(
            judge.recipe,
            items[edit.item],
            edit.image_sha256,
            {role: file_sha256(path) for role, path in extras[edit.item].items()},
        )
        for edit in edits
        if edit.image_sha256 is not None
    }


def load_score_worker(settings: dict[str, Any], device: str) -> "JudgeWorker":
    """Load a judge on a device: the loader that the pool calls in each of its workers."""
    family = JUDGES[settings["type"]]
    # The planned rubric, not the file, which may have changed since.
    rubric = Rubric.from_content(settings["rubric"])
    judge = family(
        settings["model"],
        family.Params(**settings["params"]),
        device,
        JudgeSettings(rubric, settings["reading"], settings["min_scale_mass"], settings["samples"]),
    )
    return JudgeWorker(judge, device)


class JudgeWorker:
    """A loaded judge in a worker process: opens a batch's images and judges them."""

    def __init__(self, judge: Judge, device: str) -> None:
        self.judge = judge
        self.versions = library_versions(device)

    def handle(self, payload: dict[str, Any]) -> TimedResult:
        """Judge one batch; return for each of its edits the fields of its `Score` record.

        An exception at one of them is the result's fault, and its score `failed`.
        """
        requests = [
            JudgeRequest(
                item=Item(**entry["item"]),
                sources=[open_image(path) for path in entry["sources"]],
                edit=open_image(entry["edit"]),
                seed=entry["seed"],
                **{role: open_image(path) for role, path in entry["extras"].items()},
            )
            for entry in payload["batch"]
        ]
        verdicts = self.judge.judge(requests)
        scores = [
            {**dataclasses.asdict(verdict), "versions": {**self.versions, **verdict.versions}}
            for verdict in verdicts
        ]
        # A verdict with replies failed by what they say, whatever the device.
        faults = [verdict.error for verdict in verdicts if verdict.status == "failed" and not verdict.replies]
        return TimedResult({"scores": scores}, fault=faults[0] if faults else None)

    def move_to(self, device: str) -> None:
        """Move the judge to another device."""
        self.judge.move_to(device)

    def release_memory(self) -> None:
        """Make room after an out-of-memory."""
        self.judge.release_memory()


def judge_work(judge: ResolvedJudge) -> Work:
    """Return what a worker must load for this judge."""
    model, params = judge.weights(), judge.typed_params
    settings = {
        "type": judge.type,
        "model": model,
        "params": judge.params,
        "rubric": judge.rubric,
        "reading": judge.reading,
        "min_scale_mass": judge.min_scale_mass,
        "samples": judge.samples,
    }
    return Work(
        "score",
        settings,
        fingerprint(["score", judge.recipe, judge.params]),
        needs_device=judge.needs_device,
        weights=judge.family.weights(model, params),
        server=judge.server,
    )


def judge_payload(
    batch: Sequence[Edit],
    items: Mapping[str, Item],
    extras: Mapping[str, Mapping[str, Path]],
    items_folder: Path,
    edits_folder: Path,
) -> dict[str, Any]:
    """Return a worker's payload for one batch; `extras` come from `shown_extras`."""
    # Absolute: a resident pool has a working directory of its own.
    return {
        "batch": [
            {
                "item": vars(items[edit.item]),
                "sources": [str((items_folder / image).resolve()) for image in items[edit.item].images],
                "edit": str((edits_folder / str(edit.image)).resolve()),
                "extras": {role: str(path.resolve()) for role, path in extras[edit.item].items()},
                "seed": recipes.item_seed(0, items[edit.item]) or 0,
            }
            for edit in batch
        ]
    }
