"""The demo judge's examination: held-out photos and wordings, and the product's own class and rubric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from snakedit.core.errors import StageError
from snakedit.core.records import Item
from snakedit.demo.operations import OPERATIONS
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings, Verdict
from snakedit.judges.qwen3_vl import Qwen3VL
from snakedit.judges.qwen3_vl_params import Qwen3VLParams
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.stats.agreement import auc
from tools.demo_judge.edits import BY_NAME
from tools.demo_judge.examples import (
    SEEN_PIXELS,
    ExampleSampler,
    difference,
    is_colourless,
    visible_difference,
)
from tools.demo_judge.pictures import Photo, load_photos, random_crop
from tools.demo_judge.wordings import instruction

REQUESTS_AT_ONCE = 8
EXAMINED_CONTROLS = ("identity", "shuffled", "blank")


@dataclass(frozen=True)
class MarkedRequest:
    """One edit to be judged, with its true marks.

    Attributes:
        marks: metric → true mark, 0–10.
        kind: one of `edits.KINDS`.
        operation: the one that the instruction requests.
    """

    request: JudgeRequest
    marks: dict[str, int]
    kind: str
    operation: str


def load_judge(folder: Path, reading: str = "expected") -> Qwen3VL:
    """Load a checkpoint as the demo does: the product's class and the viescore rubric, on the CPU."""
    settings = JudgeSettings(load_rubric("viescore"), reading=reading, min_scale_mass=0.5, samples=1)
    params = Qwen3VLParams(dtype="float32", max_pixels=SEEN_PIXELS)
    return Qwen3VL(str(folder), params, "cpu", settings)


def held_out_requests(count: int, folders: Sequence[Path] = (), seed: int = 1) -> list[MarkedRequest]:
    """Return edits of every kind, on photos and with wordings that were never trained on.

    Args:
        folders: more held-out photos than the demo's ten.
    """
    sampler = ExampleSampler(load_photos(folders, held_out=True), seed, held_out=True)
    marked = []
    for number in range(count):
        example = sampler.draw()
        # One of the two instructions, in random order, requests the operation that was performed.
        first = example.instructions[0]
        marks = {"success": first.success, "overediting": first.kept}
        marks |= {"naturalness": example.naturalness, "artefacts": example.artefacts}
        request = _request(number, first.text, example.source, example.edit.image)
        marked.append(MarkedRequest(request, marks, example.edit.kind, first.operation))
    return marked


def judge_in_batches(judge: Judge, requests: Sequence[JudgeRequest]) -> list[Verdict]:
    """Return the verdicts of all requests, judged in batches of `REQUESTS_AT_ONCE`."""
    batches = (
        requests[start : start + REQUESTS_AT_ONCE] for start in range(0, len(requests), REQUESTS_AT_ONCE)
    )
    return [verdict for batch in batches for verdict in judge.judge(batch)]


def mark_correlations(verdicts: Sequence[Verdict], marked: Sequence[MarkedRequest]) -> dict[str, float]:
    """Return Pearson's correlation of each metric with the true marks.

    Raises:
        StageError: if an answer could not be read.
    """
    correlations = {}
    for metric in marked[0].marks:
        values = [verdict.values[metric] for verdict in verdicts]
        if None in values:
            raise StageError(
                f"{values.count(None)} of {len(values)} answers to '{metric}' could not be read",
                where="the demo judge's examination",
                hint="train it longer",
            )
        marks = [request.marks[metric] for request in marked]
        correlations[metric] = float(np.corrcoef(np.array(values, dtype=float), marks)[0, 1])
    return correlations


def control_requests(turns: int, seed: int = 2) -> dict[str, list[JudgeRequest]]:
    """Return the same items edited by `reference` and by each of `EXAMINED_CONTROLS`, on the demo's photos.

    Args:
        turns: items of each operation.
    """
    rng = Random(seed)
    items = [item for category in OPERATIONS for item in _reference_items(category, turns, rng)]
    requests: dict[str, list[JudgeRequest]] = {name: [] for name in ("reference", *EXAMINED_CONTROLS)}
    for number, (source, text, reference, shuffled) in enumerate(items):
        shown = {"reference": reference, "identity": source, "shuffled": shuffled}
        shown["blank"] = Image.new("RGB", source.size, (128, 128, 128))
        for name, image in shown.items():
            requests[name].append(_request(number, text, source, image))
    return requests


def _reference_items(
    category: str, turns: int, rng: Random
) -> Iterator[tuple[Image.Image, str, Image.Image, Image.Image]]:
    """Yield a category's items: source, instruction, reference, and another item's reference."""
    photos = load_photos((), held_out=True)
    items = []
    for name, operation in OPERATIONS[category].items():
        for _ in range(turns):
            source = _suitable_crop(photos, name, rng)
            items.append((source, instruction(name, rng, held_out=True), operation.apply(source)))
    rng.shuffle(items)
    for place, (source, text, reference) in enumerate(items):
        yield source, text, reference, items[place - 1][2]


def _suitable_crop(photos: Sequence[Photo], name: str, rng: Random) -> Image.Image:
    """Draw a part of a photo in which an operation is visible."""
    operation = BY_NAME[name]
    while True:
        longer = rng.randint(256, 512)
        crop = random_crop(rng.choice(photos).image, (longer, round(longer * rng.uniform(0.62, 1.0))), rng)
        is_visible = difference(crop, operation.apply(crop)) >= visible_difference(name)
        if is_visible and not (operation.needs_colour and is_colourless(crop)):
            return crop


def _request(number: int, text: str, source: Image.Image, edit: Image.Image) -> JudgeRequest:
    item = Item(f"i{number}", "held out", ["source.png"], ["0" * 64], text)
    return JudgeRequest(item, [source], edit, seed=0)


def examine_checkpoint(folder: Path, pairs: int, turns: int = 10) -> dict[str, float]:
    """Examine a checkpoint.

    Args:
        pairs: held-out edits of every kind.
        turns: items of each operation, for the controls.

    Returns:
        ``pearson_METRIC`` for each of the rubric's metrics, and ``auc_CONTROL``: how often `reference`
        scores above the control.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        judge = load_judge(folder)
        marked = held_out_requests(pairs)
        verdicts = judge_in_batches(judge, [each.request for each in marked])
        scores = {
            name: [verdict.score or 0.0 for verdict in judge_in_batches(judge, requests)]
            for name, requests in control_requests(turns).items()
        }
    finally:
        torch.set_num_threads(threads)
    figures = {f"pearson_{name}": value for name, value in mark_correlations(verdicts, marked).items()}
    for name in EXAMINED_CONTROLS:
        area = auc(scores["reference"], scores[name], clusters=len(scores["reference"]))
        assert area is not None
        figures[f"auc_{name}"] = area.value
    return figures
