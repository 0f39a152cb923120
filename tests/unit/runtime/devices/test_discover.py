"""Which devices there are: a fake NVML stands at the edge, since most hosts have no GPU."""

import subprocess
import sys
from pathlib import Path

import pytest
from fake_nvml import FakeGpu, FakeNvml
from places import SCRIPTS

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError
from snakedit.runtime.devices import discover as devices
from snakedit.runtime.devices.discover import (
    count_devices,
    device_kind,
    looked_at_again,
    resolve_devices,
    visible_gpus,
)

A, B, C = (f"GPU-{letter * 8}-0000-0000-0000-000000000000" for letter in "abc")
SLICE_1, SLICE_2 = "MIG-11111111-0000", "MIG-22222222-0000"


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    """Three GPUs, all visible."""
    nvml = FakeNvml([FakeGpu(A), FakeGpu(B), FakeGpu(C)])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return nvml


def ids_of(config: DevicesConfig) -> list[str]:
    return [device.id for device in resolve_devices(config)]


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, [A, B, C]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("0", [A]),
        ("2,0", [C, A]),
        (" 2 , 0 ", [C, A]),
        ("1,1", [B]),
        ("0,9,1", [A]),
        (B, [B]),
        (f"{C},{A}", [C, A]),
        ("GPU-bbbb", [B]),
        ("GPU-", []),
        ("gpu-bbbb", []),
    ],
)
def test_gpus_are_those_within_cuda_visible_devices_in_its_order(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch, visible: str | None, expected: list[str]
) -> None:
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.id for gpu in visible_gpus()] == expected
    assert not gpus.is_open


def test_a_gpu_keeps_its_number_on_the_host_whatever_is_visible(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    assert [device.name for device in visible_gpus()] == ["cuda:2"]


@pytest.mark.parametrize(
    ("ids", "count", "expected"),
    [
        (None, None, [A, B, C]),
        (None, 2, [A, B]),
        (None, 9, [A, B, C]),
        ((1,), None, [B]),
        (("1",), None, [B]),
        ((C, 0), None, [C, A]),
        (("GPU-cccc",), None, [C]),
        ((0, A), None, [A]),
        ((2, 1, 0), 2, [C, B]),
    ],
)
def test_ids_choose_gpus_by_index_and_by_uuid(
    gpus: FakeNvml, ids: tuple[int | str, ...] | None, count: int | None, expected: list[str]
) -> None:
    assert ids_of(DevicesConfig(kind="cuda", ids=ids, count=count)) == expected
    assert count_devices(DevicesConfig(kind="cuda", ids=ids, count=count)) == len(expected)


@pytest.mark.parametrize("wanted", [3, "GPU-dddd", "GPU-", "cuda:0"])
def test_a_gpu_that_is_not_there_is_named_with_those_that_are(gpus: FakeNvml, wanted: int | str) -> None:
    with pytest.raises(DeviceError, match=f"there is no cuda device '{wanted}'; allowed: 0, 1, 2, GPU-aaaa"):
        resolve_devices(DevicesConfig(kind="cuda", ids=(wanted,)))


def test_ids_reach_no_further_than_cuda_visible_devices(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,2")
    assert ids_of(DevicesConfig(kind="auto", ids=(2,))) == [C]
    with pytest.raises(DeviceError, match="there is no cuda device '0'"):
        resolve_devices(DevicesConfig(kind="auto", ids=(0,)))


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, [A, SLICE_1, SLICE_2, C]),
        ("1", [SLICE_1, SLICE_2]),
        (SLICE_2, [SLICE_2]),
        (f"{SLICE_2},{SLICE_1}", [SLICE_2, SLICE_1]),
        ("MIG-1111,2", [SLICE_1, C]),
        (B, [SLICE_1, SLICE_2]),
    ],
)
def test_a_gpu_split_by_mig_stands_for_its_slices(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch, visible: str | None, expected: list[str]
) -> None:
    gpus.gpus[1].slices = [SLICE_1, SLICE_2]
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.id for gpu in visible_gpus()] == expected


def test_every_device_of_a_host_with_mig_slices_has_a_name_of_its_own(gpus: FakeNvml) -> None:
    gpus.gpus[0].slices = [SLICE_1, SLICE_2]
    assert [gpu.name for gpu in visible_gpus()] == ["cuda:0", "cuda:1", "cuda:2", "cuda:3"]


