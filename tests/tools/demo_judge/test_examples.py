from PIL import Image

from tools.demo_judge.edits import KINDS, NAMES
from tools.demo_judge.examples import CELL, ExampleSampler
from tools.demo_judge.pictures import Photo


def test_a_seed_gives_the_same_examples_and_another_seed_others():
    first, same, other = (ExampleSampler([], seed).draw_batch(4) for seed in (5, 5, 6))
    for a, b, c in zip(first, same, other, strict=True):
        assert a.instructions == b.instructions
        assert a.edit.image.tobytes() == b.edit.image.tobytes()
        assert a.instructions != c.instructions


def test_examples_have_every_kind_and_request_every_operation():
    noise = Image.effect_noise((300, 240), 90).convert("RGB")
    sampler = ExampleSampler([Photo("noise", noise)], 0)
    examples = [example for _ in range(40) for example in sampler.draw_batch(8)]
    assert {example.edit.kind for example in examples} == set(KINDS)
    assert {marked.operation for example in examples for marked in example.instructions} == set(NAMES)
    for example in examples:
        assert all(side % CELL == 0 for side in (*example.source.size, *example.edit.image.size))
        assert all(0 <= mark <= 10 for m in example.instructions for mark in (m.success, m.kept))
