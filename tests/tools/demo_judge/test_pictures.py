from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from snakedit.core.errors import SourceError
from snakedit.demo.benchmark import PHOTOS
from tools.demo_judge.pictures import is_held_out, load_photos


def test_no_photo_of_the_demo_is_trained_on():
    demo = {name for name, _, _ in PHOTOS}
    trained, held_out = (load_photos((), held_out=flag) for flag in (False, True))
    assert demo == {photo.name for photo in held_out}
    assert trained
    assert not demo & {photo.name for photo in trained}


def test_a_photo_and_its_variants_are_all_trained_on_or_all_held_out():
    for name in ("dune", "reed", "lake", "fog"):
        variants = (f"{name}-d.webp", f"{name}_3840x2160.jpg", f"{name}/contents/images/1x1.png")
        assert len({is_held_out(Path("/usr/share/x") / variant) for variant in variants}) == 1
    counts = Counter(is_held_out(Path(f"/p/{number}.jpg")) for number in range(600))
    assert 50 < counts[True] < 150


def test_each_photo_of_a_folder_is_read_once_at_its_largest(tmp_path):
    folder = tmp_path / "Meadow" / "contents" / "images"
    folder.mkdir(parents=True)
    for side in (220, 300):
        Image.effect_noise((side, side), 60).convert("RGB").save(folder / f"{side}x{side}.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "icon.png")
    (tmp_path / "notes.txt").write_text("no photo", encoding="utf-8")
    photos = [p for flag in (True, False) for p in load_photos([tmp_path], held_out=flag)]
    assert [p.name for p in photos if p.name.endswith("0.png")] == ["300x300.png"]
    assert "icon.png" not in {p.name for p in photos}


def test_a_photo_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"no photo")
    with pytest.raises(SourceError, match=r"broken\.jpg: cannot be read as a photo"):
        load_photos([tmp_path], held_out=is_held_out(path))


def test_a_missing_folder_of_photos_is_named(tmp_path):
    with pytest.raises(SourceError, match="is not a folder"):
        load_photos([tmp_path / "nowhere"], held_out=False)
