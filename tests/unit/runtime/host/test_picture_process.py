"""Strangers' pictures in a process of their own: what they may cost, and what ends it."""

import io
import os
import signal
import subprocess
import sys
import threading

import pytest
from jobs_by_hand import wait_for
from PIL import Image
from places import SCRIPTS

from snakedit.core.errors import ImageError
from snakedit.core.images import decode_image, open_image, save_png
from snakedit.runtime.host import picture_process
from snakedit.runtime.host.picture_process import PictureProcess, read_apart
from snakedit.runtime.host.processes import start_time

PICTURE = Image.radial_gradient("L").resize((60, 40)).convert("RGB")


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def pictures():
    with PictureProcess() as process:
        yield process


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_the_same_as_if_it_were_decoded_here(pictures, tmp_path, kind):
    data = encoded(PICTURE, kind, icc_profile=b"profile")
    written = pictures.write(data, "a", tmp_path / "images" / "a.png")
    assert os.listdir(tmp_path / "images") == [written.temporary.name]
    written.keep()
    sha256 = save_png(decode_image(data, "a"), tmp_path / "b.png")
    assert written.sha256 == sha256
    assert (tmp_path / "images" / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert pictures.read(data, "a").tobytes() == open_image(tmp_path / "b.png").tobytes()


def test_what_is_no_picture_is_one_line_and_the_next_is_read(pictures, tmp_path):
    with pytest.raises(ImageError, match=r"my file\.png: not an image; allowed: PNG"):
        pictures.read(b"text", "my file.png")
    assert pictures.read(encoded(PICTURE), "b").tobytes() == PICTURE.tobytes()


def test_a_png_that_cannot_be_written_is_no_fault_of_the_picture(pictures, tmp_path):
    (tmp_path / "images").write_text("")
    with pytest.raises(FileExistsError):
        pictures.write(encoded(PICTURE), "a", tmp_path / "images" / "a.png")


def test_a_process_that_somebody_ends_is_replaced(pictures):
    for _ in range(2):
        assert pictures.read(encoded(PICTURE), "a").tobytes() == PICTURE.tobytes()
        pictures._process.kill()
        pictures._process.wait()


def test_a_picture_that_ends_its_decoder_is_one_line(pictures, monkeypatch):
    monkeypatch.setattr(picture_process.sys, "executable", "/bin/false")
    with pytest.raises(ImageError, match=r"a: an image that ends its decoder \(exit code 1\)"):
        pictures.read(encoded(PICTURE), "a")


def test_threads_take_turns(pictures):
    shades = {shade: encoded(Image.new("L", (8, 8), shade)) for shade in range(0, 250, 10)}
    seen = {}

    def read(shade):
        seen[shade] = pictures.read(shades[shade], "a").getpixel((0, 0))[0]

    threads = [threading.Thread(target=read, args=(shade,)) for shade in shades]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {shade: shade for shade in shades}


def test_the_process_ends_with_the_one_that_asks():
    code = (
        "import io, os, signal, sys; from PIL import Image\n"
        "from snakedit.runtime.host import picture_process as p\n"
        "f = io.BytesIO(); Image.new('L', (2, 2)).save(f, 'PNG'); p.read_apart(f.getvalue(), 'a')\n"
        "print(p._of_this_process()._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == -signal.SIGKILL
    wait_for(lambda: has_ended(int(run.stdout)))


def has_ended(pid):
    try:
        start_time(pid)
    except ProcessLookupError:
        return True
    return False


def test_pictures_are_read_apart_from_this_process():
    assert read_apart(encoded(PICTURE), "a").tobytes() == PICTURE.tobytes()


def test_a_picture_crosses_whole_with_its_profile_however_many_strips_it_takes(pictures):
    picture = Image.radial_gradient("L").resize((1900, 1800)).convert("RGB")
    assert len(list(picture_process._strips(picture))) == 3
    read = pictures.read(encoded(picture, icc_profile=b"profile"), "a")
    assert (read.mode, read.size, read.info) == ("RGB", picture.size, {"icc_profile": b"profile"})
    assert read.tobytes() == picture.tobytes()
