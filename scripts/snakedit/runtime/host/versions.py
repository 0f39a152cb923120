"""Library versions and the processor behind a result, for its record."""

import platform
import sys
from functools import cache
from pathlib import Path

LIBRARIES = ("torch", "diffusers", "transformers", "pillow")


@cache
def library_versions(device: str) -> dict[str, str]:
    """Return name → version of this Python and the libraries that touch pixels, and the processor's name."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            versions[library] = "none"
    return {**versions, "processor": _processor(device)}


def _processor(device: str) -> str:
    if device.startswith("simulated"):
        return "simulated"
    if device == "endpoint":
        # The server's hardware is unknown here.
        return "endpoint"
    torch = sys.modules.get("torch")
    if device.startswith("cuda") and torch is not None:
        # A spread model has several devices; torch accepts one.
        return str(torch.cuda.get_device_name(device.partition(",")[0]))
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
