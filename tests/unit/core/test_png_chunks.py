"""PNGs with more text or profile than Pillow reads."""

import io
import os

import pytest
from PIL import Image, PngImagePlugin

from snakedit.core.errors import ImageError
from snakedit.core.images import decode_image, png_text, save_png
from snakedit.core.png_chunks import without_large_metadata

PICTURE = Image.radial_gradient("L").convert("RGB")


def encoded(text=None, **options):
    chunks = PngImagePlugin.PngInfo()
    if text:
        text(chunks)
    buffer = io.BytesIO()
    PICTURE.save(buffer, "PNG", pnginfo=chunks, **options)
    return buffer.getvalue()


LARGE = "x" * 3_000_000


@pytest.mark.parametrize(
    "data",
    [
        encoded(lambda chunks: chunks.add_text("parameters", LARGE)),
        encoded(lambda chunks: chunks.add_text("parameters", LARGE, zip=True)),
        encoded(lambda chunks: chunks.add_itxt("parameters", LARGE, zip=True)),
        encoded(lambda chunks: chunks.add_itxt("XML:com.adobe.xmp", LARGE, zip=True)),
        encoded(lambda chunks: [chunks.add_text(f"{n}", "y" * 900_000, zip=True) for n in range(90)]),
        encoded(icc_profile=bytes(3_000_000)),
        encoded(icc_profile=os.urandom(3_000_000)),
    ],
    ids=["text", "packed text", "international", "xmp", "many", "packed profile", "profile"],
)
def test_metadata_costs_no_pixels(data):
    assert decode_image(data, "x").tobytes() == PICTURE.tobytes()


def test_a_picture_lies_as_its_text_says_whatever_other_text_it_has():
    def texts(chunks):
        chunks.add_text("parameters", LARGE, zip=True)
        chunks.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')

    assert (
        decode_image(encoded(texts), "x").tobytes() == PICTURE.transpose(Image.Transpose.ROTATE_270).tobytes()
    )


def test_a_profile_that_pillow_reads_is_kept():
    data = encoded(icc_profile=b"profile")
    assert without_large_metadata(data) == data
    assert decode_image(data, "x").info["icc_profile"] == b"profile"


@pytest.mark.parametrize("kept", [0, 7, 30, 200, 0.5, 0.99], ids=str)
def test_a_cut_file_is_one_line(kept):
    data = encoded(lambda chunks: chunks.add_text("parameters", LARGE))
    with pytest.raises(ImageError):
        decode_image(data[: int(len(data) * kept) if isinstance(kept, float) else kept], "x")


def test_what_is_no_png_is_left_alone():
    assert without_large_metadata(b"\xff\xd8 photo") == b"\xff\xd8 photo"


def test_a_photo_with_a_large_profile_makes_a_png_that_opens(tmp_path):
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", icc_profile=bytes(3_000_000))
    save_png(decode_image(buffer.getvalue(), "x"), tmp_path / "a.png", {"fingerprint": "f"})
    assert png_text(tmp_path / "a.png") == {"fingerprint": "f"}
