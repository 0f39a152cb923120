"""Edits of every strength and fault, and the marks that each deserves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from tools.demo_judge.wordings import NAMES


def _tint(image: Image.Image, red: float, blue: float, s: float) -> Image.Image:
    r, g, b = image.split()
    r, b = (
        channel.point([min(255, round(v * max(0.0, 1 + (gain - 1) * s))) for v in range(256)])
        for channel, gain in ((r, red), (b, blue))
    )
    return Image.merge("RGB", (r, g, b))


def _blend(image: Image.Image, full: Image.Image, s: float) -> Image.Image:
    return full if s >= 1 else Image.blend(image, full, s)


def _box(image: Image.Image, share: float) -> tuple[int, int, int, int]:
    x, y = (round(side * (1 - share) / 2) for side in image.size)
    return x, y, image.width - x, image.height - y


def _vignette(image: Image.Image, s: float) -> Image.Image:
    mask = ImageChops.invert(Image.radial_gradient("L").resize(image.size))
    mask = mask.point([max(0, round(255 - (255 - v) * s)) for v in range(256)])
    return Image.composite(image, Image.new("RGB", image.size), mask)


def _pixelate(image: Image.Image, s: float) -> Image.Image:
    block = 16 * s**1.5
    small = image.resize([max(1, round(side / block)) for side in image.size], Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.NEAREST)


def _border_blur(image: Image.Image, s: float) -> Image.Image:
    blurred = image.filter(ImageFilter.GaussianBlur(8 * s))
    box = _box(image, 0.6)
    blurred.paste(image.crop(box), box)
    return blurred


def _frame(image: Image.Image, s: float) -> Image.Image:
    framed = image.copy()
    width = max(1, round(max(8, min(image.size) / 16) * s))
    ImageDraw.Draw(framed).rectangle((0, 0, image.width - 1, image.height - 1), outline="white", width=width)
    return framed


def _square(image: Image.Image, s: float) -> Image.Image:
    marked = image.copy()
    side = min(image.size) * s / 6
    ImageDraw.Draw(marked).rectangle((0, 0, side, side), fill=(220, 30, 30))
    return marked


def _left_grey(image: Image.Image, s: float) -> Image.Image:
    box = (0, 0, round(image.width * s / 2), image.height)
    edited = image.copy()
    edited.paste(ImageOps.grayscale(image.crop(box)).convert("RGB"), box)
    return edited


def _strip(image: Image.Image, s: float) -> Image.Image:
    covered = image.copy()
    top = round(image.height * (1 - 0.2 * s))
    ImageDraw.Draw(covered).rectangle((0, top, image.width, image.height), fill="black")
    return covered


def _zoom(image: Image.Image, s: float) -> Image.Image:
    share = 0.5 ** min(s, 2.0)
    return image.crop(_box(image, share)).resize(image.size, Image.Resampling.LANCZOS)


# Each operation at a strength: 1 is the demo's own, 0.5 half of it, 1.6 too much.
APPLY: Mapping[str, Callable[[Image.Image, float], Image.Image]] = {
    "grey": lambda i, s: _blend(i, ImageOps.grayscale(i).convert("RGB"), s),
    "warmer": lambda i, s: _tint(i, 1.2, 0.75, s),
    "cooler": lambda i, s: _tint(i, 0.75, 1.2, s),
    "negative": lambda i, s: ImageOps.invert(i),
    "darker": lambda i, s: ImageEnhance.Brightness(i).enhance(0.5**s),
    "brighter": lambda i, s: ImageEnhance.Brightness(i).enhance(1.5**s),
    "contrast": lambda i, s: ImageEnhance.Contrast(i).enhance(1.8**s),
    "vignette": _vignette,
    "mirror": lambda i, s: ImageOps.mirror(i),
    "upside_down": lambda i, s: ImageOps.flip(i),
    "zoom": _zoom,
    "rotate": lambda i, s: i.transpose(Image.Transpose.ROTATE_90),
    "blur": lambda i, s: i.filter(ImageFilter.GaussianBlur(5 * s)),
    "border_blur": _border_blur,
    "pixelate": _pixelate,
    "posterise": lambda i, s: ImageOps.posterize(i, 2 if s >= 1 else 3),
    "frame": _frame,
    "square": _square,
    "half_grey": _left_grey,
    "strip": _strip,
}
# Half of these is the operation on half of the picture; too much of them there is not.
_WHOLE = {"negative", "mirror", "upside_down", "rotate"}
_NEVER_TOO_MUCH = {*_WHOLE, "grey", "posterise", "half_grey"}
NEEDS_COLOUR = {"grey", "half_grey", "warmer", "cooler"}
# Asked for one and given another that overlaps with it: success, and how well the rest was kept.
_OVERLAP: Mapping[tuple[str, str], tuple[int, int]] = {
    ("grey", "half_grey"): (5, 10),
    ("half_grey", "grey"): (5, 4),
    ("blur", "border_blur"): (5, 10),
    ("border_blur", "blur"): (5, 4),
    ("darker", "vignette"): (3, 7),
    ("vignette", "darker"): (3, 4),
}
KINDS = ("right", "half", "too_much", "absent", "reversed", "other_photo", "two", "garbage", "blank")
TOO_MUCH, HALF = 1.6, 0.5
# Of a square picture as the judge sees it, in pixels.
SEEN_SIDE = 160


@dataclass(frozen=True)
class Made:
    """An edit and all that its marks depend on.

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


