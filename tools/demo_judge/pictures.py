"""Pictures to edit: crops of free photos, parted into trained-on and held-out, and procedural ones."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from snakedit.core.errors import SourceError
from snakedit.demo.benchmark import PHOTOS

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
# scikit-image's photos that the demo does not judge, and that anybody may use.
_OTHERS = ("cell.png", "grass.png", "gravel.png", "clock_motion.png", "moon.png", "color.png")
# They are what shows fine texture, which must not be taken for noise: drawn so often as one wallpaper.
_OTHERS_WEIGHT = 5
KEPT_SIDE = 640
_SMALLEST = 200
_HELD_OUT_SHARE = 6


@dataclass(frozen=True)
class Picture:
    """A photo, shrunk, and where it comes from."""

    name: str
    image: Image.Image


def is_held_out(path: Path) -> bool:
    """Say whether a photo is kept for the examination: by its name, so that its variants go together."""
    folders = path.parts
    name = folders[-4] if len(folders) > 3 and folders[-3] == "contents" else path.stem
    key = re.split(r"[-_]", name)[0]
    return hashlib.sha256(key.encode()).digest()[0] % _HELD_OUT_SHARE == 0


def load_pictures(folders: Sequence[Path], held_out: bool) -> list[Picture]:
    """Return the photos to train on, or those to examine with, the demo's ten among the latter.

    Args:
        folders: searched for photos, however deep; scikit-image's own are always there.

    Raises:
        SourceError: if a folder or scikit-image is missing, or a photo cannot be read.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SourceError("scikit-image is not installed", where="the demo judge's photos")
    data = Path(spec.origin).parent / "data"
    judged = [name for name, _, _ in PHOTOS]
    paths = [data / name for name in (judged if held_out else _OTHERS * _OTHERS_WEIGHT)]
    for folder in folders:
        if not folder.is_dir():
            raise SourceError("is not a folder", where=str(folder), hint="give a folder of photos")
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        found = _one_of_each(path for path in found if path.is_file())
        paths += [path for path in found if is_held_out(path) is held_out]
    return [Picture(path.name, image) for path in paths if (image := _shrunk(path)) is not None]


def _shrunk(path: Path) -> Image.Image | None:
    """Return a photo at `KEPT_SIDE`, or None if it is too small."""
    try:
        with Image.open(path) as opened:
            if min(opened.size) < _SMALLEST:
                return None
            opened.draft("RGB", (2 * KEPT_SIDE, 2 * KEPT_SIDE))
            image = opened.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise SourceError(f"cannot be read as a photo ({error})", where=str(path)) from None
    image.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    return image


def _one_of_each(paths: Iterable[Path]) -> list[Path]:
    """Wallpapers come in many sizes, one file each in a folder of their own: keep the largest file."""
    largest: dict[Path, Path] = {}
    for path in paths:
        key = path.parent if path.parts[-3:-2] == ("contents",) else path
        if key not in largest or path.stat().st_size > largest[key].stat().st_size:
            largest[key] = path
    return list(largest.values())


def crop(picture: Image.Image, size: tuple[int, int], rng: Random) -> Image.Image:
    """Return a random part of a picture at a size, between a quarter of it and nearly all."""
    width, height = size
    largest = min(picture.width / width, picture.height / height)
    zoom = largest * rng.uniform(0.4, 1.0)
    w, h = width * zoom, height * zoom
    x, y = rng.uniform(0, picture.width - w), rng.uniform(0, picture.height - h)
    part = picture.resize(size, Image.Resampling.BICUBIC, box=(x, y, x + w, y + h), reducing_gap=1.5)
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else part


def _texture(size: tuple[int, int], rng: Random, numbers: np.random.Generator) -> Image.Image:
    """Grain of several sizes between two colours: rough as stone, cloth or stars, but no coloured noise."""
    width, height = size
    field = np.zeros((height, width))
    for _ in range(rng.randint(1, 3)):
        cell = rng.choice((1, 1, 2, 3, 5, 9))
        small = numbers.normal(0, 1, (-(-height // cell), -(-width // cell))).astype(np.float32)
        grain = Image.fromarray(small).resize(size, rng.choice(_WAYS))
        field += rng.uniform(0.3, 1.0) * np.asarray(grain)
    if rng.random() < 0.3:
        field = np.abs(field) ** rng.uniform(1.5, 4)
    shade = 1 / (1 + np.exp(-rng.uniform(0.5, 2.5) * (field - rng.uniform(-1, 1))))
    one, other = numbers.integers(0, 256, (2, 3))
    grained = Image.fromarray((one + (other - one) * shade[..., None]).astype(np.uint8))
    # Without some change over the picture it would look the same upside down.
    corners = Image.fromarray(numbers.integers(0, 256, (2, 2, 3)).astype(np.uint8))
    return Image.blend(grained, corners.resize(size, Image.Resampling.BILINEAR), rng.uniform(0.2, 0.6))


_WAYS = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


def draw_picture(size: tuple[int, int], rng: Random) -> Image.Image:
    """Return a procedural picture: a gradient, a noise field or a texture, with shapes on it or without."""
    width, height = size
    numbers = np.random.default_rng(rng.getrandbits(32))
    way = rng.random()
    if way < 0.35:
        image = _texture(size, rng, numbers)
        if rng.random() < 0.5:
            return image
    elif way < 0.65:
        corners = numbers.integers(0, 256, (2, 2, 3)).astype(np.uint8)
        image = Image.fromarray(corners).resize(size, Image.Resampling.BILINEAR)
    else:
        cells = rng.choice((3, 5, 9))
        field = numbers.integers(0, 256, (cells, cells, 3)).astype(np.uint8)
        image = Image.fromarray(field).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(3, 14)):
        x, y = rng.uniform(-0.1, 0.9) * width, rng.uniform(-0.1, 0.9) * height
        box = (x, y, x + rng.uniform(0.05, 0.5) * width, y + rng.uniform(0.05, 0.5) * height)
        colour = tuple(int(v) for v in numbers.integers(0, 256, 3))
        shape = rng.randrange(4)
        if shape == 0:
            draw.ellipse(box, fill=colour)
        elif shape == 1:
            draw.rectangle(box, fill=colour)
        elif shape == 2:
            draw.line(box, fill=colour, width=rng.randint(1, 9))
        else:
            draw.polygon([(rng.uniform(0, width), rng.uniform(0, height)) for _ in range(3)], fill=colour)
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2)))
    return image
