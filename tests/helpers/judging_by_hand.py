"""Requests made by hand: pictures of mixed sizes, instructions of mixed lengths."""

import random

from PIL import Image

from snakedit.core.records import Item
from snakedit.judges.judge import JudgeRequest, JudgeSettings
from snakedit.judges.rubrics.rubric_file import load_rubric

SIZES = ((256, 192), (160, 224), (288, 288), (96, 320))


def item(item_id="a", **fields):
    return Item(
        **{
            "id": item_id,
            "category": "c",
            "images": ["images/a.png"],
            "image_sha256s": ["0" * 64],
            "instruction": "make it red",
            **fields,
        }
    )


def picture(seed, size):
    noise = random.Random(seed)
    small = Image.new("RGB", (6, 6))
    small.putdata([tuple(noise.randrange(256) for _ in range(3)) for _ in range(36)])
    return small.resize(size, Image.Resampling.BICUBIC)


def requests(count):
    return [
        JudgeRequest(
            item=item(str(i), instruction="make it red" + " and more detailed" * (i % 5)),
            sources=[picture(i, SIZES[i % 4])],
            edit=picture(i + 100, SIZES[(i // 4) % 4]),
            seed=i,
        )
        for i in range(count)
    ]


def settings(reading="expected", rubric="viescore", prompts=None, min_scale_mass=0.5, samples=1):
    return JudgeSettings(load_rubric(rubric, prompts), reading, min_scale_mass, samples)
