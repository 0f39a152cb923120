import pytest
from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.core.images import png_text, save_png

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
