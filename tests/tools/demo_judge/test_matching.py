import numpy as np
import pytest
from PIL import Image

from tools.demo_judge.examples import CELL
from tools.demo_judge.matching import MAPS, matched_cells, matched_places


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("shape", [(4, 5), (5, 3)])
def test_the_target_of_a_cell_is_the_place_it_came_from(number, shape):
    """Zooming, the fifth map, is left out: a cell then comes from a part of a cell."""
    rows, columns = shape
    numbers = np.random.default_rng(0).integers(0, 256, (rows * CELL, columns * CELL, 3))
    source = Image.fromarray(numbers.astype(np.uint8))
    edit = MAPS[number][0](source)
    places = matched_places(source.size, edit.size)[number]
    np.testing.assert_allclose(places.sum(1), 1.0, rtol=1e-5)
    colours = [
        np.asarray(i.resize((i.width // CELL, i.height // CELL), Image.Resampling.BOX)).reshape(-1, 3)
        for i in (source, edit)
    ]
    assert np.abs(colours[0][places.argmax(1)].astype(int) - colours[1]).max() <= 1
    _, differences, _ = matched_cells(source, edit)
    assert differences[:, number].max() < 0.02 < differences[:, (number + 1) % 4].mean()
