import hashlib
import os

import pytest

from snakedit.core.errors import SourceError
from snakedit.sources.picture_folder import PictureFolder, folder_stamp


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
        ("link.png", r"is a link.* leaves the folder; .*follow_links: true"),
        ("circle.png", "is no path"),
        ("a\0b", "is no path"),
        ("none.png", "there is no file 'none.png'"),
        (".", "there is no file"),
    ],
)
def test_no_name_and_no_link_leads_out_of_the_folder(folder, name, reason):
    with pytest.raises(SourceError, match=reason):
        PictureFolder(folder).find(name)
    assert PictureFolder(folder).find("inner/../a.png").read_bytes() == b"a"


def test_a_row_names_one_picture_several_or_none(folder):
    pictures = PictureFolder(folder).row_pictures(
        {"image": ["a.png", " inner/b.png "], "mask": "a.png", "reference": None}
    )
    assert [read() for read in pictures.readers["image"]] == [b"a", b"b"]
    assert ([read() for read in pictures.readers["mask"]], pictures.readers["reference"]) == ([b"a"], [])
    hashes = {key: hashlib.sha256(content).hexdigest() for key, content in (("a", b"a"), ("b", b"b"))}
    assert pictures.sha256s == {"image 0": hashes["a"], "image 1": hashes["b"], "mask 0": hashes["a"]}
    assert pictures.error is None


def test_a_picture_that_cannot_be_used_is_named_by_its_column(folder):
    pictures = PictureFolder(folder).row_pictures({"image": "a.png", "mask": "none.png"})
    assert pictures.error == "the column 'mask': there is no file 'none.png'"
    (folder / "a.png").unlink()
    with pytest.raises(SourceError, match=r"the column 'image': 'a\.png' cannot be read"):
        pictures.readers["image"][0]()


def test_the_stamp_changes_with_any_file_below_the_folder(folder):
    before = folder_stamp(folder)
    assert folder_stamp(folder) == before
    os.utime(folder / "inner" / "b.png", ns=(1, 1))
    assert folder_stamp(folder) != before


def test_links_are_followed_when_the_configuration_says_so(tmp_path, folder):
    (folder / "linked").symlink_to(tmp_path)
    pictures = PictureFolder(folder, follow_links=True)
    assert pictures.find("link.png").read_bytes() == b"secret"
    assert pictures.find("linked/secret.png").read_bytes() == b"secret"
    for name in ("../secret.png", "linked/../../secret.png", str(tmp_path / "secret.png")):
        with pytest.raises(SourceError, match="leaves the folder"):
            pictures.find(name)
    with pytest.raises(SourceError, match="circle"):
        pictures.find("circle.png")


def test_the_stamp_sees_into_linked_folders_if_they_are_followed(tmp_path, folder):
    (folder / "inner" / "circle").symlink_to(folder)
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    before = folder_stamp(folder, follow_links=True)
    (tmp_path / "elsewhere" / "new.png").write_bytes(b"new")
    assert folder_stamp(folder, follow_links=True) != before


def test_a_windows_path_is_a_path_but_for_a_file_of_that_name(folder):
    pictures = PictureFolder(folder)
    assert pictures.find(r"inner\b.png").read_bytes() == b"b"
    assert pictures.find(r".\inner\b.png").read_bytes() == b"b"
    with pytest.raises(SourceError, match="leaves the folder"):
        pictures.find(r"..\secret.png")
    (folder / r"inner\b.png").write_bytes(b"of Linux")
    assert pictures.find(r"inner\b.png").read_bytes() == b"of Linux"


def test_a_picture_that_is_not_there_is_looked_for_in_the_folder_of_its_category(folder):
    pictures = PictureFolder(folder)
    assert pictures.find("b.png", category="inner").read_bytes() == b"b"
    with pytest.raises(SourceError, match=r"there is no file 'secret\.png'"):
        pictures.find("secret.png", category="..")
