"""Why no GPU is used, in words: for `auto`, which then takes the CPU."""

import os
import platform
from pathlib import Path

from snakedit.runtime.devices import discover

# One folder for each device on the PCI bus, with its vendor and its class.
PCI_FOLDER = Path("/sys/bus/pci/devices")
AMD, NVIDIA = "0x1002", "0x10de"
# The compute interface of AMD's driver, and the GPU of a Windows host in WSL.
KFD, DXG = Path("/dev/kfd"), Path("/dev/dxg")


def why_no_gpu() -> str:
    """Return why no GPU is used, as the beginning of a sentence, without looking by torch."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden := discover.gpus_of_host():
        return f"CUDA_VISIBLE_DEVICES='{visible}' hides all GPUs of this host ({hidden})"
    vendors = _vendors()
    if NVIDIA in vendors or DXG.exists():
        return f"there is an NVIDIA GPU that NVML does not see ({_nvml_state()})"
    if AMD in vendors or KFD.exists():
        return "there is an AMD GPU, and only NVIDIA's are used"
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "there is an Apple GPU, and only NVIDIA's are used"
    return "there is no GPU"


def _vendors() -> set[str]:
    """The vendors of the graphics and compute devices on the PCI bus."""
    vendors = set()
    for folder in PCI_FOLDER.glob("*"):
        try:
            if (folder / "class").read_text(encoding="utf-8").startswith(("0x03", "0x12")):
                vendors.add((folder / "vendor").read_text(encoding="utf-8").strip())
        except OSError:
            # A device that was just taken off the bus.
            continue
    return vendors


def _nvml_state() -> str:
    """What NVML says of itself: the error that it raises, or how many GPUs it counts."""
    try:
        import pynvml
    except ImportError:
        return "nvidia-ml-py is not installed"
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return " ".join(str(error).split())
    try:
        return f"it counts {pynvml.nvmlDeviceGetCount()}"
    finally:
        pynvml.nvmlShutdown()
