"""Reading strangers' images safely, and writing PNGs that are whole, verified and explain themselves."""

import errno
import io
import os
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import AvifImagePlugin, Image, ImageChops, ImageStat, PngImagePlugin, UnidentifiedImageError

from snakedit.core.errors import ImageError, unread_picture
from snakedit.core.hashing import file_sha256
from snakedit.core.logs import LOGGER
from snakedit.core.pixels import Decoded, as_rgb
from snakedit.core.png_chunks import without_large_metadata

UNUSED = "unused"
MAX_PIXELS = 64_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "HEIF")
# Pillow scales PNG's greys of few bits to 8, but not the grey that is transparent.
_GREY_STEPS = {"L;2": 85, "L;4": 17}
# The decoders of these start threads, whose stacks count as memory of the process.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
_TIFF_MAGIC = (b"II*\0", b"MM\0*")
# What decoders say where there is no memory; some of them say the same of damage.
_PERHAPS_MEMORY = (
    "broken data stream when reading image file",
    "could not create decoder object",
    "decoder error -9",
    "out of memory when reading image file",
)
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def decode_image(data: bytes, where: str) -> Image.Image:
    """Return a stranger's image as RGB, turned upright as its EXIF says.

    Transparent pixels are laid on white. Samples of more than 8 bits are scaled by the file's type; see
    `snakedit.core.pixels.sample_scale`. Of metadata only the orientation and the colour profile are read.

    Raises:
        ImageError: if it is not one of `FORMATS`, is cut short, or has over `MAX_PIXELS` pixels; its
            size is read from the header, before any pixel is decoded.
    """
    try:
        with warnings.catch_warnings():
            # What Pillow only warns of is checked below, or makes no difference to the pixels.
            warnings.simplefilter("ignore")
            image = as_rgb(_decoded(without_large_metadata(data)))
    except ImageError as error:
        raise ImageError(error.what, where=where, allowed=error.allowed, hint=error.hint) from None
    except Image.DecompressionBombError:
        raise ImageError(
            "an image of too many pixels", where=where, allowed=f"{MAX_PIXELS:,} pixels"
        ) from None
    except UnidentifiedImageError:
        if data[:4] in _TIFF_MAGIC:
            raise ImageError(
                "a TIFF of a kind that is not read, such as one of float colours, or a damaged one",
                where=where,
                hint="save it with 8 or 16 bits a channel",
            ) from None
        raise ImageError("not an image", where=where, allowed=", ".join(FORMATS)) from None
    except MemoryError:
        raise ImageError(
            "an image that takes too much memory to decode",
            where=where,
            hint="save it with fewer pixels, or as a PNG or JPEG",
        ) from None
    except Exception as error:  # damaged files make Pillow raise whatever its parsers raise
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            raise
        hint = "it is damaged, or takes too much memory" if str(error) in _PERHAPS_MEMORY else ""
        raise ImageError(f"an image that cannot be decoded ({error})", where=where, hint=hint) from None
    if len(image.info.get("icc_profile") or b"") > PngImagePlugin.MAX_TEXT_CHUNK:
        # A PNG with such a profile could not be read again.
        del image.info["icc_profile"]
    return image


def _decoded(data: bytes) -> Decoded:
    formats = [*FORMATS]
    if data[4:8] == b"ftyp":
        _register_heif()
    else:
        formats.remove("HEIF")
    image = Image.open(io.BytesIO(data), formats=formats)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"an image of {width} × {height} pixels", allowed=f"{MAX_PIXELS:,} pixels")
    rawmode = image.tile[0].args if image.format == "PNG" and image.tile else None
    image.load()
    transparent = image.info.get("transparency")
    if rawmode in _GREY_STEPS and isinstance(transparent, int):
        image.info["transparency"] = transparent * _GREY_STEPS[rawmode]
    if rawmode == "RGB;16B" and transparent is not None:
        # Pillow keeps the upper bytes alone, but a transparent colour is one of 16 bits.
        low_bytes = Image.open(io.BytesIO(data), formats=["PNG"])
        low_bytes.tile = [tile._replace(args="RGB;16L") for tile in low_bytes.tile]
        low_bytes.load()
        return Decoded(image, low_bytes)
    return Decoded(image)


def _register_heif() -> None:
    # Imported for its own files alone, since few benchmarks have any.
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener()


