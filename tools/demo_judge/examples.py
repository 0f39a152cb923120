"""Training examples: a source, an edit of it, two instructions, and the marks it deserves for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from PIL import Image

from tools.demo_judge import edits
from tools.demo_judge.edits import CATEGORY, NAMES, SyntheticEdit
from tools.demo_judge.pictures import Photo, draw_picture, random_crop
from tools.demo_judge.wordings import instruction

CELL = 32
# Shorter side ÷ longer side, as in common photos.
RATIOS = (1.0, 0.8, 0.667, 0.62)
SEEN_PIXELS = 25 * CELL * CELL
_SHARES = {
    "right": 40,
    "half": 13,
    "too_much": 7,
    "absent": 8,
    "reversed": 5,
    "other_photo": 13,
    "two": 5,
    "garbage": 5,
    "blank": 4,
}
_FLAWED = 0.22
_PROCEDURAL = 0.25
# A picture whose values, 0–255, have a smaller standard deviation shows nothing.
_FLAT = 12.0
_OWN_INVERSE = {"mirror", "upside_down", "negative"}
# Undoing one of these operations can pass for performing the other.
_INVERSE = {"darker": "brighter", "brighter": "darker", "warmer": "cooler", "cooler": "warmer"}


@dataclass(frozen=True)
class MarkedInstruction:
    """An instruction, the operation it requests, and the edit's marks for success and keeping the rest."""

    text: str
    operation: str
    success: int
    kept: int


@dataclass(frozen=True)
class Example:
    """One edit, its instructions and its marks. After `as_seen` the images' sides are multiples of `CELL`."""

    source: Image.Image
    edit: SyntheticEdit
    instructions: tuple[MarkedInstruction, ...]
    naturalness: int
    artefacts: int


class ExampleSampler:
    """Draws examples from photos, with a random generator of its own."""

    def __init__(self, photos: Sequence[Photo], seed: int, held_out: bool = False) -> None:
        self.photos = photos
        self.rng = Random(seed)
        self.held_out = held_out
        self._names = list[str]()

    def draw_batch(self, count: int) -> list[Example]:
        """Return examples as the judge sees them; most of their images have equally many cells."""
        ratio = self.rng.choice(RATIOS)
        # Square photos are exactly square; other ratios vary a little.
        spread = 0.04 if ratio < 1 else 0.0
        return [as_seen(self.draw(ratio + self.rng.uniform(-spread, spread))) for _ in range(count)]

    def draw(self, ratio: float | None = None) -> Example:
        """Return one example whose images are as large as the demo's, 256 to 512 pixels.

        Args:
            ratio: the source's shorter side ÷ its longer one.
        """
        sizes = []
        for each in (ratio or self.rng.uniform(0.62, 1.0), self.rng.uniform(0.62, 1.0)):
            longer = self.rng.randint(256, 512)
            size = (longer, round(longer * each))
            sizes.append(size if self.rng.random() < 0.6 else size[::-1])
        return self._draw(*sizes)

    def _draw(self, size: tuple[int, int], other_size: tuple[int, int]) -> Example:
        while True:
            source = self._picture(size)
            if np.asarray(source).std() < _FLAT:
                continue
            kind = self.rng.choices(list(_SHARES), list(_SHARES.values()))[0]
            example = self._example(source, kind, other_size if self.rng.random() < 0.4 else size)
            if example is not None:
                return example

    def _example(self, source: Image.Image, kind: str, other_size: tuple[int, int]) -> Example | None:
        rng = self.rng
        is_grey = is_colourless(source)
        name = self._next_name()
        if (is_grey and name in edits.NEEDS_COLOUR) or not _is_possible(name, kind):
            return None
        applied: tuple[str, ...] = (name,)
        if kind == "absent":
            image, applied = source, ()
        elif kind == "blank":
            image, applied = edits.blank(source.size, rng), ()
        elif kind == "garbage":
            image, applied = edits.garbage(source.size, rng), ()
        elif kind == "other_photo":
            image = self._picture(other_size)
            if rng.random() < 0.8:
                image = edits.apply_operation(image, name, "right")
        else:
            image = edits.apply_operation(source, name, "right" if kind in ("reversed", "two") else kind)
            if difference(source, image) < visible_difference(name):
                return None
            if kind == "two":
                second = rng.choice([n for n in NAMES if CATEGORY[n] != CATEGORY[name]])
                twice = edits.apply_operation(image, second, "right")
                if difference(image, twice) < visible_difference(second) or (
                    is_grey and second in edits.NEEDS_COLOUR
                ):
                    return None
                image, applied = twice, (name, second)
            if kind == "reversed":
                source, image = image, source
        flaw, severity = "", 0.0
        if kind in ("right", "half", "absent", "two", "other_photo") and rng.random() < _FLAWED:
            image, flaw, severity = edits.add_flaw(image, rng)
        return self._marked(source, SyntheticEdit(image, kind, applied, flaw, severity), name, is_grey)

    def _marked(self, source: Image.Image, edit: SyntheticEdit, name: str, is_grey: bool) -> Example:
        ambiguous = set(edits.NEEDS_COLOUR) if is_grey or is_colourless(source) else set()
        if edit.kind == "reversed":
            ambiguous |= {_INVERSE.get(name, "")}
        near = [n for n in NAMES if CATEGORY[n] == CATEGORY[name]] if self.rng.random() < 0.5 else NAMES
        other = self.rng.choice([n for n in near if n != name and n not in ambiguous] or ["frame", "strip"])
        instructions = [
            MarkedInstruction(
                instruction(requested, self.rng, self.held_out), requested, *edits.pair_marks(requested, edit)
            )
            for requested in (name, other)
        ]
        self.rng.shuffle(instructions)
        return Example(source, edit, tuple(instructions), *edits.single_marks(edit))

    def _picture(self, size: tuple[int, int]) -> Image.Image:
        if not self.photos or (not self.held_out and self.rng.random() < _PROCEDURAL):
            return draw_picture(size, self.rng)
        return random_crop(self.rng.choice(self.photos).image, size, self.rng)

    def _next_name(self) -> str:
        if not self._names:
            self._names = list(NAMES)
            self.rng.shuffle(self._names)
        return self._names.pop()


def as_seen(example: Example) -> Example:
    """Return an example with its images resized as the product's processor resizes them."""
    edit = replace(example.edit, image=_resized(example.edit.image))
    return replace(example, source=_resized(example.source), edit=edit)


def _resized(image: Image.Image) -> Image.Image:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    height, width = smart_resize(image.height, image.width, CELL, CELL * CELL, SEEN_PIXELS)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _is_possible(name: str, kind: str) -> bool:
    if kind == "half":
        return edits.has_half(name)
    if kind == "too_much":
        return edits.has_too_much(name)
    return kind != "reversed" or name not in _OWN_INVERSE


def visible_difference(name: str) -> float:
    """Return the mean absolute difference, 0–255, above which an operation is visible."""
    return 0.4 if name == "square" else 1.5


def is_colourless(image: Image.Image) -> bool:
    """Say whether removing an image's colour would hardly be visible."""
    small = np.asarray(image.resize((16, 16), Image.Resampling.BOX)).astype(int)
    return float((small.max(2) - small.min(2)).mean()) < 14


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return the mean absolute difference of two images, 0–255; the maximum if their sizes differ."""
    if first.size != second.size:
        return 255.0
    return float(np.abs(np.asarray(first).astype(int) - np.asarray(second).astype(int)).mean())
