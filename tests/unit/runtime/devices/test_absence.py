"""Why no GPU is used, on hosts of several kinds."""

import platform
import sys
from pathlib import Path

import pytest
from fake_nvml import FakeGpu, FakeNvml

from snakedit.runtime.devices import absence, discover
from snakedit.runtime.devices.absence import why_no_gpu


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A host without any GPU, whose PCI bus is the returned folder."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(discover, "DRIVER_FOLDER", tmp_path / "driver")
    for name in ("PCI_FOLDER", "KFD", "DXG"):
        monkeypatch.setattr(absence, name, tmp_path / name)
    return tmp_path / "PCI_FOLDER"


def plug_in(bus: Path, vendor: str, kind: str = "0x030200") -> None:
    folder = bus / f"0000:{vendor}"
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n", encoding="utf-8")
    (folder / "class").write_text(f"{kind}\n", encoding="utf-8")


def test_a_host_without_a_gpu(host: Path) -> None:
    # A network card.
    plug_in(host, "0x15b3", kind="0x020000")
    assert why_no_gpu() == "there is no GPU"


def test_an_amd_gpu(host: Path) -> None:
    plug_in(host, "0x1002", kind="0x120000")
    assert why_no_gpu() == "there is an AMD GPU, and only NVIDIA's are used"


def test_an_apple_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert why_no_gpu() == "there is an Apple GPU, and only NVIDIA's are used"


@pytest.mark.parametrize(
    ("nvml", "state"),
    [
        (None, "nvidia-ml-py is not installed"),
        (FakeNvml([], broken=True), "driver not loaded"),
        (FakeNvml([]), "it counts 0"),
        (FakeNvml([FakeGpu("GPU-a", lost=True)]), "it counts 1"),
    ],
)
def test_an_nvidia_gpu_that_nvml_does_not_see(
    host: Path, monkeypatch: pytest.MonkeyPatch, nvml: FakeNvml | None, state: str
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    plug_in(host, "0x10de")
    assert why_no_gpu() == f"there is an NVIDIA GPU that NVML does not see ({state})"


def test_gpus_that_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu("GPU-a"), FakeGpu("GPU-b")]))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert why_no_gpu() == "CUDA_VISIBLE_DEVICES='' hides all GPUs of this host (2)"
