"""The demo judge's examination: held-out photos and wordings, through the product's own judge and rubric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from snakedit.core.errors import StageError
from snakedit.core.records import Item
from snakedit.demo.benchmark import OPERATIONS
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings, Verdict
from snakedit.judges.qwen3_vl import Qwen3VL, Qwen3VLParams
from snakedit.judges.rubrics.rubric import load_rubric
from tools.demo_judge import edits
from tools.demo_judge.pictures import Picture, crop, load_pictures
from tools.demo_judge.samples import MAX_PIXELS, Sampler, difference, is_colourless, shows
from tools.demo_judge.wordings import FAMILY, NAMES, instruction

BATCH = 8
CONTROLS = ("identity", "shuffled", "blank")


@dataclass(frozen=True)
class Pair:
    """One edit to be judged, and what it deserves.

    Attributes:
        marks: metric → true mark, 0–10.
        kind: one of `edits.KINDS`.
        asked: the operation that the instruction asks for.
    """

    request: JudgeRequest
    marks: dict[str, int]
    kind: str
    asked: str


def load_judge(folder: Path, reading: str = "expected") -> Qwen3VL:
    """Load a checkpoint as the demo does: the product's class, the viescore rubric, one CPU thread."""
    settings = JudgeSettings(load_rubric("viescore"), reading=reading, min_scale_mass=0.5, samples=1)
    params = Qwen3VLParams(dtype="float32", max_pixels=MAX_PIXELS)
    return Qwen3VL(str(folder), params, "cpu", settings)


def held_out_pairs(count: int, photos: Sequence[Path] = (), seed: int = 1) -> list[Pair]:
    """Return edits of every kind on photos, and with wordings, that were never trained on.

    Args:
        photos: folders with more held-out photos than the demo's ten.
    """
    sampler = Sampler(load_pictures(photos, held_out=True), seed, held_out=True)
    pairs = []
    for number in range(count):
        sample = sampler.draw()
        # The questions are in random order; one of the two is on what was really done.
        question = sample.questions[0]
        marks = {"success": question.success, "overediting": question.kept}
        marks |= {"naturalness": sample.naturalness, "artefacts": sample.artefacts}
        request = _request(number, question.text, sample.source, sample.made.image)
        pairs.append(Pair(request, marks, sample.made.kind, question.asked))
    return pairs


def judged(judge: Judge, requests: Sequence[JudgeRequest]) -> list[Verdict]:
    """Judge in batches."""
    batches = (requests[start : start + BATCH] for start in range(0, len(requests), BATCH))
    return [verdict for batch in batches for verdict in judge.judge(batch)]


def correlations(verdicts: Sequence[Verdict], pairs: Sequence[Pair]) -> dict[str, float]:
    """Return Pearson's correlation of each metric with the true marks.

    Raises:
        StageError: if an answer could not be read.
    """
    found = {}
    for metric in pairs[0].marks:
        values = [verdict.values[metric] for verdict in verdicts]
        if None in values:
            raise StageError(
                f"{values.count(None)} of {len(values)} answers to '{metric}' could not be read",
                where="the demo judge's examination",
                hint="train it longer",
            )
        true = [pair.marks[metric] for pair in pairs]
        found[metric] = float(np.corrcoef(np.array(values, dtype=float), true)[0, 1])
    return found


def controls(turns: int, seed: int = 2) -> dict[str, list[JudgeRequest]]:
    """Return the same items edited by the reference and by each of `CONTROLS`, on the demo's ten photos.

    Args:
        turns: how often each operation comes.
    """
    rng = Random(seed)
    items = [item for family in OPERATIONS for item in _items(family, turns, rng)]
    requests: dict[str, list[JudgeRequest]] = {name: [] for name in ("reference", *CONTROLS)}
    for number, (source, text, reference, shuffled) in enumerate(items):
        shown = {"reference": reference, "identity": source, "shuffled": shuffled}
        shown["blank"] = Image.new("RGB", source.size, (128, 128, 128))
        for name, image in shown.items():
            requests[name].append(_request(number, text, source, image))
    return requests


def _items(
    family: str, turns: int, rng: Random
) -> Iterator[tuple[Image.Image, str, Image.Image, Image.Image]]:
    """A family's items: source, instruction, reference, and another item's reference of the family."""
    pictures = load_pictures((), held_out=True)
    made = []
    for name in NAMES:
        if FAMILY[name] != family:
            continue
        for _ in range(turns):
            source = _suitable(pictures, name, rng)
            made.append(
                (source, instruction(name, rng, held_out=True), OPERATIONS[family][name].apply(source))
            )
    rng.shuffle(made)
    for place, (source, text, reference) in enumerate(made):
        yield source, text, reference, made[place - 1][2]


def _suitable(pictures: Sequence[Picture], name: str, rng: Random) -> Image.Image:
    """Draw a part of a photo in which an operation shows."""
    while True:
        longer = rng.randint(256, 512)
        part = crop(rng.choice(pictures).image, (longer, round(longer * rng.uniform(0.62, 1.0))), rng)
        edited = OPERATIONS[FAMILY[name]][name].apply(part)
        if difference(part, edited) >= shows(name) and not (
            name in edits.NEEDS_COLOUR and is_colourless(part)
        ):
            return part


def auc(better: Sequence[float], worse: Sequence[float]) -> float:
    """Return how often one of the better scores is above one of the worse, ties counting half."""
    one, other = np.array(better)[:, None], np.array(worse)[None]
    return float((one > other).mean() + 0.5 * (one == other).mean())


def _request(number: int, text: str, source: Image.Image, edit: Image.Image) -> JudgeRequest:
    item = Item(f"i{number}", "held out", ["source.png"], ["0" * 64], text)
    return JudgeRequest(item, [source], edit, seed=0)


def examination(folder: Path, pairs: int, turns: int = 10) -> dict[str, float]:
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
        asked = held_out_pairs(pairs)
        verdicts = judged(judge, [pair.request for pair in asked])
        scores = {
            name: [verdict.score or 0.0 for verdict in judged(judge, requests)]
            for name, requests in controls(turns).items()
        }
    finally:
        torch.set_num_threads(threads)
    found = {f"pearson_{name}": value for name, value in correlations(verdicts, asked).items()}
    return found | {f"auc_{name}": auc(scores["reference"], scores[name]) for name in CONTROLS}
