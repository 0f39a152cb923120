"""Samples to learn from: a source, an edit of it, two instructions, and what the edit deserves for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from PIL import Image

from tools.demo_judge import edits
from tools.demo_judge.pictures import Picture, crop, draw_picture
from tools.demo_judge.wordings import FAMILY, NAMES, instruction

CELL = 32
# Shorter side ÷ longer side, as of common photos.
RATIOS = (1.0, 0.8, 0.667, 0.62)
MAX_PIXELS = 25 * CELL * CELL
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
# Standard deviation of the values of a picture, 0–255, below which there is nothing to see in it.
_FLAT = 12.0
_OWN_INVERSE = {"mirror", "upside_down", "negative"}
# What undoing one operation does may pass for the other.
_UNDOES = {"darker": "brighter", "brighter": "darker", "warmer": "cooler", "cooler": "warmer"}


@dataclass(frozen=True)
class Question:
    """An instruction, the operation it asks for, and the edit's marks for success and keeping the rest."""

    text: str
    asked: str
    success: int
    kept: int


@dataclass(frozen=True)
class Sample:
    """One edit, and what is asked of it. Both images' sides are multiples of `CELL`."""

    source: Image.Image
    made: edits.Made
    questions: tuple[Question, ...]
    naturalness: int
    artefacts: int


class Sampler:
    """Draws samples from pictures, with a generator of its own."""

    def __init__(self, pictures: Sequence[Picture], seed: int, held_out: bool = False) -> None:
        self.pictures = pictures
        self.rng = Random(seed)
        self.held_out = held_out
        self._turn = list[str]()

    def draw_batch(self, count: int) -> list[Sample]:
        """Return samples as the judge sees them, whose images have, as a rule, equally many cells."""
        ratio = self.rng.choice(RATIOS)
        # Square photos are square; others differ a little.
        near = 0.04 if ratio < 1 else 0.0
        return [as_seen(self.draw(ratio + self.rng.uniform(-near, near))) for _ in range(count)]

    def draw(self, ratio: float | None = None) -> Sample:
        """Return one sample whose images are as large as the demo's, 256 to 512 pixels.

        Args:
            ratio: the source's shorter side ÷ its longer one.
        """
        sizes = []
        for each in (ratio or self.rng.uniform(0.62, 1.0), self.rng.uniform(0.62, 1.0)):
            longer = self.rng.randint(256, 512)
            size = (longer, round(longer * each))
            sizes.append(size if self.rng.random() < 0.6 else size[::-1])
        return self._draw(*sizes)

    def _draw(self, size: tuple[int, int], other: tuple[int, int]) -> Sample:
        while True:
            source = self._picture(size)
            if np.asarray(source).std() < _FLAT:
                continue
            kind = self.rng.choices(list(_SHARES), list(_SHARES.values()))[0]
            sample = self._sample(source, kind, other if self.rng.random() < 0.4 else size)
            if sample is not None:
                return sample

    def _sample(self, source: Image.Image, kind: str, other: tuple[int, int]) -> Sample | None:
        rng = self.rng
        grey = is_colourless(source)
        name = self._next_name()
        if (grey and name in edits.NEEDS_COLOUR) or not _fits(name, kind):
            return None
        applied: tuple[str, ...] = (name,)
        if kind == "absent":
            image, applied = source, ()
        elif kind == "blank":
            image, applied = edits.blank(source.size, rng), ()
        elif kind == "garbage":
            image, applied = edits.garbage(source.size, rng), ()
        elif kind == "other_photo":
            image = self._picture(other)
            if rng.random() < 0.8:
                image = edits.make(image, name, "right")
        else:
            image = edits.make(source, name, "right" if kind in ("reversed", "two") else kind)
            if difference(source, image) < shows(name):
                return None
            if kind == "two":
                second = rng.choice([n for n in NAMES if FAMILY[n] != FAMILY[name]])
                twice = edits.make(image, second, "right")
                if difference(image, twice) < shows(second) or (grey and second in edits.NEEDS_COLOUR):
                    return None
                image, applied = twice, (name, second)
            if kind == "reversed":
                source, image = image, source
        flaw, severity = "", 0.0
        if kind in ("right", "half", "absent", "two", "other_photo") and rng.random() < _FLAWED:
            image, flaw, severity = edits.spoil(image, rng)
        made = edits.Made(image, kind, applied, flaw, severity)
        return self._asked(source, made, name, grey)

    def _asked(self, source: Image.Image, made: edits.Made, name: str, grey: bool) -> Sample:
        unclear = set(edits.NEEDS_COLOUR) if grey or is_colourless(source) else set()
        if made.kind == "reversed":
            unclear |= {_UNDOES.get(name, "")}
        near = [n for n in NAMES if FAMILY[n] == FAMILY[name]] if self.rng.random() < 0.5 else NAMES
        other = self.rng.choice([n for n in near if n != name and n not in unclear] or ["frame", "strip"])
        questions = [
            Question(instruction(one, self.rng, self.held_out), one, *edits.pair_marks(one, made))
            for one in (name, other)
        ]
        self.rng.shuffle(questions)
        return Sample(source, made, tuple(questions), *edits.single_marks(made))

    def _picture(self, size: tuple[int, int]) -> Image.Image:
        if not self.pictures or (not self.held_out and self.rng.random() < _PROCEDURAL):
            return draw_picture(size, self.rng)
        return crop(self.rng.choice(self.pictures).image, size, self.rng)

    def _next_name(self) -> str:
        if not self._turn:
            self._turn = list(NAMES)
            self.rng.shuffle(self._turn)
        return self._turn.pop()


def as_seen(sample: Sample) -> Sample:
    """Return a sample with its images shrunk as the product's processor shrinks them."""
    made = replace(sample.made, image=_shrunk(sample.made.image))
    return replace(sample, source=_shrunk(sample.source), made=made)


def _shrunk(image: Image.Image) -> Image.Image:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    height, width = smart_resize(image.height, image.width, CELL, CELL * CELL, MAX_PIXELS)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _fits(name: str, kind: str) -> bool:
    if kind == "half":
        return edits.has_half(name)
    if kind == "too_much":
        return edits.has_too_much(name)
    return kind != "reversed" or name not in _OWN_INVERSE


def shows(name: str) -> float:
    """Return the mean absolute difference, 0–255, from which on an operation can be seen."""
    return 0.4 if name == "square" else 1.5


def is_colourless(image: Image.Image) -> bool:
    """Say whether taking an image's colour away would hardly show."""
    small = np.asarray(image.resize((16, 16), Image.Resampling.BOX)).astype(int)
    return float((small.max(2) - small.min(2)).mean()) < 14


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two images, 0–255; of other shapes it is the most."""
    if one.size != other.size:
        return 255.0
    return float(np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).mean())
