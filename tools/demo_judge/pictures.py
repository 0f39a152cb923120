"""Source pictures: crops of free photos, divided into training and held-out ones, and procedural pictures."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from snakedit.core.errors import SourceError
from snakedit.demo.benchmark import PHOTOS, photo_folder

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
# scikit-image's freely usable photos that are not in the demo.
_OTHERS = ("cell.png", "grass.png", "gravel.png", "clock_motion.png", "moon.png", "color.png")
# Repeated, because they teach the judge to tell fine texture from noise: each counts as five wallpapers.
_OTHERS_WEIGHT = 5
KEPT_SIDE = 640
_SMALLEST = 200
# One photo in this many is held out.
_HELD_OUT_OF = 6
_RESAMPLINGS = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Photo:
    """A photo, shrunk to `KEPT_SIDE`, and its file's name."""

    name: str
    image: Image.Image


def is_held_out(path: Path) -> bool:
    """Say whether a photo is kept for the examination. Its name decides, so its variants stay together."""
    folders = path.parts
    name = folders[-4] if len(folders) > 3 and folders[-3] == "contents" else path.stem
    key = re.split(r"[-_]", name)[0]
    return hashlib.sha256(key.encode()).digest()[0] % _HELD_OUT_OF == 0


def load_photos(folders: Sequence[Path], held_out: bool) -> list[Photo]:
    """Return the photos for training, or those for the examination, which include the demo's ten.

    Args:
        folders: searched recursively; scikit-image's own photos are always included.

    Raises:
        SourceError: if a folder or scikit-image is missing, or a photo cannot be read.
    """
    demo_photos = [name for name, _, _ in PHOTOS]
    paths = [photo_folder() / name for name in (demo_photos if held_out else _OTHERS * _OTHERS_WEIGHT)]
    for folder in folders:
        if not folder.is_dir():
            raise SourceError("is not a folder", where=str(folder), hint="give a folder of photos")
        matches = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
        distinct = _largest_variants(path for path in matches if path.is_file())
        paths += [path for path in distinct if is_held_out(path) is held_out]
    return [Photo(path.name, image) for path in paths if (image := _load_shrunk(path)) is not None]


def _load_shrunk(path: Path) -> Image.Image | None:
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


def _largest_variants(paths: Iterable[Path]) -> list[Path]:
    """Keep the largest file of each wallpaper, whose sizes lie in one folder."""
    largest: dict[Path, Path] = {}
    for path in paths:
        key = path.parent if path.parts[-3:-2] == ("contents",) else path
        if key not in largest or path.stat().st_size > largest[key].stat().st_size:
            largest[key] = path
    return list(largest.values())


def random_crop(picture: Image.Image, size: tuple[int, int], rng: Random) -> Image.Image:
    """Return a random part of a picture, resized: between a quarter of it and nearly all."""
    width, height = size
    largest = min(picture.width / width, picture.height / height)
    zoom = largest * rng.uniform(0.4, 1.0)
    w, h = width * zoom, height * zoom
    x, y = rng.uniform(0, picture.width - w), rng.uniform(0, picture.height - h)
    part = picture.resize(size, Image.Resampling.BICUBIC, box=(x, y, x + w, y + h), reducing_gap=1.5)
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else part


def _texture(size: tuple[int, int], rng: Random, numbers: np.random.Generator) -> Image.Image:
    """Return grain of several sizes between two colours, as rough as stone, cloth or stars."""
    width, height = size
    field = np.zeros((height, width))
    for _ in range(rng.randint(1, 3)):
        cell = rng.choice((1, 1, 2, 3, 5, 9))
        small = numbers.normal(0, 1, (-(-height // cell), -(-width // cell))).astype(np.float32)
        grain = Image.fromarray(small).resize(size, rng.choice(_RESAMPLINGS))
        field += rng.uniform(0.3, 1.0) * np.asarray(grain)
    if rng.random() < 0.3:
        field = np.abs(field) ** rng.uniform(1.5, 4)
    shade = 1 / (1 + np.exp(-rng.uniform(0.5, 2.5) * (field - rng.uniform(-1, 1))))
    first, second = numbers.integers(0, 256, (2, 3))
    grained = Image.fromarray((first + (second - first) * shade[..., None]).astype(np.uint8))
    # A gradient, because a uniform texture looks the same upside down.
    corners = Image.fromarray(numbers.integers(0, 256, (2, 2, 3)).astype(np.uint8))
    return Image.blend(grained, corners.resize(size, Image.Resampling.BILINEAR), rng.uniform(0.2, 0.6))


def draw_picture(size: tuple[int, int], rng: Random) -> Image.Image:
    """Return a procedural picture: a gradient, a noise field or a texture, with or without shapes on it."""
    width, height = size
    numbers = np.random.default_rng(rng.getrandbits(32))
    background = rng.random()
    if background < 0.35:
        image = _texture(size, rng, numbers)
        if rng.random() < 0.5:
            return image
    elif background < 0.65:
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
