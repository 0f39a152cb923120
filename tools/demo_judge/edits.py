"""Synthetic edits of every kind and flaw, and the marks that each deserves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image

from snakedit.demo.operations import OPERATIONS, Operation

BY_NAME: Mapping[str, Operation] = {
    name: operation for operations in OPERATIONS.values() for name, operation in operations.items()
}
NAMES = tuple(BY_NAME)
CATEGORY: Mapping[str, str] = {
    name: category for category, operations in OPERATIONS.items() for name in operations
}
NEEDS_COLOUR = {name for name, operation in BY_NAME.items() if operation.needs_colour}
# Half of these is the whole operation on half of the picture; they cannot be overdone.
_WITHOUT_DEGREES = {"negative", "mirror", "upside_down", "rotate"}
_NEVER_TOO_MUCH = {*_WITHOUT_DEGREES, "grey", "posterise", "half_grey"}
# (requested, performed) operations that overlap → marks for success and for keeping the rest.
_OVERLAP: Mapping[tuple[str, str], tuple[int, int]] = {
    ("grey", "half_grey"): (5, 10),
    ("half_grey", "grey"): (5, 4),
    ("blur", "border_blur"): (5, 10),
    ("border_blur", "blur"): (5, 4),
    ("darker", "vignette"): (3, 7),
    ("vignette", "darker"): (3, 4),
}
KINDS = ("right", "half", "too_much", "absent", "reversed", "other_photo", "two", "garbage", "blank")
_STRENGTHS = {"half": 0.5, "too_much": 1.6}
# Side of a square picture as the judge sees it, in pixels.
SEEN_SIDE = 160


@dataclass(frozen=True)
class SyntheticEdit:
    """An edit, with everything that its marks depend on.

    Attributes:
        kind: one of `KINDS`.
        applied: the operation, and for the kind `two` the second; empty where none was applied.
        flaw: a key of `FLAWS`, or empty.
        severity: of the flaw, 0–1.
    """

    image: Image.Image
    kind: str
    applied: tuple[str, ...]
    flaw: str = ""
    severity: float = 0.0


def apply_operation(source: Image.Image, name: str, kind: str) -> Image.Image:
    """Return a source after an operation: `right`, `half` or `too_much` of it."""
    if kind == "half" and name in _WITHOUT_DEGREES:
        left = (0, 0, source.width // 2, source.height)
        edited = source.copy()
        edited.paste(BY_NAME[name].apply(source).resize(source.size).crop(left), left)
        return edited
    return BY_NAME[name].apply(source, _STRENGTHS.get(kind, 1.0))


def has_half(name: str) -> bool:
    """Say whether half of an operation can be distinguished from the whole."""
    return name != "rotate"


def has_too_much(name: str) -> bool:
    """Say whether an operation can be overdone."""
    return name not in _NEVER_TOO_MUCH


def pair_marks(requested: str, edit: SyntheticEdit) -> tuple[int, int]:
    """Return the marks for success and for keeping the rest, 0–10 each, if an operation was requested."""
    penalty = round(4 * edit.severity) if edit.flaw else 0
    if edit.kind in ("other_photo", "garbage", "blank"):
        return 0, 0
    if edit.kind == "absent":
        return 0, 10 - penalty
    if edit.kind == "reversed":
        return 0, 2
    if requested not in edit.applied:
        marks = [_OVERLAP.get((requested, name), (0, 2)) for name in edit.applied]
        return max(mark[0] for mark in marks), max(0, min(mark[1] for mark in marks) - penalty)
    if edit.kind == "half":
        return 5, 10 - penalty
    if edit.kind == "too_much":
        return 8, 6 - penalty
    return 10, (4 if edit.kind == "two" else 10) - penalty


def single_marks(edit: SyntheticEdit) -> tuple[int, int]:
    """Return the marks for naturalness and freedom from artefacts, 0–10 each; operations cost nothing."""
    if edit.kind in ("blank", "garbage"):
        return 0, 0
    if not edit.flaw:
        return 10, 10
    return round(10 - FLAWS[edit.flaw][1] * edit.severity), round(10 - 10 * edit.severity)


def _add_noise(image: Image.Image, severity: float, grain: float, rng: Random) -> Image.Image:
    size = [max(1, round(side / grain)) for side in image.size]
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 15 + 75 * severity, (size[1], size[0], 3))
    if grain > 1:
        rows, columns = (
            np.arange(side) * small // side for side, small in zip(image.size[::-1], size[::-1], strict=True)
        )
        noise = noise[rows][:, columns]
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _tear_strips(image: Image.Image, severity: float, grain: float, rng: Random) -> Image.Image:
    torn = np.asarray(image).copy()
    for _ in range(2 + round(8 * severity)):
        height = round(grain * rng.randint(6, 10 + round(14 * severity)))
        y = rng.randrange(max(1, image.height - height))
        shift = round(grain * rng.choice((-1, 1)) * rng.randint(15, 60))
        torn[y : y + height] = np.roll(torn[y : y + height], shift, axis=1)
    return Image.fromarray(torn)


def _displace_blocks(image: Image.Image, severity: float, grain: float, rng: Random) -> Image.Image:
    broken = image.copy()
    for _ in range(3 + round(12 * severity)):
        w, h = (round(grain * rng.randint(10, 34)) for _ in range(2))
        place = (rng.randrange(max(1, image.width - w)), rng.randrange(max(1, image.height - h)))
        if rng.random() < 0.5:
            patch: Image.Image = Image.new("RGB", (w, h), tuple(rng.randrange(256) for _ in range(3)))
        else:
            x, y = rng.randrange(max(1, image.width - w)), rng.randrange(max(1, image.height - h))
            patch = image.crop((x, y, x + w, y + h)).rotate(90, expand=False)
        broken.paste(patch, place)
    return broken


# Flaw → the function that adds it (image, severity, grain, generator), and what the worst of it costs in
# naturalness.
FLAWS: Mapping[str, tuple[Callable[[Image.Image, float, float, Random], Image.Image], int]] = {
    "noise": (_add_noise, 6),
    "tears": (_tear_strips, 9),
    "blocks": (_displace_blocks, 9),
}


def add_flaw(image: Image.Image, rng: Random) -> tuple[Image.Image, str, float]:
    """Return a picture with a random flaw, the flaw's name and its severity."""
    flaw = rng.choice(list(FLAWS))
    severity = rng.choice((0.4, 0.6, 0.8, 1.0))
    # Flaws grow with the picture, so that the judge sees the same at every size.
    grain = max(1.0, max(image.size) / SEEN_SIDE)
    return FLAWS[flaw][0](image, severity, grain, rng), flaw, severity


def garbage(size: tuple[int, int], rng: Random) -> Image.Image:
    """Return the output of a broken editor: coloured noise, fine or coarse, without a picture in it."""
    cell = rng.choice((1, 2, 4, 8, 16))
    small = (max(2, -(-size[1] // cell)), max(2, -(-size[0] // cell)), 3)
    numbers = np.random.default_rng(rng.getrandbits(32))
    centre, spread = numbers.uniform(60, 200, 3), rng.uniform(10, 90)
    values = np.clip(numbers.normal(centre, spread, small), 0, 255).astype(np.uint8)
    resampling = rng.choice((Image.Resampling.NEAREST, Image.Resampling.BICUBIC))
    return Image.fromarray(values).resize(size, resampling)


def blank(size: tuple[int, int], rng: Random) -> Image.Image:
    """Return a picture of one colour, usually mid-grey."""
    if rng.random() < 0.6:
        return Image.new("RGB", size, (128, 128, 128))
    return Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))
