import pytest
from editing_by_hand import category, item, picture, request
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.errors import ConfigError, ImageError
from snakedit.core.names import PICTURE_SUFFIXES, safe_name
from snakedit.editors.files import Files, FilesParams
from snakedit.recipe import result_params


def find(folder, item_id, **fields):
    wanted = item(item_id, **fields)
    return Files.inputs(wanted, category([wanted]), FilesParams(folder=str(folder)))["file"]


@pytest.mark.parametrize(
    ("item_id", "name"),
    [
        ("a", "a.png"),
        ("a", "a.jpg"),
        ("a", "a.jpeg"),
        ("a", "a.webp"),
        ("a", "a.PNG"),
        ("a", "a.Jpeg"),
        ("a", "a.bmp"),
        ("a", "a.tiff"),
        ("a.jpg", "a.jpg"),
        ("a.jpg", "a.jpg.png"),
        ("a", "colour/a.png"),
        ("a", "colour/en/a.JPG"),
        ("a", "en/a.png"),
        ("a b", "a b.png"),
        ("a.b", "a.b.png"),
        ("物理 1", "物理 1.png"),
        ("../x", f"{safe_name('../x')}.png"),
        ("n" * 300, f"{safe_name('n' * 300)}.png"),
    ],
)
def test_an_image_is_found_by_its_items_id(tmp_path, item_id, name):
    (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
    (tmp_path / name).touch()
    assert find(tmp_path, item_id) == tmp_path / name


def test_the_folder_of_the_category_goes_first(tmp_path):
    (tmp_path / "two words").mkdir()
    for name in ("a.png", "two words/a.jpg"):
        (tmp_path / name).touch()
    assert find(tmp_path, "a", category="two words") == tmp_path / "two words/a.jpg"


@pytest.mark.parametrize("language_folder", ["zh", "cn", "chinese"])
def test_a_languages_folder_may_have_each_of_its_names(tmp_path, language_folder):
    for name in ("en", language_folder):
        (tmp_path / "colour" / name).mkdir(parents=True)
        (tmp_path / "colour" / name / "a.png").touch()
    assert find(tmp_path, "a", language="zh") == tmp_path / "colour" / language_folder / "a.png"
    assert find(tmp_path, "a", language="en") == tmp_path / "colour" / "en" / "a.png"


@pytest.mark.parametrize("names", [("a.png", "a.jpg"), ("a.png", "a.PNG"), ("colour/a.png", "colour/a.webp")])
def test_two_candidates_of_one_folder_are_told_and_none_is_guessed(tmp_path, names):
    (tmp_path / "colour").mkdir()
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ImageError, match=r"2 edited images for the item 'a'.*keep the one") as caught:
        find(tmp_path, "a")
    assert all(name.split("/")[-1] in str(caught.value) for name in names)


@pytest.mark.parametrize("item_id", ["../../x", "../x", "..", ".", "/x", "sub/../../x", "x\0"])
def test_an_id_cannot_leave_the_folder(tmp_path, item_id):
    folder = tmp_path / "edits" / "inner"
    (folder / "sub").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "edits"):
        for stem in ("x", "", ".", ".."):
            (place / f"{stem}.png").touch()
    with pytest.raises(ImageError, match="no edited image"):
        find(folder, item_id)


@given(st.text(min_size=1), st.text(min_size=1))
def test_every_place_looked_at_lies_in_the_folder(tmp_path_factory, item_id, category_name):
    folder = tmp_path_factory.getbasetemp()
    with pytest.raises(ImageError) as caught:
        find(folder, item_id, category=category_name)
    assert str(folder) in caught.value.allowed


def test_a_missing_image_names_the_places_looked_at(tmp_path):
    with pytest.raises(ImageError) as caught:
        find(tmp_path, "a b")
    for place in (tmp_path / "colour" / "a b", tmp_path / "a b", tmp_path / safe_name("a b")):
        assert str(place) in str(caught.value)
    assert all(suffix in str(caught.value) for suffix in PICTURE_SUFFIXES)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere: no such folder"):
        find(tmp_path / "nowhere", "a")
    with pytest.raises(ConfigError, match=r"~no-such-user/edits: no such folder"):
        find("~no-such-user/edits", "a")


def test_another_folder_is_another_recipe():
    first, second = (result_params(FilesParams(folder=f), Files.execution_params) for f in ("one", "two"))
    assert first != second


def test_the_image_is_shown_as_it_was_found():
    found = picture(2)
    assert Files(None, FilesParams(folder="x"), "cpu").edit(request(inputs={"file": found})) is found