def make(source: Image.Image, name: str, kind: str) -> Image.Image:
    """Return a source after an operation: `right`, `half` or `too_much` of it."""
    strength = {"half": HALF, "too_much": TOO_MUCH}.get(kind, 1.0)
    if kind == "half" and name in _WHOLE:
        left = (0, 0, source.width // 2, source.height)
        edited = source.copy()
        edited.paste(APPLY[name](source, 1.0).resize(source.size).crop(left), left)
        return edited
    return APPLY[name](source, strength)


def has_half(name: str) -> bool:
    """Say whether half of an operation can be told from it."""
    return name != "rotate"


def has_too_much(name: str) -> bool:
    """Say whether there can be too much of an operation."""
    return name not in _NEVER_TOO_MUCH


def pair_marks(asked: str, made: Made) -> tuple[int, int]:
    """Return what an edit deserves for success and for keeping the rest, 0–10 each."""
    spoilt = round(4 * made.severity) if made.flaw else 0
    if made.kind in ("other_photo", "garbage", "blank"):
        return 0, 0
    if made.kind == "absent":
        return 0, 10 - spoilt
    if made.kind == "reversed":
        return 0, 2
    if asked not in made.applied:
        marks = [_OVERLAP.get((asked, name), (0, 2)) for name in made.applied]
        return max(mark[0] for mark in marks), max(0, min(mark[1] for mark in marks) - spoilt)
    if made.kind == "half":
        return 5, 10 - spoilt
    if made.kind == "too_much":
        return 8, 6 - spoilt
    return 10, (4 if made.kind == "two" else 10) - spoilt


def single_marks(made: Made) -> tuple[int, int]:
    """Return an edit's naturalness and freedom from artefacts, 0–10 each; the operations cost nothing."""
    if made.kind in ("blank", "garbage"):
        return 0, 0
    if not made.flaw:
        return 10, 10
    return round(10 - FLAWS[made.flaw][1] * made.severity), round(10 - 10 * made.severity)


def _noise(image: Image.Image, v: float, grain: float, rng: Random) -> Image.Image:
    size = [max(1, round(side / grain)) for side in image.size]
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 15 + 75 * v, (size[1], size[0], 3))
    if grain > 1:
        rows, columns = (
            np.arange(side) * small // side for side, small in zip(image.size[::-1], size[::-1], strict=True)
        )
        noise = noise[rows][:, columns]
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _tears(image: Image.Image, v: float, grain: float, rng: Random) -> Image.Image:
    torn = np.asarray(image).copy()
    for _ in range(2 + round(8 * v)):
        height = round(grain * rng.randint(6, 10 + round(14 * v)))
        y = rng.randrange(max(1, image.height - height))
        shift = round(grain * rng.choice((-1, 1)) * rng.randint(15, 60))
        torn[y : y + height] = np.roll(torn[y : y + height], shift, axis=1)
    return Image.fromarray(torn)


def _blocks(image: Image.Image, v: float, grain: float, rng: Random) -> Image.Image:
    broken = image.copy()
    for _ in range(3 + round(12 * v)):
        w, h = (round(grain * rng.randint(10, 34)) for _ in range(2))
        place = (rng.randrange(max(1, image.width - w)), rng.randrange(max(1, image.height - h)))
        if rng.random() < 0.5:
            patch: Image.Image = Image.new("RGB", (w, h), tuple(rng.randrange(256) for _ in range(3)))
        else:
            x, y = rng.randrange(max(1, image.width - w)), rng.randrange(max(1, image.height - h))
            patch = image.crop((x, y, x + w, y + h)).rotate(90, expand=False)
        broken.paste(patch, place)
    return broken


# What makes it, and how much the worst of it costs in naturalness.
FLAWS: Mapping[str, tuple[Callable[[Image.Image, float, float, Random], Image.Image], int]] = {
    "noise": (_noise, 6),
    "tears": (_tears, 9),
    "blocks": (_blocks, 9),
}


def spoil(image: Image.Image, rng: Random) -> tuple[Image.Image, str, float]:
    """Return a picture with a flaw, which, and how bad it is."""
    flaw = rng.choice(list(FLAWS))
    severity = rng.choice((0.4, 0.6, 0.8, 1.0))
    # Flaws are as large in a large picture as in a small one.
    grain = max(1.0, max(image.size) / SEEN_SIDE)
    return FLAWS[flaw][0](image, severity, grain, rng), flaw, severity


def garbage(size: tuple[int, int], rng: Random) -> Image.Image:
    """Return what a broken editor makes: coloured noise, fine or coarse, without a picture in it."""
    cell = rng.choice((1, 2, 4, 8, 16))
    small = (max(2, -(-size[1] // cell)), max(2, -(-size[0] // cell)), 3)
    numbers = np.random.default_rng(rng.getrandbits(32))
    centre, spread = numbers.uniform(60, 200, 3), rng.uniform(10, 90)
    values = np.clip(numbers.normal(centre, spread, small), 0, 255).astype(np.uint8)
    way = rng.choice((Image.Resampling.NEAREST, Image.Resampling.BICUBIC))
    return Image.fromarray(values).resize(size, way)


def blank(size: tuple[int, int], rng: Random) -> Image.Image:
    """Return a picture of one colour: mid-grey, as a rule."""
    if rng.random() < 0.6:
        return Image.new("RGB", size, (128, 128, 128))
    return Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))


assert set(APPLY) == set(NAMES)
