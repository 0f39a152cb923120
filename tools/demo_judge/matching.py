"""Where in the source each cell of an edit may come from: what helps the judge to learn to compare."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from tools.demo_judge.samples import CELL


def _middle(image: Image.Image) -> Image.Image:
    x, y = image.width // 4, image.height // 4
    return image.crop((x, y, image.width - x, image.height - y))


# The source moved as the demo's operations move it, and from where a point of the edit, 0–1 from the upper
# left corner, comes.
MAPS: tuple[
    tuple[
        Callable[[Image.Image], Image.Image],
        Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    ],
    ...,
] = (
    (lambda image: image, lambda y, x: (y, x)),
    (ImageOps.mirror, lambda y, x: (y, 1 - x)),
    (ImageOps.flip, lambda y, x: (1 - y, x)),
    (lambda image: image.transpose(Image.Transpose.ROTATE_90), lambda y, x: (x, 1 - y)),
    (_middle, lambda y, x: (0.25 + 0.5 * y, 0.25 + 0.5 * x)),
)
LOOKS = 3
# How sharply a cell is to look at its place, in cells.
_SHARP = 0.45


def matched_cells(source: Image.Image, edit: Image.Image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each cell of the edit, the source's colours in it under each of `MAPS`, and differences.

    Returns:
        Colours (N, 5 · 12) of each cell's four quarters, −1 to 1; mean absolute differences (N, 5); and how
        rough the source and then the edit are in the same place (N, 2 · `LOOKS`).
    """
    size = (2 * edit.width // CELL, 2 * edit.height // CELL)
    own = _quarters(edit, size)
    mapped = [_quarters(move(source), size) for move, _ in MAPS]
    differences = [np.abs(own - cells).mean(1) for cells in mapped]
    there = source if source.size == edit.size else source.resize(edit.size, Image.Resampling.BILINEAR)
    return (
        np.concatenate(mapped, 1),
        np.stack(differences, 1),
        np.concatenate([_looks(there), _looks(edit)], 1),
    )


def _quarters(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    values = np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float32) / 127.5 - 1.0
    columns, rows = size
    return values.reshape(rows // 2, 2, columns // 2, 2, 3).transpose(0, 2, 1, 3, 4).reshape(-1, 12)


def _looks(image: Image.Image) -> np.ndarray:
    """How much each cell changes across, down, and again: logarithms, around 0."""
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    across = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    down = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    again = np.abs(np.diff(across, axis=1, append=across[:, -1:]))
    rows, columns = image.height // CELL, image.width // CELL
    means = [
        part.reshape(rows, CELL, columns, CELL).mean((1, 3)).reshape(-1) for part in (across, down, again)
    ]
    return np.stack([np.log(mean + 0.5) - 1.0 for mean in means], 1)


def matched_places(source: tuple[int, int], edit: tuple[int, int]) -> np.ndarray:
    """Return how much each cell of the edit is to look at each of the source's, for each of `MAPS`.

    Args:
        source, edit: width and height in pixels.

    Returns:
        (5, cells of the edit, cells of the source); each row sums to 1.
    """
    y, x = _centres(edit)
    v, u = _centres(source)
    tall, wide = source[1] / CELL, source[0] / CELL
    targets = []
    for _, come_from in MAPS:
        there_y, there_x = come_from(y, x)
        far = ((there_y[:, None] - v) * tall) ** 2 + ((there_x[:, None] - u) * wide) ** 2
        weights = np.exp(-far / (2 * _SHARP**2))
        targets.append(weights / weights.sum(1, keepdims=True))
    return np.stack(targets).astype(np.float32)


def _centres(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = size[0] // CELL, size[1] // CELL
    y, x = np.mgrid[0:rows, 0:columns]
    return (y.reshape(-1) + 0.5) / rows, (x.reshape(-1) + 0.5) / columns
