"""What hostile pictures cost: the memory of preparing files of kilobytes that declare millions of pixels."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.runtime.host.picture_process import PictureProcess
from tools.bench.measurement import Measurement

SIDE = 8000  # 64 million pixels, as many as a picture may have


def measure_pictures(pictures: Mapping[str, Callable[[], bytes]], folder: Path) -> Measurement:
    """Return the peak memory in MB (10⁶ bytes) of the process that prepares the worst picture."""
    peaks = {name: picture_peak_mb(make(), folder)[0] for name, make in pictures.items()}
    worst = max(peaks, key=lambda name: peaks[name])
    return Measurement("hostile_picture_mb", peaks[worst], f"peak memory, of {len(peaks)} pictures: {worst}")


def picture_peak_mb(data: bytes, folder: Path) -> tuple[float, str]:
    """Prepare one picture in processes of their own.

    Returns:
        The greater of the peaks of the job's process and of its decoder, in MB; and the error, or ``""``.
    """
    file = folder / "hostile"
    file.write_bytes(data)
    command = [sys.executable, "-m", __name__, str(file), str(folder / "hostile.png")]
    peak, _, error = subprocess.run(
        command, env=_environment(), capture_output=True, text=True, check=True
    ).stdout.partition(" ")
    return float(peak), error.strip()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _encoded(mode: str, kind: str = "PNG", **options: object) -> Callable[[], bytes]:
    def make() -> bytes:
        buffer = io.BytesIO()
        Image.new(mode, (SIDE, SIDE)).save(buffer, kind, **options)
        return buffer.getvalue()

    return make


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def _row() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (SIDE * SIDE, 1)).save(buffer, "PNG")
    return buffer.getvalue()


# Their decoders hold several copies, and are stopped.
REFUSED: Mapping[str, Callable[[], bytes]] = {
    "PNG, one row": _row,
    "JPEG, progressive": _encoded("RGB", "JPEG", progressive=True, subsampling=0),
    "WebP": _encoded("RGB", "WEBP", lossless=True, method=0, quality=0),
    "TIFF, one strip": _encoded("RGBA", "TIFF", compression="tiff_adobe_deflate", strip_size=1 << 30),
    "JPEG 2000": _encoded("RGB", "JPEG2000"),
}
# All are files of a megabyte or much less.
PICTURES: Mapping[str, Callable[[], bytes]] = {
    "PNG, colours": _encoded("RGB"),
    "PNG, transparent": _encoded("RGBA"),
    "PNG, grey and alpha": _encoded("LA"),
    "PNG, 16 bits": _encoded("I;16"),
    "PNG, palette": _encoded("P", transparency=0),
    "PNG, turned": _encoded("RGB", exif=_turned()),
    "PNG, transparent and turned": _encoded("RGBA", exif=_turned()),
    "JPEG": _encoded("RGB", "JPEG"),
    "JPEG, turned": _encoded("RGB", "JPEG", exif=_turned()),
    "GIF": _encoded("P", "GIF"),
    **REFUSED,
}


def _main(file: str, output: str) -> None:
    """Prepare one picture; print the peak and the error."""
    error = ""
    with PictureProcess() as process:
        try:
            process.write(Path(file).read_bytes(), "a picture", Path(output)).discard()
        except ImageError as caught:
            error = str(caught)
        print(max(_peak_kib(pid) for pid in ("self", *_children())) * 1024 / 1e6, error)


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8").split()


def _peak_kib(pid: str) -> int:
    # Not getrusage, whose peak of a child begins with the memory of the process that started it.
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    _main(*sys.argv[1:])
