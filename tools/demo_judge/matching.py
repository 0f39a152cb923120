"""Which cells of the source each cell of an edit may come from; these targets teach the judge to compare."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from tools.demo_judge.examples import CELL


def _centre_half(image: Image.Image) -> Image.Image:
    x, y = image.width // 4, image.height // 4
    return image.crop((x, y, image.width - x, image.height - y))


# How the demo's operations move a source, and the inverse: the point of the source that a point of the edit
# comes from. Points are (y, x), 0–1 from the upper left corner.
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
    (_centre_half, lambda y, x: (0.25 + 0.5 * y, 0.25 + 0.5 * x)),
)
ROUGHNESS_VALUES = 3
# Standard deviation of the attention target around the matching place, in cells.
_SPREAD = 0.45


def matched_cells(source: Image.Image, edit: Image.Image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each cell of the edit, the source's colours in it under each of `MAPS`, and differences.

    Returns:
        Colours (N, 5 · 12) of each cell's four quarters, −1 to 1; mean absolute differences (N, 5); and the
        roughness of the source and then of the edit in the same place (N, 2 · `ROUGHNESS_VALUES`).
    """
    size = (2 * edit.width // CELL, 2 * edit.height // CELL)
    edit_quarters = _quarters(edit, size)
    mapped = [_quarters(move(source), size) for move, _ in MAPS]
    differences = [np.abs(edit_quarters - cells).mean(1) for cells in mapped]
    same_size = source if source.size == edit.size else source.resize(edit.size, Image.Resampling.BILINEAR)
    return (
        np.concatenate(mapped, 1),
        np.stack(differences, 1),
        np.concatenate([_roughness(same_size), _roughness(edit)], 1),
    )


def _quarters(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    values = np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float32) / 127.5 - 1.0
    columns, rows = size
    return values.reshape(rows // 2, 2, columns // 2, 2, 3).transpose(0, 2, 1, 3, 4).reshape(-1, 12)


def _roughness(image: Image.Image) -> np.ndarray:
    """Return each cell's mean horizontal, vertical and second horizontal difference: logarithms, around 0."""
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    across = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    down = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    second = np.abs(np.diff(across, axis=1, append=across[:, -1:]))
    rows, columns = image.height // CELL, image.width // CELL
    means = [
        part.reshape(rows, CELL, columns, CELL).mean((1, 3)).reshape(-1) for part in (across, down, second)
    ]
    return np.stack([np.log(mean + 0.5) - 1.0 for mean in means], 1)


def matched_places(source: tuple[int, int], edit: tuple[int, int]) -> np.ndarray:
    """Return how much each cell of the edit should attend to each of the source's, for each of `MAPS`.

    Args:
        source, edit: width and height in pixels.

    Returns:
        (5, cells of the edit, cells of the source); each row sums to 1.
    """
    y, x = _centres(edit)
    source_y, source_x = _centres(source)
    rows, columns = source[1] / CELL, source[0] / CELL
    targets = []
    for _, origin in MAPS:
        origin_y, origin_x = origin(y, x)
        distances = ((origin_y[:, None] - source_y) * rows) ** 2
        distances += ((origin_x[:, None] - source_x) * columns) ** 2
        weights = np.exp(-distances / (2 * _SPREAD**2))
        targets.append(weights / weights.sum(1, keepdims=True))
    return np.stack(targets).astype(np.float32)


def _centres(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = size[0] // CELL, size[1] // CELL
    y, x = np.mgrid[0:rows, 0:columns]
    return (y.reshape(-1) + 0.5) / rows, (x.reshape(-1) + 0.5) / columns
