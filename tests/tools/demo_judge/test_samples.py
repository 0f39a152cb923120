from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snakedit.core.errors import SourceError
from snakedit.demo.benchmark import PHOTOS
from tools.demo_judge.matching import MAPS, matched_cells, matched_places
from tools.demo_judge.pictures import Picture, is_held_out, load_pictures
from tools.demo_judge.samples import CELL, Sampler
from tools.demo_judge.wordings import NAMES, corpus, wordings


def test_no_photo_that_the_demo_judges_is_trained_on():
    judged = {name for name, _, _ in PHOTOS}
    trained, held_out = (load_pictures((), held_out=flag) for flag in (False, True))
    assert judged == {picture.name for picture in held_out}
    assert trained
    assert not judged & {picture.name for picture in trained}


def test_a_photo_and_its_variants_are_all_trained_on_or_all_held_out():
    for name in ("dune", "reed", "lake", "fog"):
        variants = (f"{name}-d.webp", f"{name}_3840x2160.jpg", f"{name}/contents/images/1x1.png")
        assert len({is_held_out(Path("/usr/share/x") / variant) for variant in variants}) == 1
    found = Counter(is_held_out(Path(f"/p/{number}.jpg")) for number in range(600))
    assert 50 < found[True] < 150


def test_each_photo_of_a_folder_is_read_once_at_its_largest(tmp_path):
    folder = tmp_path / "Meadow" / "contents" / "images"
    folder.mkdir(parents=True)
    for side in (220, 300):
        Image.effect_noise((side, side), 60).convert("RGB").save(folder / f"{side}x{side}.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "icon.png")
    (tmp_path / "notes.txt").write_text("no photo", encoding="utf-8")
    found = [p for flag in (True, False) for p in load_pictures([tmp_path], held_out=flag)]
    assert [p.name for p in found if p.name.endswith("0.png")] == ["300x300.png"]
    assert "icon.png" not in {p.name for p in found}


def test_a_photo_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"no photo")
    with pytest.raises(SourceError, match=r"broken\.jpg: cannot be read as a photo"):
        load_pictures([tmp_path], held_out=is_held_out(path))


def test_a_missing_folder_of_photos_is_named(tmp_path):
    with pytest.raises(SourceError, match="is not a folder"):
        load_pictures([tmp_path / "nowhere"], held_out=False)


def test_no_wording_is_both_trained_on_and_held_out():
    trained = {text.lower() for text in corpus()}
    for name in NAMES:
        held_out = wordings(name, held_out=True)
        assert len(held_out) >= 2
        assert not trained & {text.lower() for text in held_out}
        assert len(wordings(name, held_out=False)) >= 6


def test_a_seed_gives_the_same_samples_and_another_seed_others():
    one, same, other = (Sampler([], seed).draw_batch(4) for seed in (5, 5, 6))
    for a, b, c in zip(one, same, other, strict=True):
        assert a.questions == b.questions
        assert a.made.image.tobytes() == b.made.image.tobytes()
        assert a.questions != c.questions


def test_samples_have_every_kind_and_ask_for_every_operation():
    noise = Image.effect_noise((300, 240), 90).convert("RGB")
    sampler = Sampler([Picture("noise", noise)], 0)
    samples = [sample for _ in range(40) for sample in sampler.draw_batch(8)]
    assert len({sample.made.kind for sample in samples}) == 9
    assert {question.asked for sample in samples for question in sample.questions} == set(NAMES)
    for sample in samples:
        assert all(side % CELL == 0 for side in (*sample.source.size, *sample.made.image.size))
        assert all(0 <= mark <= 10 for q in sample.questions for mark in (q.success, q.kept))


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("shape", [(4, 5), (5, 3)])
def test_a_cell_is_told_to_look_where_it_came_from(number, shape):
    """Zooming, the fifth map, has no cell of its own to come from."""
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
