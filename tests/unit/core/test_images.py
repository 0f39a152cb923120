import contextlib
import errno
import io
import os
import random
import struct
import warnings
import zlib

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from snakedit.core import images
from snakedit.core.errors import ImageError
from snakedit.core.hashing import file_sha256
from snakedit.core.images import (
    change_between,
    decode_image,
    encode_within,
    open_image,
    png_text,
    remove_strangers,
    save_png,
    write_png,
)


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(size=(64, 48)):
    drawn = random.Random(0)
    return Image.frombytes("RGB", size, drawn.randbytes(size[0] * size[1] * 3))


def png_of(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"plain text", "not an image"),
        (b"", "not an image"),
        (encoded(noise())[:-400], "cannot be decoded"),
        (png_of(60_000, 60_000), "too many pixels"),
        (png_of(9_000, 9_000), "9000 × 9000 pixels"),
    ],
)
def test_what_is_no_image_or_too_large_is_one_line(data, message):
    with pytest.raises(ImageError, match=message) as caught:
        decode_image(data, "a.png")
    assert str(caught.value).startswith("a.png: ")
    assert "\n" not in str(caught.value)


def test_a_photo_whose_exif_is_broken_is_one_line():
    with pytest.raises(ImageError, match=r"a\.webp: an image that cannot be decoded \(not a TIFF file"):
        decode_image(encoded(noise(), "WEBP", exif=b"MX\0*\0\0\0\x08\0\0"), "a.webp")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@settings(max_examples=60, deadline=None)
@given(drawn=st.randoms(use_true_random=False))
def test_a_damaged_file_is_an_image_or_one_line_and_warns_of_nothing(kind, drawn):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = bytearray(encoded(noise((8, 6)), kind, **({} if kind in ("GIF", "BMP") else {"exif": exif})))
    for _ in range(drawn.randrange(1, 6)):
        data[drawn.randrange(len(data))] = drawn.randrange(256)
    with warnings.catch_warnings(), contextlib.suppress(ImageError):
        warnings.simplefilter("error")
        assert decode_image(bytes(data), "a").mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_every_lossless_format_gives_the_same_pixels(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    assert decode_image(encoded(noise(), kind, **options), "x").tobytes() == noise().tobytes()


def test_a_photo_lies_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = decode_image(encoded(noise((64, 48)), "PNG", exif=exif), "x")
    assert image.size == (48, 64)
    assert image.tobytes() == noise((64, 48)).transpose(Image.Transpose.ROTATE_270).tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(mode):
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    image = image.quantize() if mode == "P" else image.convert(mode)
    assert decode_image(encoded(image), "x").getcolors() == [(16, (255, 255, 255))]


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JPEG2000"])
def test_the_formats_of_telephones_and_archives_are_read(kind):
    pillow_heif.register_heif_opener()
    picture = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    shown = decode_image(encoded(picture, kind, **({} if kind == "JPEG2000" else {"quality": 95})), "x")
    assert change_between(picture, shown) < 0.01


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JPEG2000"])
def test_a_cut_file_of_a_newer_format_is_one_line(kind):
    pillow_heif.register_heif_opener()
    data = encoded(noise(), kind)
    for kept in (20, len(data) // 2):
        with pytest.raises(ImageError) as caught:
            decode_image(data[:kept], "a")
        assert "\n" not in str(caught.value)


def test_sixteen_bit_greys_keep_their_middle():
    image = Image.new("I;16", (4, 4), 32896)
    assert decode_image(encoded(image), "x").getcolors() == [(16, (128, 128, 128))]


def test_a_png_is_whole_deterministic_and_explains_itself(tmp_path):
    text = {"fingerprint": "f", "instruction": "戴上红帽子 \n \u202b"}
    first = save_png(noise(), tmp_path / "new" / "a.png", text)
    again = save_png(noise(), tmp_path / "b.png", text)
    assert first == again
    assert png_text(tmp_path / "b.png") == text
    assert open_image(tmp_path / "b.png").tobytes() == noise().tobytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.png", "new"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_png_cut_anywhere_is_noticed(tmp_path, share):
    save_png(noise(), tmp_path / "a.png", {"fingerprint": "f"})
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageError, match=r"a\.png: not a whole PNG"):
        png_text(tmp_path / "a.png")


def test_a_png_with_a_flipped_bit_is_noticed(tmp_path):
    save_png(noise(), tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ImageError, match="not a whole PNG"):
        png_text(tmp_path / "a.png")


def test_change_is_the_share_of_the_full_scale():
    black, white = Image.new("RGB", (4, 4)), Image.new("RGB", (4, 4), "white")
    assert change_between(black, white) == 1.0
    assert change_between(black, black) == 0.0
    assert change_between(Image.new("RGB", (8, 8)), white) == 1.0


def test_files_that_no_record_names_are_removed(tmp_path):
    for name in ("a.png", "b.png", ".left.tmp"):
        (tmp_path / name).write_bytes(b"")
    assert remove_strangers(tmp_path, {"a.png"}) == [".left.tmp", "b.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert remove_strangers(tmp_path / "none", set()) == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    ("max_side", "max_bytes"), [(4000, 10**9), (200, 10**9), (4000, 40_000), (4000, 700)]
)
def test_an_encoded_image_keeps_within_its_bounds_and_its_shape(kind, max_side, max_bytes):
    image = Image.effect_noise((600, 300), 80).convert("RGB")
    data = encode_within(image, max_side, max_bytes, kind)
    shown = decode_image(data, "x")
    assert len(data) <= max_bytes
    assert max(shown.size) <= max_side
    assert abs(shown.width - 2 * shown.height) <= 2
    if max_side > 600 and max_bytes == 10**9:
        assert shown.size == image.size
        assert kind == "JPEG" or shown.tobytes() == image.tobytes()


def test_a_written_image_is_there_under_its_name_once_it_is_kept(tmp_path):
    written = write_png(noise(), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
    written.keep()
    assert file_sha256(tmp_path / "a.png") == written.sha256
    assert os.listdir(tmp_path) == ["a.png"]


def test_an_image_that_the_disk_does_not_take_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    written = write_png(noise(), tmp_path / "a.png")
    monkeypatch.setattr(images.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        written.keep()
    assert os.listdir(tmp_path) == []


TEXT = {"fingerprint": "f" * 64, "instruction": "把背景变成黄昏"}


@pytest.fixture
def png(tmp_path):
    save_png(Image.linear_gradient("L").convert("RGB"), tmp_path / "a.png", TEXT)
    return tmp_path / "a.png"


def test_the_text_of_a_whole_png_is_read_back(png):
    assert png_text(png) == TEXT


def test_the_order_in_which_the_text_came_is_not_in_the_file(tmp_path):
    picture = Image.new("RGB", (4, 4))
    first = save_png(picture, tmp_path / "a.png", TEXT)
    assert save_png(picture, tmp_path / "b.png", dict(reversed(TEXT.items()))) == first


@pytest.mark.parametrize("kept", [0, 20, 0.5, 0.95], ids=str)
def test_a_cut_png_is_an_image_error(png, kept):
    data = png.read_bytes()
    png.write_bytes(data[: int(len(data) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(ImageError, match="not a whole PNG"):
        png_text(png)


def test_a_png_with_a_flipped_bit_is_an_image_error(png):
    data = bytearray(png.read_bytes())
    data[len(data) // 2] ^= 1
    png.write_bytes(data)
    with pytest.raises(ImageError, match="not a whole PNG"):
        png_text(png)
