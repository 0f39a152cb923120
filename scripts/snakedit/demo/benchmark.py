"""The demo's benchmark: photos from scikit-image's wheel, each edited by one of the demo's operations."""

import base64
import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from snakedit.core.atomic import write_whole
from snakedit.core.errors import SourceError
from snakedit.demo.operations import OPERATIONS

# File in the wheel, its description, pixels of its longer edge. README.md credits their authors.
PHOTOS = (
    ("astronaut.png", "an astronaut in an orange suit before a flag", 384),
    ("chelsea.png", "a tabby cat looking into the camera", 416),
    ("coffee.png", "a cup of espresso on a wooden table", 448),
    ("rocket.jpg", "a rocket on its launch pad at night", 512),
    ("hubble_deep_field.jpg", "galaxies in a dark sky", 320),
    ("retina.jpg", "a photograph of the back of an eye", 256),
    ("ihc.png", "stained tissue under a microscope", 288),
    ("camera.png", "a man with a camera on a tripod, in black and white", 352),
    ("coins.png", "old coins in rows", 272),
    ("brick.png", "a brick wall", 256),
)
_COLOURLESS = {"camera.png", "coins.png", "brick.png"}
ITEMS_OF_OPERATION = 2


def write_demo_benchmark(path: Path) -> None:
    """Write the demo's benchmark in the format `base64_json`, the same bytes each time.

    Raises:
        SourceError: if scikit-image, whose wheel holds the photos, is not installed.
    """
    write_whole(path, [json.dumps(_benchmark_rows(), indent=0) + "\n"])


def photo_folder() -> Path:
    """Return the folder of scikit-image's photos.

    Raises:
        SourceError: if scikit-image is not installed.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SourceError(
            "the demo's photos come with scikit-image, which is not installed",
            where="the demo's benchmark",
            hint="pip install scikit-image",
        )
    return Path(spec.origin).parent / "data"


def _benchmark_rows() -> list[dict[str, Any]]:
    photos = {name: _photo(name, side) for name, _, side in PHOTOS}
    descriptions = {name: description for name, description, _ in PHOTOS}
    rows = []
    turn = 0
    for category, operations in OPERATIONS.items():
        for operation_name, operation in operations.items():
            for _ in range(ITEMS_OF_OPERATION):
                while operation.needs_colour and PHOTOS[turn % len(PHOTOS)][0] in _COLOURLESS:
                    turn += 1
                name = PHOTOS[turn % len(PHOTOS)][0]
                turn += 1
                rows.append(
                    {
                        "subset": category,
                        "original_image_path": f"{operation_name}-{Path(name).stem}.png",
                        "edit_instruction_en": operation.instruction,
                        "original_description_en": descriptions[name],
                        "rationale_short_en": operation.rationale,
                        "tags": [operation_name],
                        "src_img_b64": _encoded(photos[name]),
                        "reference_img_b64": _encoded(operation.apply(photos[name])),
                    }
                )
    return rows


def _photo(name: str, side: int) -> Image.Image:
    with Image.open(photo_folder() / name) as photo:
        image = photo.convert("RGB")
    scale = side / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()
