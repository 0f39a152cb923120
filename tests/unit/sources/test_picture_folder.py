import hashlib
import os

import pytest

from snakedit.core.errors import SourceError
from snakedit.sources.picture_folder import folder_stamp, picture_in, row_pictures


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.png").write_bytes(b"a")
    (folder / "inner" / "b.png").write_bytes(b"b")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "circle.png").symlink_to("circle.png")
    return folder


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../secret.png", "leaves the folder"),
        ("inner/../../secret.png", "leaves the folder"),
        ("/etc/passwd", "leaves the folder"),
        ("link.png", "leaves the folder"),
        ("circle.png", "is no path"),
        ("a\0b", "is no path"),
        ("none.png", "there is no file 'none.png'"),
        (".", "there is no file"),
    ],
)
def test_no_name_and_no_link_leads_out_of_the_folder(folder, name, reason):
    with pytest.raises(SourceError, match=reason):
        picture_in(folder, name)
    assert picture_in(folder, "inner/../a.png").read_bytes() == b"a"


def test_a_row_names_one_picture_several_or_none(folder):
    pictures = row_pictures(folder, {"image": ["a.png", " inner/b.png "], "mask": "a.png", "reference": None})
    assert [read() for read in pictures.readers["image"]] == [b"a", b"b"]
    assert (pictures.first("mask")(), pictures.first("reference")) == (b"a", None)
    hashes = {key: hashlib.sha256(content).hexdigest() for key, content in (("a", b"a"), ("b", b"b"))}
    assert pictures.sha256s == {"image 0": hashes["a"], "image 1": hashes["b"], "mask 0": hashes["a"]}
    assert pictures.error is None


def test_a_picture_that_cannot_be_used_is_named_by_its_column(folder):
    pictures = row_pictures(folder, {"image": "a.png", "mask": "none.png"})
    assert pictures.error == "the column 'mask': there is no file 'none.png'"
    (folder / "a.png").unlink()
    with pytest.raises(SourceError, match=r"the column 'image': 'a\.png' cannot be read"):
        pictures.first("image")()


def test_the_stamp_changes_with_any_file_below_the_folder(folder):
    before = folder_stamp(folder)
    assert folder_stamp(folder) == before
    os.utime(folder / "inner" / "b.png", ns=(1, 1))
    assert folder_stamp(folder) != before
