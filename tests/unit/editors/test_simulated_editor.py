import pytest
from editing_by_hand import item, picture, request
from PIL import Image

from snakedit.config.params import read_params
from snakedit.core.errors import ConfigError, ImageError
from snakedit.editors import simulated_editor as simulated
from snakedit.editors.editor import EditRequest
from snakedit.editors.simulated_editor import CUT, MAX_SIDE, SimulatedEditor, SimulatedEditorParams
from snakedit.recipe import result_params


@pytest.fixture
def naps(monkeypatch):
    slept = []
    monkeypatch.setattr(simulated.time, "sleep", slept.append)
    return slept


def in_recipe(params):
    return result_params(params, SimulatedEditor.execution_params, SimulatedEditor.later_params)


def edit(params=None, **fields):
    image = SimulatedEditor(None, params or SimulatedEditorParams(), "simulated:0").edit(request(**fields))
    return image.tobytes()


@pytest.mark.parametrize(
    "changed",
    [{"instruction": "Flip it."}, {"seed": 1}, {"sources": [picture(1)]}],
    ids=["instruction", "seed", "source"],
)
def test_the_picture_depends_on_instruction_seed_and_source(changed):
    assert edit() == edit()
    assert edit() != edit(**changed)


def test_the_picture_is_small():
    editor = SimulatedEditor(None, SimulatedEditorParams(), "cpu")
    image = editor.edit(request(sources=[picture(size=(640, 320))]))
    assert image.size == (MAX_SIDE, MAX_SIDE // 2)


def test_it_sleeps_as_long_as_declared(naps):
    edit(SimulatedEditorParams(load_seconds=5.0, seconds=0.5))
    assert naps == [5.0, 0.5]


def test_the_long_tail_is_the_items_own_and_is_cut(naps):
    params = SimulatedEditorParams(seconds=1.0, sigma=2.0)
    for seed in [*range(200), *range(200)]:
        edit(params, seed=seed)
    times = [nap for nap in naps if nap]
    assert times[:200] == times[200:]
    assert max(times) == CUT
    assert sorted(times[:200])[100] == pytest.approx(1.0, abs=0.4)


def test_no_declared_time_is_in_the_recipe():
    assert in_recipe(SimulatedEditorParams(load_seconds=1.0, seconds=2.0, sigma=3.0)) == {"seed": None}


def test_given_edits_are_in_the_recipe_only_if_there_are_any():
    assert in_recipe(SimulatedEditorParams(edits={"a": "red"})) == {"seed": None, "edits": {"a": "red"}}


def test_it_makes_the_edits_that_it_is_given():
    params = SimulatedEditorParams(edits={"kept": "source", "red": "#f00", "bad": "failed"})

    def colours(item_id):
        request_of_item = EditRequest(item(item_id), [Image.new("RGB", (32, 16), "blue")], 0)
        return SimulatedEditor(None, params, "cpu").edit(request_of_item).getcolors()

    assert colours("kept") == [(32 * 16, (0, 0, 255))]
    assert colours("red") == [(32 * 16, (255, 0, 0))]
    assert colours("other") not in (colours("kept"), colours("red"))
    with pytest.raises(ImageError, match="set to fail"):
        colours("bad")


def test_an_edit_that_is_no_colour_is_a_config_error():
    with pytest.raises(ConfigError, match="'bluish' is not an edit; allowed: source, failed, or a colour"):
        read_params(SimulatedEditorParams, {"edits": {"a": "bluish"}}, "editors.x.params")


@pytest.mark.parametrize("raw", [{"seconds": -1.0}, {"load_seconds": float("nan")}, {"sigma": float("inf")}])
def test_a_time_that_cannot_be_slept_is_a_config_error(raw):
    with pytest.raises(ConfigError, match=r"is (out of range|not a finite number); allowed: .* 0 or more"):
        read_params(SimulatedEditorParams, raw, "editors.x.params")
