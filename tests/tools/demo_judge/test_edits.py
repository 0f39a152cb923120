import random

import numpy as np
import pytest
from PIL import Image

from tools.demo_judge import edits
from tools.demo_judge.edits import NAMES, SyntheticEdit
from tools.demo_judge.examples import difference


@pytest.fixture(scope="module")
def photo():
    """Smooth colours with some detail, 320 × 256."""
    numbers = np.random.default_rng(0)
    small = Image.fromarray(numbers.integers(0, 256, (8, 10, 3)).astype(np.uint8))
    noise = numbers.normal(0, 12, (256, 320, 3))
    smooth = np.asarray(small.resize((320, 256), Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("name", NAMES)
def test_half_of_an_operation_and_too_much_of_it_differ_from_it(photo, name):
    right = edits.apply_operation(photo, name, "right")
    if edits.has_half(name):
        assert difference(edits.apply_operation(photo, name, "half"), right) > 0.5
    if edits.has_too_much(name):
        assert difference(edits.apply_operation(photo, name, "too_much"), right) > 0.5


def edit_of(kind, *applied, flaw="", severity=0.0):
    return SyntheticEdit(Image.new("RGB", (32, 32)), kind, applied, flaw, severity)


@pytest.mark.parametrize(
    ("edit", "pair", "single"),
    [
        (edit_of("right", "grey"), (10, 10), (10, 10)),
        (edit_of("half", "grey"), (5, 10), (10, 10)),
        (edit_of("too_much", "grey"), (8, 6), (10, 10)),
        (edit_of("absent"), (0, 10), (10, 10)),
        (edit_of("right", "mirror"), (0, 2), (10, 10)),
        (edit_of("right", "half_grey"), (5, 10), (10, 10)),
        (edit_of("two", "grey", "frame"), (10, 4), (10, 10)),
        (edit_of("other_photo", "grey"), (0, 0), (10, 10)),
        (edit_of("reversed", "grey"), (0, 2), (10, 10)),
        (edit_of("blank"), (0, 0), (0, 0)),
        (edit_of("right", "grey", flaw="noise", severity=1.0), (10, 6), (4, 0)),
        (edit_of("absent", flaw="tears", severity=0.4), (0, 8), (6, 6)),
    ],
)
def test_an_edit_that_should_be_grey_deserves_these_marks(edit, pair, single):
    assert edits.pair_marks("grey", edit) == pair
    assert edits.single_marks(edit) == single


@pytest.mark.parametrize("flaw", edits.FLAWS)
@pytest.mark.parametrize("grain", [1.0, 2.3])
def test_a_worse_flaw_changes_more(photo, flaw, grain):
    add, _ = edits.FLAWS[flaw]
    little, much = (add(photo, v, grain, random.Random(3)) for v in (0.4, 1.0))
    assert difference(photo, much) > difference(photo, little) > 1.0
