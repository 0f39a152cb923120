"""Instructions that request each of the demo's operations: for training, and held out for the examination."""

from collections.abc import Mapping
from random import Random

from tools.demo_judge.edits import BY_NAME, NAMES

# `|` separates the wordings. The demo's own is trained on too.
_TRAINED: Mapping[str, str] = {
    "grey": "Make it black and white.|Remove all colour from the photo.|Convert the picture to greyscale."
    "|Desaturate the image completely.|Give me a monochrome version.|Take the colours out."
    "|Make the photo grey, without any colour.|Change this into a black and white photo.",
    "warmer": "Give the photo a warmer tone.|Warm up the colours.|Shift the colours towards orange."
    "|Make it look warmer.|Add more red and take away blue."
    "|Make the picture's colours warm, as in evening light."
    "|Apply a warm colour filter.",
    "cooler": "Give the photo a cooler tone.|Cool down the colours.|Shift the colours towards blue."
    "|Make it look colder.|Add more blue and take away red."
    "|Make the picture's colours cold, as in winter light."
    "|Apply a cool colour filter.",
    "negative": "Invert all colours.|Make a negative of the picture.|Show it as a film negative."
    "|Replace each colour by its opposite.|Invert the photo.|Turn it into a negative image."
    "|Swap light and dark and every colour for its complement.",
    "darker": "Darken the photo a lot.|Make it much darker.|Lower the brightness by half."
    "|Turn down the light in the whole picture.|Make the image dark.|Underexpose the photo."
    "|The picture should be far darker.",
    "brighter": "Make the photo brighter.|Make it lighter.|Raise the brightness."
    "|Turn up the light in the picture."
    "|Increase the exposure.|Make the image brighter by half.|The picture should be much brighter.",
    "contrast": "Increase the contrast.|Make the contrast much stronger.|Give the picture more contrast."
    "|Make the light parts lighter and the dark parts darker.|Boost the contrast of the photo."
    "|Strengthen the contrast.|Make it more contrasty.",
    "vignette": "Add a vignette.|Make the corners dark.|Let the picture fade to black towards its corners."
    "|Darken the corners of the photo.|Shade the corners as an old camera would."
    "|Give it dark corners and leave the middle.|Put a dark vignette on it.",
    "mirror": "Mirror the photo.|Flip it horizontally.|Swap left and right."
    "|Mirror the image along its vertical axis.|Flip the picture from left to right."
    "|Show it as in a mirror.|Reverse the photo sideways.",
    "upside_down": "Flip it vertically.|Turn it upside down.|Swap top and bottom."
    "|Put the picture on its head."
    "|Flip the picture from top to bottom.|Stand the photo on its head.|Mirror the image top to bottom.",
    "zoom": "Zoom in on the centre.|Enlarge the middle of the picture.|Crop to the middle and enlarge it."
    "|Zoom into the middle.|Make the middle half fill the frame.|Go closer to the centre of the photo."
    "|Show only the centre, larger.",
    "rotate": "Rotate it to the left by 90 degrees.|Turn the picture a quarter turn to the left."
    "|Rotate the image counterclockwise by 90 degrees.|Turn it on its left side."
    "|Give it a quarter turn counterclockwise.|Rotate the photo 90 degrees left.",
    "blur": "Blur the picture.|Make it blurry.|Make everything out of focus."
    "|Apply a strong blur to the whole image."
    "|Soften the photo until nothing is sharp.|Defocus the whole photo.|Smooth it with a wide blur.",
    "border_blur": "Blur the edges and leave the middle sharp.|Keep the centre sharp and blur the rest."
    "|Blur everything but the middle.|Make only the border blurry."
    "|Soften the border of the photo, not its centre."
    "|Put the outer part out of focus.|Blur around the middle.",
    "pixelate": "Pixelate it.|Turn the picture into large pixels.|Make it look like a mosaic of big squares."
    "|Show the photo in coarse blocks.|Apply a pixel mosaic.|Make the pixels large and visible."
    "|Reduce it to big square pixels.",
    "posterise": "Posterise the photo.|Make it look like a poster with few tones."
    "|Reduce the number of colours strongly."
    "|Use only a few flat colours.|Turn the picture into flat tones.|Quantise the colours to very few levels."
    "|Give it a poster effect.",
    "frame": "Add a white frame.|Put a white border around it.|Frame the picture in white."
    "|Draw a white border along the edges.|Surround the photo by a white frame.|Give the photo a white edge."
    "|Add a white margin around the picture.",
    "square": "Add a red square in the upper left corner.|Draw a red square at the top left."
    "|Place a red box in the top left corner.|Put a red block into the corner at the upper left."
    "|Paint a red square in the left upper corner.|The upper left corner should hold a red square.",
    "half_grey": "Remove the colour from the left half.|Make only the left half grey."
    "|Turn the left half black and white.|Desaturate the left side and leave the right side as it is."
    "|Keep colour on the right and make the left side greyscale.|Take the colours out of the left half.",
    "strip": "Black out the bottom of the photo.|Cover the lowest fifth with a black bar."
    "|Put a black strip along the bottom.|Paint the bottom fifth black.|Hide the lower fifth behind black."
    "|Add a black bar at the bottom.|Make the bottom strip of the picture black.",
}
# Kept for the examination; never trained on.
_HELD_OUT: Mapping[str, str] = {
    "grey": "Drop the colours and keep only grey tones.|Turn the image black and white.",
    "warmer": "Make the picture's tone warmer.|Shift it towards warm colours.",
    "cooler": "Make the picture's tone cooler.|Shift it towards cold colours.",
    "negative": "Make it a colour negative.|Invert the colours of the photo.",
    "darker": "Make the whole picture much darker.|Halve the brightness.",
    "brighter": "Lighten up the picture.|Increase the brightness of the photo.",
    "contrast": "Make the picture's contrast higher.|Increase the photo's contrast strongly.",
    "vignette": "Add dark corners to the picture.|Apply a vignette to the photo.",
    "mirror": "Mirror it from left to right.|Flip the image sideways.",
    "upside_down": "Turn the image on its head.|Flip the photo vertically.",
    "zoom": "Zoom into the centre of the picture.|Enlarge the centre.",
    "rotate": "Turn the photo counterclockwise by a quarter turn.|Rotate the picture 90 degrees to the left.",
    "blur": "Make the whole photo blurry.|Put everything out of focus.",
    "border_blur": "Blur the outer part and keep the centre sharp.|Make everything blurry except the middle.",
    "pixelate": "Make a mosaic of large pixels.|Turn it into coarse blocks.",
    "posterise": "Reduce it to a few flat colours.|Posterise the picture.",
    "frame": "Put the photo into a white frame.|Draw a white frame along the edges.",
    "square": "Draw a red square into the upper left corner.|Add a red box at the top left.",
    "half_grey": "Make the left side black and white and leave the right side."
    "|Remove all colour on the left.",
    "strip": "Cover the bottom with a black bar.|Black out the lowest fifth of the picture.",
}
_AROUND = ("{}", "{}", "{}", "{}", "Please {}", "{} Keep the rest.", "{} Nothing else.", "Now {}")


def wordings(name: str, held_out: bool) -> list[str]:
    """Return the instructions that request an operation; those for training include the demo's own."""
    if held_out:
        return _HELD_OUT[name].split("|")
    return [BY_NAME[name].instruction, *_TRAINED[name].split("|")]


def instruction(name: str, rng: Random, held_out: bool = False) -> str:
    """Draw an instruction that requests an operation."""
    text = rng.choice(wordings(name, held_out))
    return _framed(text, "{}" if held_out else rng.choice(_AROUND))


def corpus() -> list[str]:
    """Return every instruction that may be trained on, for the tokenizer."""
    texts = [text for name in NAMES for text in wordings(name, held_out=False)]
    return [_framed(text, around) for text in texts for around in dict.fromkeys(_AROUND)]


def _framed(text: str, around: str) -> str:
    return around.format(text if around.startswith("{}") else text[0].lower() + text[1:])
