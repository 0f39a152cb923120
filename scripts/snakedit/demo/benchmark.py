"""The demo's benchmark: scikit-image's photos, and edits that Pillow can do exactly."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from snakedit.core.atomic import write_whole
from snakedit.core.errors import SourceError


@dataclass(frozen=True)
class Operation:
    """An edit that has one right answer.

    Attributes:
        instruction: what an editor is told.
        apply: makes the right answer, from RGB to RGB.
        rationale: what must be seen in a right answer.
    """

    instruction: str
    apply: Callable[[Image.Image], Image.Image]
    rationale: str


def _warmer(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge(
        "RGB", (red.point(lambda v: min(255, round(v * 1.2))), green, blue.point(lambda v: round(v * 0.75)))
    )


def _cooler(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge(
        "RGB", (red.point(lambda v: round(v * 0.75)), green, blue.point(lambda v: min(255, round(v * 1.2))))
    )


def _middle(image: Image.Image, share: float) -> tuple[int, int, int, int]:
    width, height = image.size
    x, y = round(width * (1 - share) / 2), round(height * (1 - share) / 2)
    return x, y, width - x, height - y


def _blur_border(image: Image.Image) -> Image.Image:
    box = _middle(image, 0.6)
    blurred = image.filter(ImageFilter.GaussianBlur(8))
    blurred.paste(image.crop(box), box)
    return blurred


def _zoom(image: Image.Image) -> Image.Image:
    return image.crop(_middle(image, 0.5)).resize(image.size, Image.Resampling.LANCZOS)


def _pixelate(image: Image.Image) -> Image.Image:
    width, height = image.size
    small = image.resize((max(1, width // 16), max(1, height // 16)), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.NEAREST)


def _frame(image: Image.Image) -> Image.Image:
    framed = image.copy()
    side = max(8, min(image.size) // 16)
    ImageDraw.Draw(framed).rectangle((0, 0, image.width - 1, image.height - 1), outline="white", width=side)
    return framed


def _vignette(image: Image.Image) -> Image.Image:
    mask = ImageChops.invert(Image.radial_gradient("L").resize(image.size))
    return Image.composite(image, Image.new("RGB", image.size), mask)


def _left_half_grey(image: Image.Image) -> Image.Image:
    box = (0, 0, image.width // 2, image.height)
    edited = image.copy()
    edited.paste(ImageOps.grayscale(image.crop(box)).convert("RGB"), box)
    return edited


def _square(image: Image.Image) -> Image.Image:
    marked = image.copy()
    side = min(image.size) // 6
    ImageDraw.Draw(marked).rectangle((0, 0, side, side), fill=(220, 30, 30))
    return marked


OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "colour": {
        "grey": Operation(
            "Turn the photo black and white.",
            lambda image: ImageOps.grayscale(image).convert("RGB"),
            "No colour is left; brightness and shapes stay.",
        ),
        "warmer": Operation("Make the colours warmer.", _warmer, "More red, less blue, nothing moved."),
        "cooler": Operation("Make the colours cooler.", _cooler, "More blue, less red, nothing moved."),
        "negative": Operation(
            "Turn the photo into a colour negative.", ImageOps.invert, "Every colour is its opposite."
        ),
    },
    "light": {
        "darker": Operation(
            "Make the photo much darker.",
            lambda image: ImageEnhance.Brightness(image).enhance(0.5),
            "Half as bright; the colours keep their hue.",
        ),
        "brighter": Operation(
            "Brighten the photo.",
            lambda image: ImageEnhance.Brightness(image).enhance(1.5),
            "Half as bright again.",
        ),
        "contrast": Operation(
            "Raise the contrast.",
            lambda image: ImageEnhance.Contrast(image).enhance(1.8),
            "Light parts lighter, dark parts darker.",
        ),
        "vignette": Operation(
            "Darken the corners like an old lens does.", _vignette, "The middle stays, the corners fade."
        ),
    },
    "geometry": {
        "mirror": Operation(
            "Flip the photo from left to right.", ImageOps.mirror, "Left and right have changed places."
        ),
        "upside_down": Operation("Turn the photo upside down.", ImageOps.flip, "Top and bottom are swapped."),
        "zoom": Operation(
            "Zoom in on the middle of the photo.", _zoom, "The middle half fills the whole frame."
        ),
        "rotate": Operation(
            "Rotate the photo by a quarter turn to the left.",
            lambda image: image.transpose(Image.Transpose.ROTATE_90),
            "What was up now points to the left.",
        ),
    },
    "texture": {
        "blur": Operation(
            "Blur the whole photo.",
            lambda image: image.filter(ImageFilter.GaussianBlur(5)),
            "No sharp edge is left.",
        ),
        "border_blur": Operation(
            "Blur the border and keep the middle sharp.", _blur_border, "Only the middle is sharp."
        ),
        "pixelate": Operation("Pixelate the photo into large blocks.", _pixelate, "Blocks of one colour."),
        "posterise": Operation(
            "Reduce the photo to a few flat tones, like a poster.",
            lambda image: ImageOps.posterize(image, 2),
            "Few tones, with hard steps between them.",
        ),
    },
    "additions": {
        "frame": Operation("Put a white frame around the photo.", _frame, "A white frame, inside unchanged."),
        "square": Operation(
            "Put a red square into the upper left corner.", _square, "One red square; the rest unchanged."
        ),
        "half_grey": Operation(
            "Make the left half black and white and keep the right half in colour.",
            _left_half_grey,
            "Grey on the left, colour on the right.",
        ),
        "strip": Operation(
            "Cover the bottom fifth of the photo with black.",
            lambda image: _covered(image),
            "Black at the bottom, the rest unchanged.",
        ),
    },
}

# file in the wheel, what it shows, pixels of its longer edge
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
_NEEDS_COLOUR = {"grey", "half_grey", "warmer", "cooler"}
ITEMS_OF_OPERATION = 2


def write_demo_benchmark(path: Path) -> None:
    """Write the demo's benchmark in the format `base64_json`, the same bytes each time.

    Raises:
        SourceError: if scikit-image, whose wheel holds the photos, is not installed.
    """
    write_whole(path, [json.dumps(_rows(), indent=0) + "\n"])


def _rows() -> list[dict[str, Any]]:
    photos = {name: _photo(name, side) for name, _, side in PHOTOS}
    descriptions = {name: description for name, description, _ in PHOTOS}
    rows = []
    turn = 0
    for category, operations in OPERATIONS.items():
        for operation_name, operation in operations.items():
            for _ in range(ITEMS_OF_OPERATION):
                while operation_name in _NEEDS_COLOUR and PHOTOS[turn % len(PHOTOS)][0] in _COLOURLESS:
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
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise SourceError(
            "the demo's photos come with scikit-image, which is not installed",
            where="the demo's benchmark",
            hint="pip install scikit-image",
        )
    with Image.open(Path(spec.origin).parent / "data" / name) as photo:
        image = photo.convert("RGB")
    scale = side / max(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def _covered(image: Image.Image) -> Image.Image:
    covered = image.copy()
    top = round(image.height * 0.8)
    ImageDraw.Draw(covered).rectangle((0, top, image.width, image.height), fill="black")
    return covered


def _encoded(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()
