from pathlib import Path

import pytest
from editing_by_hand import category, item, picture, request, write_edits
from hypothesis import given
from hypothesis import strategies as st

from snakedit.core.errors import ImageError
from snakedit.editors.controls import Blank, Identity, Reference, Shuffled, ShuffledParams

IDS = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=12, unique=True)


def shown_by(items, params=None, **edits):
    context = category(items, **edits)
    return {i.id: Shuffled.inputs(i, context, params or ShuffledParams())["other"] for i in items}


def with_reference(item_id):
    return item(item_id, reference=f"images/{item_id}.png")


def test_identity_returns_the_source_unchanged():
    source = picture()
    edit = Identity(None, None, "cpu").edit(request(sources=[source, picture(1)]))
    assert edit.tobytes() == source.tobytes()


def test_blank_is_one_grey_of_the_sources_size():
    edit = Blank(None, None, "cpu").edit(request(sources=[picture(size=(70, 30))]))
    assert edit.size == (70, 30)
    assert edit.getcolors() == [(70 * 30, (128, 128, 128))]


def test_reference_shows_the_items_reference():
    inputs = Reference.inputs(item(reference="images/a.ref.png"), category([], Path("somewhere")), None)
    assert inputs == {"reference": Path("somewhere/images/a.ref.png")}
    answer = picture(3)
    assert Reference(None, None, "cpu").edit(request(inputs={"reference": answer})) is answer


@given(IDS)
def test_shuffled_shows_each_item_anothers_image_and_none_twice(ids):
    items = [with_reference(i) for i in ids]
    shown = shown_by(items)
    assert sorted(shown.values()) == sorted(Path("items") / str(i.reference) for i in items)
    assert all(shown[i.id] != Path("items") / str(i.reference) for i in items)


@given(IDS, st.randoms())
def test_shuffled_does_not_depend_on_the_order_of_the_items(ids, random):
    items = [with_reference(i) for i in ids]
    again = random.sample(items, len(items))
    assert shown_by(items) == shown_by(again)


@given(IDS)
def test_a_removed_item_changes_what_one_other_item_shows(ids):
    items = [with_reference(i) for i in [*ids, "one more"] if i != "one more" or i not in ids]
    before, after = shown_by(items), shown_by(items[:-1]) if len(items) > 2 else {}
    assert sum(before[i] != path for i, path in after.items()) <= 1


def test_an_item_without_a_reference_is_shown_anothers():
    shown = shown_by([item("bare"), with_reference("b"), with_reference("c")])
    assert shown["b"] == Path("items/images/c.png")
    assert shown["c"] == Path("items/images/b.png")
    assert shown["bare"] in {shown["b"], shown["c"]}


@pytest.mark.parametrize(
    ("items", "params", "message"),
    [
        ([with_reference("a")], ShuffledParams(), "no other item of the category has a reference"),
        ([item("a"), item("b")], ShuffledParams(), "give of: EDITOR"),
        ([item("a"), item("b")], ShuffledParams(of="x"), "no other item of the category has an edit by 'x'"),
    ],
)
def test_shuffled_fails_by_name_where_there_is_nothing_to_show(items, params, message):
    with pytest.raises(ImageError, match=message):
        Shuffled.inputs(items[0], category(items), params)


def test_shuffled_of_an_editor_shows_its_finished_edits_only(tmp_path):
    folder = write_edits(tmp_path, ok=["a", "b"], failed=["c"])
    shown = shown_by([item("a"), item("b"), item("c")], ShuffledParams(of="other"), other=folder)
    assert shown["a"] == tmp_path / "images/b.png"
    assert shown["b"] == tmp_path / "images/a.png"
    assert shown["c"] in {shown["a"], shown["b"]}


def test_the_ring_of_a_category_is_worked_out_once(monkeypatch):
    calls = []
    monkeypatch.setattr("snakedit.editors.controls.fingerprint", lambda name: calls.append(name) or str(name))
    shown_by([with_reference(str(n)) for n in range(100)])
    assert len(calls) == 100