def test_a_gpu_that_is_lost_or_not_this_users_is_left_out_and_cuda_numbers_the_others(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus.gpus[1].lost = True
    assert [(gpu.id, gpu.name) for gpu in visible_gpus()] == [(A, "cuda:0"), (C, "cuda:1")]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [gpu.id for gpu in visible_gpus()] == [C]


def test_an_empty_cuda_visible_devices_hides_a_slice_too(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus.gpus = [FakeGpu(A, slices=[SLICE_1])]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus() == []


def write_driver_file(folder: Path, address: str, uuid: str) -> None:
    (folder / address).mkdir()
    text = f"Model: \t\t NVIDIA\nIRQ:   \t\t 24\nGPU UUID: \t {uuid}\nDevice Minor: \t 0\n"
    (folder / address / "information").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("nvml", [None, FakeNvml([], broken=True)], ids=["not installed", "broken"])
def test_without_nvml_the_drivers_own_files_tell_the_gpus(
    nvml: FakeNvml | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(devices, "DRIVER_FOLDER", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_gpus() == []
    write_driver_file(tmp_path, "0000:81:00.0", "GPU-????????-????")
    write_driver_file(tmp_path, "0000:01:00.0", A)
    assert [gpu.id for gpu in visible_gpus()] == [A, "1"]


def test_kind_cuda_without_a_gpu_says_in_one_line_how_to_use_the_cpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(devices, "DRIVER_FOLDER", tmp_path)
    with pytest.raises(DeviceError) as error:
        resolve_devices(DevicesConfig(kind="cuda"))
    assert "no GPU is visible" in str(error.value)
    assert "run: {devices: {kind: cpu}}" in str(error.value)
    assert "\n" not in str(error.value)


def test_auto_is_a_gpu_where_one_is_visible_and_else_the_cpu(
    gpus: FakeNvml, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert device_kind(DevicesConfig(kind="auto")) == "cuda"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device_kind(DevicesConfig(kind="auto")) == "cpu"
    assert device_kind(DevicesConfig(kind="simulated")) == "simulated"


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 2), (64, 2), (None, 1)])
def test_a_cpu_has_two_slots_at_most_unless_count_says_more(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, expected: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert count_devices(DevicesConfig(kind="cpu")) == expected
    assert count_devices(DevicesConfig(kind="cpu", count=5)) == 5


def test_simulated_devices_are_as_many_as_are_asked_for() -> None:
    names = [device.name for device in resolve_devices(DevicesConfig(kind="simulated", count=6))]
    assert names == [f"simulated:{index}" for index in range(6)]
    assert ids_of(DevicesConfig(kind="simulated", ids=(5, "2"), count=6)) == ["5", "2"]


def test_a_slot_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceError, match=r"there is no simulated device '7'; allowed: 0, 1$"):
        resolve_devices(DevicesConfig(kind="simulated", ids=(7,), count=2))


def test_counting_devices_imports_no_torch() -> None:
    code = (
        "import sys; from snakedit.config.schema import DevicesConfig; "
        "from snakedit.runtime.devices.discover import count_devices; "
        "count_devices(DevicesConfig(kind='auto')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(SCRIPTS)}).returncode == 0


def test_a_devices_memory_is_what_nvml_says_of_it_or_of_its_slice(gpus: FakeNvml) -> None:
    gpus.gpus = [FakeGpu(A), FakeGpu(B, slices=[SLICE_1]), FakeGpu(C, total=None)]
    assert [device.memory for device in visible_gpus()] == [80 * 2**30, 10 * 2**30, None]


def test_a_declared_memory_stands_for_what_nvml_says(gpus: FakeNvml) -> None:
    devices = resolve_devices(DevicesConfig(kind="cuda", count=2, memory_gib=40.0))
    assert [device.memory for device in devices] == [40 * 2**30] * 2


@pytest.mark.parametrize(
    ("order", "visible", "expected"),
    [
        (None, "0", [B]),
        ("FASTEST_FIRST", "0,1", [B, A]),
        ("FASTEST_FIRST", "2", [C]),
        ("PCI_BUS_ID", "0", [A]),
        ("PCI_BUS_ID", "1,2", [B, C]),
        ("FASTEST_FIRST", A, [A]),
    ],
)
def test_numbers_count_gpus_as_cuda_does(
    gpus: FakeNvml,
    monkeypatch: pytest.MonkeyPatch,
    order: str | None,
    visible: str,
    expected: list[str],
) -> None:
    gpus.gpus[1].cores *= 2
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    if order is not None:
        monkeypatch.setenv("CUDA_DEVICE_ORDER", order)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.id for gpu in visible_gpus()] == expected


def test_the_memory_that_is_free_is_seen_again(gpus: FakeNvml) -> None:
    devices = visible_gpus()
    gpus.gpus[0].used = 79 * 2**30
    assert [device.free for device in looked_at_again(devices)] == [2**30, 80 * 2**30, 80 * 2**30]
    gpus.gpus[1].lost = True
    assert [device.free for device in looked_at_again(devices)] == [2**30, 0, 80 * 2**30]
