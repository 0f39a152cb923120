import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.names import safe_name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../../x", "/etc/passwd", "a/b", "a\\b", "a b", "x" * 300, "\0", "a\nb", ".hidden"),
        *("a.", "~", "\ud800", "e\u0301", "a..b", "C:", "语" * 100),
    ],
)
def test_any_other_name_is_changed_and_marked(name):
    safe = safe_name(name)
    assert safe != name
    assert "~" in safe


@given(st.text(max_size=400))
def test_a_safe_name_is_one_plain_file_in_its_folder(name):
    safe = safe_name(name)
    assert safe
    assert not safe.startswith(".")
    assert not set(safe) & set('/\\\0\n:*?"<>| ')
    assert len(safe.encode()) <= 120


@given(
    st.lists(st.one_of(st.text(max_size=6), st.sampled_from(["a/b", "a_b", "A", "..", "a "])), unique=True)
)
def test_no_two_names_become_one(names):
    assert len({safe_name(name) for name in names}) == len(names)


@given(st.text(max_size=50))
def test_a_changed_name_cannot_be_forged(name):
    """The safe name of one id, taken as another id, becomes another file."""
    safe = safe_name(name)
    if safe != name:
        assert safe_name(safe) != safe
