"""The demo's twenty edit operations, which Pillow performs exactly and at any strength."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps


@dataclass(frozen=True)
class Operation:
    """An edit that has one right answer.

    Attributes:
        instruction: the text that asks an editor for it.
        change: applies it to an RGB image at a strength; returns a new RGB image.
        rationale: what a right answer shows.
        needs_colour: whether it changes nothing in a grey photo.
    """

    instruction: str
    change: Callable[[Image.Image, float], Image.Image]
    rationale: str
    needs_colour: bool = False

    def apply(self, image: Image.Image, strength: float = 1.0) -> Image.Image:
        """Return the edited image.

        Args:
            image: RGB.
            strength: 1 gives the right answer, 0.5 half of the change, 1.6 too much of it. Operations that
                have no degrees, such as a mirror, ignore it.
        """
        return self.change(image, strength)


def _grey(image: Image.Image, strength: float) -> Image.Image:
    grey = ImageOps.grayscale(image).convert("RGB")
    return grey if strength >= 1 else Image.blend(image, grey, strength)


def _tint(image: Image.Image, red_gain: float, blue_gain: float, strength: float) -> Image.Image:
    red, green, blue = image.split()
    red, blue = (
        band.point([min(255, round(value * max(0.0, 1 + (gain - 1) * strength))) for value in range(256)])
        for band, gain in ((red, red_gain), (blue, blue_gain))
    )
    return Image.merge("RGB", (red, green, blue))


def _vignette(image: Image.Image, strength: float) -> Image.Image:
    mask = ImageChops.invert(Image.radial_gradient("L").resize(image.size))
    mask = mask.point([max(0, round(255 - (255 - value) * strength)) for value in range(256)])
    return Image.composite(image, Image.new("RGB", image.size), mask)


def _centre_box(image: Image.Image, share: float) -> tuple[int, int, int, int]:
    x, y = (round(side * (1 - share) / 2) for side in image.size)
    return x, y, image.width - x, image.height - y


def _zoom(image: Image.Image, strength: float) -> Image.Image:
    share = 0.5 ** min(strength, 2.0)
    return image.crop(_centre_box(image, share)).resize(image.size, Image.Resampling.LANCZOS)


def _blur_border(image: Image.Image, strength: float) -> Image.Image:
    box = _centre_box(image, 0.6)
    blurred = image.filter(ImageFilter.GaussianBlur(8 * strength))
    blurred.paste(image.crop(box), box)
    return blurred


def _pixelate(image: Image.Image, strength: float) -> Image.Image:
    block = 16 * strength**1.5
    small = image.resize([max(1, int(side / block)) for side in image.size], Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.NEAREST)


def _frame(image: Image.Image, strength: float) -> Image.Image:
    framed = image.copy()
    width = max(1, round(max(8, min(image.size) // 16) * strength))
    ImageDraw.Draw(framed).rectangle((0, 0, image.width - 1, image.height - 1), outline="white", width=width)
    return framed


def _square(image: Image.Image, strength: float) -> Image.Image:
    marked = image.copy()
    side = int(min(image.size) * strength / 6)
    ImageDraw.Draw(marked).rectangle((0, 0, side, side), fill=(220, 30, 30))
    return marked


def _left_half_grey(image: Image.Image, strength: float) -> Image.Image:
    box = (0, 0, int(image.width * strength / 2), image.height)
    edited = image.copy()
    edited.paste(ImageOps.grayscale(image.crop(box)).convert("RGB"), box)
    return edited


def _strip(image: Image.Image, strength: float) -> Image.Image:
    covered = image.copy()
    top = round(image.height * (1 - 0.2 * strength))
    ImageDraw.Draw(covered).rectangle((0, top, image.width, image.height), fill="black")
    return covered


OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "colour": {
        "grey": Operation(
            "Turn the photo black and white.", _grey, "No colour is left; brightness and shapes stay.", True
        ),
        "warmer": Operation(
            "Make the colours warmer.",
            lambda image, strength: _tint(image, 1.2, 0.75, strength),
            "More red, less blue, nothing moved.",
            True,
        ),
        "cooler": Operation(
            "Make the colours cooler.",
            lambda image, strength: _tint(image, 0.75, 1.2, strength),
            "More blue, less red, nothing moved.",
            True,
        ),
        "negative": Operation(
            "Turn the photo into a colour negative.",
            lambda image, _: ImageOps.invert(image),
            "Every colour is its opposite.",
        ),
    },
    "light": {
        "darker": Operation(
            "Make the photo much darker.",
            lambda image, strength: ImageEnhance.Brightness(image).enhance(0.5**strength),
            "Half as bright; the colours keep their hue.",
        ),
        "brighter": Operation(
            "Brighten the photo.",
            lambda image, strength: ImageEnhance.Brightness(image).enhance(1.5**strength),
            "Half as bright again.",
        ),
        "contrast": Operation(
            "Raise the contrast.",
            lambda image, strength: ImageEnhance.Contrast(image).enhance(1.8**strength),
            "Light parts lighter, dark parts darker.",
        ),
        "vignette": Operation(
            "Darken the corners like an old lens does.", _vignette, "The middle stays, the corners fade."
        ),
    },
    "geometry": {
        "mirror": Operation(
            "Flip the photo from left to right.",
            lambda image, _: ImageOps.mirror(image),
            "Left and right have changed places.",
        ),
        "upside_down": Operation(
            "Turn the photo upside down.",
            lambda image, _: ImageOps.flip(image),
            "Top and bottom are swapped.",
        ),
        "zoom": Operation(
            "Zoom in on the middle of the photo.", _zoom, "The middle half fills the whole frame."
        ),
        "rotate": Operation(
            "Rotate the photo by a quarter turn to the left.",
            lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
            "What was up now points to the left.",
        ),
    },
    "texture": {
        "blur": Operation(
            "Blur the whole photo.",
            lambda image, strength: image.filter(ImageFilter.GaussianBlur(5 * strength)),
            "No sharp edge is left.",
        ),
        "border_blur": Operation(
            "Blur the border and keep the middle sharp.", _blur_border, "Only the middle is sharp."
        ),
        "pixelate": Operation("Pixelate the photo into large blocks.", _pixelate, "Blocks of one colour."),
        "posterise": Operation(
            "Reduce the photo to a few flat tones, like a poster.",
            lambda image, strength: ImageOps.posterize(image, 2 if strength >= 1 else 3),
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
            True,
        ),
        "strip": Operation(
            "Cover the bottom fifth of the photo with black.",
            _strip,
            "Black at the bottom, the rest unchanged.",
        ),
    },
}
