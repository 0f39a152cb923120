"""From any image that Pillow has decoded to upright 8-bit RGB, with one copy of its pixels in memory."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import ExifTags, Image, TiffImagePlugin

from snakedit.core.errors import ImageError

if TYPE_CHECKING:
    # Imported for the samples that Pillow cannot turn into 8 bits: few pictures have any.
    import numpy as np
    from numpy.typing import NDArray

# An image is converted in tiles of about this many pixels.
TILE_PIXELS = 1 << 20
# Converted tiles wait on disk once they take more bytes than this.
SPOOL_BYTES = 16 << 20
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Half a step of 8 bits: what rounds to a value from 0 to 255 is within the range.
_HALF_STEP = 0.5 / 255
# TIFF's SampleFormat.
_UNSIGNED, _SIGNED = 1, 2


@dataclass(frozen=True)
class SampleScale:
    """What the file says of the samples of an image of one channel with more than 8 bits.

    Attributes:
        white: the sample that is white; 0 is black.
        unsigned: whether Pillow's signed 32-bit samples are unsigned ones.
        inverted: whether the file stores the negative (TIFF's WhiteIsZero).
        transparent: the sample that is transparent (PNG's tRNS), or None.
    """

    white: float
    unsigned: bool = False
    inverted: bool = False
    transparent: int | None = None


def sample_scale(image: Image.Image) -> SampleScale | None:
    """Return the scale of a decoded image's samples, or None if Pillow's modes have 8 bits a channel.

    It comes from the file's type and tags alone, never from the samples: a dim image stays dim.
    Integers are black at 0 and white at the greatest number of their type, floats white at 1.0, as in
    scikit-image's `img_as_ubyte`.
    """
    if image.mode != "F" and not image.mode.startswith("I"):
        return None
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    inverted = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    if image.mode == "F":
        return SampleScale(1.0, inverted=inverted)
    default = 16 if image.mode.startswith("I;16") else 32
    (bits, *_) = tags.get(TiffImagePlugin.BITSPERSAMPLE, (default,))
    (kind, *_) = tags.get(TiffImagePlugin.SAMPLEFORMAT, (_UNSIGNED,))
    transparent = image.info.get("transparency")
    return SampleScale(
        2.0 ** (bits - (kind == _SIGNED)) - 1,
        unsigned=image.mode == "I" and kind == _UNSIGNED,
        inverted=inverted,
        transparent=transparent if isinstance(transparent, int) else None,
    )


def to_eight_bits(samples: "NDArray[np.generic]", scale: SampleScale) -> "NDArray[np.uint8]":
    """Return samples of any depth as 8-bit ones; transparent ones are white.

    Integers are rounded down, floats to the nearest step. Negative samples and NaN are black.

    Raises:
        ImageError: if floats are beyond the range that the file's type has.
    """
    import numpy as np

    is_float = samples.dtype.kind == "f"
    values = samples.view(np.uint32) if scale.unsigned else samples
    # A tile has few pixels, so that double precision costs little.
    levels = np.nan_to_num(values.astype(np.float64), nan=0.0) / scale.white
    if is_float and levels.size and max(levels.max(), -1 - levels.min()) > 1 + _HALF_STEP:
        raise ImageError(
            f"an image of float samples from {levels.min():g} to {levels.max():g}", allowed="0 to 1"
        )
    levels = np.clip(levels, 0, 1)
    if scale.inverted:
        levels = 1 - levels
    grey = (levels * 255 + (0.5 if is_float else 1e-9)).astype(np.uint8)
    if scale.transparent is not None:
        grey[values == scale.transparent] = 255
    return grey


@dataclass
class Decoded:
    """A decoded image, and what else its pixels need on the way to RGB.

    Attributes:
        image: as Pillow has decoded it. `as_rgb` takes it out, so that its memory is free.
        low_bytes: of a 16-bit RGB image with a transparent colour, the lower byte of each sample; else None.
    """

    image: Image.Image | None
    low_bytes: Image.Image | None = None


def as_rgb(decoded: Decoded) -> Image.Image:
    """Return a decoded image as RGB, upright as its EXIF says; transparent pixels are laid on white.

    Beside the decoded image (1 to 4 bytes a pixel) there are only tiles in memory: the result is kept in a
    temporary file until the decoded image's memory is free.

    Raises:
        ImageError: for float samples out of range.
        OSError: if the temporary file cannot be written.
    """
    image, decoded.image = decoded.image, None
    assert image is not None
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    method = _ORIENTATIONS.get(orientation)
    if image.mode == "RGB" and method is None and not image.has_transparency_data:
        return image
    scale = sample_scale(image)
    profile = None if scale or image.has_transparency_data else image.info.get("icc_profile")
    width, height = image.size
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as file:
        for box in _tiles(width, height):
            tile = _tile_as_rgb(image, decoded.low_bytes, box, scale)
            file.write((tile if method is None else tile.transpose(method)).tobytes())
        del image
        decoded.low_bytes = None
        file.seek(0)
        turned = orientation in (5, 6, 7, 8)
        result = Image.new("RGB", (height, width) if turned else (width, height))
        for left, top, right, bottom in _tiles(width, height):
            size = (bottom - top, right - left) if turned else (right - left, bottom - top)
            x = width - right if orientation in (2, 3, 7, 8) else left
            y = height - bottom if orientation in (3, 4, 6, 7) else top
            pixels = file.read(size[0] * size[1] * 3)
            result.paste(Image.frombytes("RGB", size, pixels), (y, x) if turned else (x, y))
    if profile:
        result.info["icc_profile"] = profile
    return result


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    columns = min(width, TILE_PIXELS)
    rows = max(1, TILE_PIXELS // columns)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield left, top, min(left + columns, width), min(top + rows, height)


def _tile_as_rgb(
    image: Image.Image,
    low_bytes: Image.Image | None,
    box: tuple[int, int, int, int],
    scale: SampleScale | None,
) -> Image.Image:
    tile = image.crop(box)
    if scale is not None:
        import numpy as np

        return Image.fromarray(to_eight_bits(np.asarray(tile), scale)).convert("RGB")
    if low_bytes is not None:
        return _without_colour(tile, low_bytes.crop(box), image.info["transparency"])
    if not tile.has_transparency_data:
        return tile.convert("RGB")
    if tile.mode == "La":
        tile = tile.convert("LA")
    rgba = tile.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _without_colour(high: Image.Image, low: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Lay on white the pixels of a 16-bit colour, whose samples are in two images of 8 bits."""
    import numpy as np

    pixels = np.array(high)
    samples = pixels.astype(np.uint16) << 8 | np.asarray(low)
    pixels[(samples == np.array(colour, np.uint16)).all(axis=-1)] = 255
    return Image.fromarray(pixels)
