import pytest

from snakedit.report.gallery.item_content import cut, words


def test_long_texts_are_cut_and_say_so():
    assert cut("x" * 4000) == "x" * 4000
    assert cut("x" * 5000).endswith("… (1,000 more characters in the records)")
    assert cut(None) is None


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ("4", ["4"]),
        (["a", "b"], ["a", "b"]),
        ([{"expected": 3.25, "mass": 0.99812}], ["expected 3.25 · mass 0.9981"]),
        ({"text": "物理", "more": [1]}, ["text 物理 · more [1]"]),
        (None, ["null"]),
        ([], []),
    ],
)
def test_a_judges_words_are_shown_whatever_their_form(replies, expected):
    assert words(replies) == expected
