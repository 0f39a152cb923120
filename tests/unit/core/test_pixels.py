"""Depth, transparency and orientation of decoded images, and the memory that they take."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from snakedit.core import pixels
from snakedit.core.errors import ImageError
from snakedit.core.images import decode_image
from snakedit.core.pixels import Decoded, as_rgb

GREY = np.array([[0, 257, 2570, 32896], [40000, 51400, 65278, 65535]], np.uint16)


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey_of(data):
    red, green, blue = np.moveaxis(np.asarray(decode_image(data, "x")), -1, 0)
    assert (red == green).all()
    assert (red == blue).all()
    return red.tolist()


def png(colour_type, bits, rows, *, transparent=None):
    """A PNG of these rows of packed samples."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    channels = {0: 1, 2: 3}[colour_type]
    header = struct.pack(
        ">IIBBBBB", len(rows[0]) * 8 // bits // channels, len(rows), bits, colour_type, 0, 0, 0
    )
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + (chunk(b"tRNS", transparent) if transparent else b"")
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def tiff(samples, bits, kind=1, photometric=1, data=None):
    """An uncompressed TIFF of one channel; ``kind`` is its SampleFormat."""
    height, width = samples.shape
    data = samples.tobytes() if data is None else data
    tags = [
        (256, width), (257, height), (258, bits), (259, 1), (262, photometric),
        (273, 8), (277, 1), (278, height), (279, len(data)), (339, kind),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = 8 + len(data)
    return (
        b"II*\0"
        + struct.pack("<I", start)
        + data
        + struct.pack("<H", len(tags))
        + entries
        + struct.pack("<I", 0)
    )


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("share", [1, 0.01])
def test_sixteen_bit_greys_are_scaled_by_their_type_and_never_by_their_values(kind, share):
    samples = (GREY * share).astype(np.uint16)
    data = encoded(Image.fromarray(samples), kind)
    assert grey_of(data) == (samples // 257).tolist()


def test_a_sixteen_bit_grey_with_transparency_keeps_its_greys():
    rows = [row.astype(">u2").tobytes() for row in GREY]
    greys = (GREY // 257).tolist()
    greys[1][0] = 255
    assert grey_of(png(0, 16, rows, transparent=struct.pack(">H", 40000))) == greys


def test_a_transparent_colour_of_sixteen_bits_takes_none_that_is_only_near_it():
    colours = np.array([[[256, 512, 768], [257, 512, 768], [256, 512, 769]]], ">u2")
    data = png(2, 16, [row.tobytes() for row in colours], transparent=struct.pack(">HHH", 256, 512, 768))
    assert list(decode_image(data, "x").get_flattened_data()) == [(255, 255, 255), (1, 2, 3), (1, 2, 3)]


@pytest.mark.parametrize(("bits", "row", "greys"), [(2, b"\x1b", [0, 85, 255, 255]), (4, b"\x0a", [0, 255])])
def test_a_transparent_grey_of_few_bits_is_white(bits, row, greys):
    transparent = struct.pack(">H", 2 if bits == 2 else 10)
    assert grey_of(png(0, bits, [row], transparent=transparent)) == [greys]


def test_sixteen_bit_colours_and_alpha_are_scaled_by_their_type():
    colours = np.array([[[65535, 2570, 257]]], ">u2")
    assert decode_image(png(2, 16, [colours.tobytes()]), "x").getpixel((0, 0)) == (255, 10, 1)


@pytest.mark.parametrize(
    ("samples", "bits", "kind", "greys"),
    [
        (np.array([[0, 0.2, 0.5, 1]], np.float32), 32, 3, [0, 51, 128, 255]),
        (np.array([[0, 0.001, 0.01, 0.02]], np.float32), 32, 3, [0, 0, 3, 5]),
        (np.array([[-1, np.nan, -0.1, 1]], np.float32), 32, 3, [0, 0, 0, 255]),
        (np.array([[0, 2**31, 2**32 - 1, 9]], np.uint32), 32, 1, [0, 127, 255, 0]),
        (np.array([[-5, 0, 2**30, 2**31 - 1]], np.int32), 32, 2, [0, 0, 127, 255]),
        (np.array([[-5, 0, 2**14, 2**15 - 1]], np.int16), 16, 2, [0, 0, 127, 255]),
        (np.array([[0, 100, 32896, 65535]], np.uint16), 16, 1, [0, 0, 128, 255]),
    ],
    ids=str,
)
def test_tiffs_of_any_depth_are_scaled_by_their_tags(samples, bits, kind, greys):
    assert grey_of(tiff(samples, bits, kind)) == [greys]


def test_a_tiff_of_twelve_bits_is_white_at_4095():
    packed = b"\xff\xf8\x00"  # 4095 and 2048
    assert grey_of(tiff(np.zeros((1, 2)), 12, data=packed)) == [[255, 127]]


@pytest.mark.parametrize(
    ("samples", "bits", "kind", "greys"),
    [
        (np.array([[0, 32896, 65535]], np.uint16), 16, 1, [255, 127, 0]),
        (np.array([[0, 0.2, 1]], np.float32), 32, 3, [255, 204, 0]),
    ],
)
def test_a_tiff_whose_zero_is_white_is_no_negative(samples, bits, kind, greys):
    assert grey_of(tiff(samples, bits, kind, photometric=0)) == [greys]


def test_floats_beyond_their_range_are_one_line():
    with pytest.raises(ImageError, match=r"a\.tif: an image of float samples .*; allowed: 0 to 1"):
        decode_image(tiff(np.array([[0, 128, 255]], np.float32), 32, 3), "a.tif")


def test_a_tiff_of_a_kind_that_is_not_read_is_not_called_no_image():
    with pytest.raises(
        ImageError, match=r"a\.tif: a TIFF of a kind that is not read.*; save it with 8 or 16"
    ):
        decode_image(tiff(np.zeros((2, 2), np.float16), 16, 3), "a.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_tiles_lie_as_the_whole_picture_would(orientation, mode, monkeypatch):
    monkeypatch.setattr(pixels, "TILE_PIXELS", 20)
    image = Image.frombytes("RGBA", (50, 7), random.Random(0).randbytes(50 * 7 * 4)).convert(mode)
    white = Image.new("RGBA", image.size, "white")
    expected = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    method = pixels._ORIENTATIONS.get(orientation)
    expected = expected if method is None else expected.transpose(method)
    image.getexif()[0x0112] = orientation
    made = as_rgb(Decoded(image))
    assert made.size == expected.size
    assert made.tobytes() == expected.tobytes()


def test_the_decoded_image_is_let_go():
    decoded = Decoded(Image.new("RGBA", (4, 4)))
    as_rgb(decoded)
    assert decoded.image is None