def open_image(path: str | Path) -> Image.Image:
    """Return an image file as RGB; see `decode_image` for the limits and the errors.

    Raises:
        UnopenedError: if there is no such file, or it cannot be opened now.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise unread_picture(str(path), error) from None
    return decode_image(data, str(path))


def save_png(image: Image.Image, path: str | Path, text: Mapping[str, str] | None = None) -> str:
    """Write an RGB PNG under a temporary name, flush it to disk, rename it; return its sha256.

    Args:
        image: what to write; converted to RGB.
        path: its final name. The folder is made.
        text: keyword → text, kept in the file's own text chunks.
    """
    written = write_png(image, path, text)
    written.keep()
    return written.sha256


@dataclass(frozen=True)
class WrittenPng:
    """A PNG under its temporary name: nothing is there under its own one before `keep`."""

    path: Path
    temporary: Path
    sha256: str

    def discard(self) -> None:
        """Remove it."""
        self.temporary.unlink(missing_ok=True)

    def keep(self) -> None:
        """Flush it to disk and rename it. Waits for the disk, so many are kept from as many threads."""
        try:
            with open(self.temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(self.temporary, self.path)
        except BaseException:
            self.discard()
            raise


def write_png(image: Image.Image, path: str | Path, text: Mapping[str, str] | None = None) -> WrittenPng:
    """Write an RGB PNG under a temporary name and leave it there; else as `save_png`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    chunks = PngImagePlugin.PngInfo()
    # In one order, whichever way the text came here: the same edit is the same file.
    for keyword, value in sorted((text or {}).items()):
        chunks.add_itxt(keyword, value)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            _as_rgb_mode(image).save(file, format="PNG", pnginfo=chunks, compress_level=4)
        os.chmod(temporary, 0o644)
        return WrittenPng(path, Path(temporary), file_sha256(temporary))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def encode_within(image: Image.Image, max_side: int, max_bytes: int, kind: str = "PNG") -> bytes:
    """Return an RGB image as a file that keeps within bounds, shrunk as far as they demand.

    Args:
        max_side: of the longer side, in pixels.
        max_bytes: of the file. No image is too large for it, since it is shrunk again until it fits.
        kind: ``PNG``, or ``JPEG`` at quality 95 with full colour.
    """
    image = _as_rgb_mode(image)
    scale = min(1.0, max_side / max(image.size))
    while True:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        shrunk = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"compress_level": 6}
        shrunk.save(buffer, kind, **options)
        data = buffer.getvalue()
        if len(data) <= max_bytes or max(size) == 1:
            return data
        scale *= max(0.5, min(0.9, (max_bytes / len(data)) ** 0.5))


def _as_rgb_mode(image: Image.Image) -> Image.Image:
    # Pillow copies what it converts, even if nothing is to be converted.
    return image if image.mode == "RGB" else image.convert("RGB")


def png_text(path: str | Path) -> dict[str, str]:
    """Return the text chunks of a PNG that opens and verifies, else raise `ImageError`."""
    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.verify()
        # verify() checks the chunks' sums; only decoding shows that no pixel is missing.
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
            text = {str(key): str(value) for key, value in getattr(image, "text", {}).items()}
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"not a whole PNG ({error})", where=str(path)) from None
    return text


def change_between(source: Image.Image, edit: Image.Image) -> float:
    """Return the mean absolute pixel difference, 0–1, after resizing the source to the edit's size."""
    resized = source if source.size == edit.size else source.resize(edit.size, Image.Resampling.LANCZOS)
    totals = ImageStat.Stat(ImageChops.difference(resized, edit)).sum
    return sum(totals) / (len(totals) * edit.width * edit.height) / 255.0


def remove_strangers(folder: Path, names: set[str]) -> list[str]:
    """Keep the PNGs of an image folder that no record names in ``unused`` beside it, and tell how many.

    An item beyond a lower limit, or of a row that was taken out, has them back with `bring_back`. Of other
    files only what killed jobs have left unfinished is deleted.

    Returns:
        The names of what is no longer in the folder, sorted.
    """
    if not folder.is_dir():
        return []
    left = {path.name for path in folder.glob(".*.tmp") if path.is_file()}
    for name in left:
        (folder / name).unlink(missing_ok=True)
    moved = {path.name for path in folder.glob("*.png") if path.is_file() and path.name not in names}
    unused = folder.with_name(UNUSED)
    if moved:
        unused.mkdir(exist_ok=True)
        LOGGER.info("%s: %d images that no item has now are kept in %s", folder, len(moved), unused)
    for name in moved:
        (folder / name).replace(unused / name)
    return sorted(left | moved)


def bring_back(path: Path) -> None:
    """Take an image that `remove_strangers` has put aside into its folder again, if it is missing there."""
    aside = path.parent.with_name(UNUSED) / path.name
    if not path.exists() and aside.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(path)
