"""How many copies of a model fit, and on which devices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs_by_hand import done, job, meeting, tasks, work

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError, StageError
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.devices.replicas import CONTEXT_BYTES, GIB, HEADROOM, Demand, MemoryNeed

# The weights of a model that takes 71 GiB with what it needs beside them.
LARGE = (71 * GIB - CONTEXT_BYTES) / HEADROOM


def gpus(*sizes, prefix="GPU-", free=None):
    """GPUs of these sizes in GiB, None where it is not known."""
    rooms = free or [None] * len(sizes)
    return [
        Device("cuda", f"{prefix}{n}", n, size and size * GIB, free=None if room is None else room * GIB)
        for n, (size, room) in enumerate(zip(sizes, rooms, strict=True))
    ]


def names(copies):
    return [copy.name.removeprefix("cuda:") for copy in copies]


@pytest.mark.parametrize(
    ("weights", "devices", "limit", "expected"),
    [
        (LARGE, gpus(80, 24), 2, ["0"]),
        (LARGE, gpus(24, 80), 2, ["1"]),
        (LARGE, gpus(80, 80, 24), 3, ["0", "1"]),
        (LARGE, gpus(80, 80, 24), 1, ["0"]),
        (LARGE, gpus(24, 80, 48, 48), 4, ["1", "2+3"]),
        (LARGE, gpus(48, 48, 24, 24), 4, ["0+1"]),
        (55 * GIB, gpus(48, 48, 24, 24), 4, ["0+2", "1+3"]),
        (55 * GIB, gpus(24, 24, 24, 80), 3, ["3"]),
        (17 * GIB, gpus(*[80] * 6), 6, list("012345")),
        (17 * GIB, gpus(*[24] * 6), 4, list("0123")),
        (145 * GIB, gpus(*[80] * 6), 6, ["0+1+2", "3+4+5"]),
        (145 * GIB, gpus(40, 80, 80, 80, 40, 40), 6, ["0+1+2"]),
        (145 * GIB, gpus(None, None), 2, ["0", "1"]),
        (5 * GIB, gpus(10, 10, prefix="MIG-"), 2, ["0", "1"]),
        (LARGE, gpus(80, 80, free=[20, 79]), 2, ["1"]),
        (LARGE, gpus(80, 80, free=[40, 50]), 2, ["0+1"]),
    ],
)
def test_copies_are_packed_on_the_fewest_devices_with_most_room_first(weights, devices, limit, expected):
    assert names(Demand(limit, spread=int(weights)).copies(devices)) == expected


def test_a_model_of_unknown_size_takes_the_devices_with_most_memory_free():
    assert names(Demand(3).copies(gpus(80, 80, 80, 80, free=[1, 79, 40, 79]))) == ["1", "3", "2"]


@given(
    sizes=st.lists(st.integers(4, 140), min_size=1, max_size=10),
    weights=st.integers(1, 300),
    limit=st.integers(1, 10),
)
def test_no_device_is_in_two_copies_and_each_copy_fits(sizes, weights, limit):
    devices = gpus(*sizes)
    copies = Demand(limit, spread=weights * GIB).copies(devices)
    parts = [copy.parts or (copy,) for copy in copies]
    used = [device for group in parts for device in group]
    assert len(used) == len(set(used)) <= limit
    for group in parts:
        assert sum(device.memory - CONTEXT_BYTES for device in group) >= int(weights * GIB * HEADROOM)
        smaller = sum(group_part.memory - CONTEXT_BYTES for group_part in sorted_by_memory(group)[1:])
        assert smaller < int(weights * GIB * HEADROOM)


def sorted_by_memory(devices):
    return sorted(devices, key=lambda device: device.memory)


@pytest.mark.parametrize(
    ("weights", "devices", "limit", "expected"),
    [
        (145, gpus(*[80] * 6), 2, "more than 2 devices have"),
        (700, gpus(*[80] * 6), 6, "more than 6 devices have"),
        (17, gpus(*[10] * 7, prefix="MIG-"), 7, "more than a slice of a GPU has"),
        (40, gpus(40), 1, "quantised to 8 bits (20 GiB)"),
    ],
)
def test_a_model_that_fits_nowhere_is_refused_in_one_line(weights, devices, limit, expected):
    with pytest.raises(DeviceError, match="a copy of the model needs about") as error:
        Demand(limit, spread=weights * GIB).check(devices)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("offload", "device", "expected"),
    [
        ("none", gpus(80, free=[60]), None),
        ("none", gpus(48), ["at least 56 GiB, 54 GiB of it for weights", "`offload: model` (its"]),
        ("none", gpus(80, free=[41]), ["(41 GiB free of 80 GiB)", "offload: model` (its", "8 bits (27 GiB)"]),
        ("none", gpus(24), ["do: `offload: sequential` (slow), or weights quantised to 4 bits"]),
        ("model", gpus(48), None),
        ("model", gpus(24), ["needs at least 40 GiB", "with `offload: model`", "`offload: sequential`"]),
        ("sequential", gpus(8), None),
    ],
)  # fmt: skip
def test_a_model_that_is_too_large_is_told_what_would_do(offload, device, expected):
    demand = Demand(1, need=MemoryNeed(54 * GIB, 38 * GIB, offload))
    if expected is None:
        demand.check(device)
        return
    with pytest.raises(DeviceError) as error:
        demand.check(device)
    assert all(words in str(error.value) for words in expected), error.value
    assert ("offload: model` (its" in str(error.value)) == ("offload: model` (its" in "".join(expected))


def test_a_model_that_may_not_fit_beside_its_pixels_is_told_of_fewer_pixels():
    demand = Demand(1, need=MemoryNeed(54 * GIB, 38 * GIB))
    assert "fewer pixels (`height`, `width`), `vae_tiling: true`, `offload: model`" in demand.advice(gpus(60))
    assert demand.advice(gpus(80)) is None


@pytest.mark.parametrize("resident", [True, False])
def test_a_large_model_has_a_worker_for_each_copy(run_owner, resident, tmp_path):
    large = work("large", weights=30 * GIB)
    devices = DevicesConfig(kind="simulated", count=5, memory_gib=22.0)
    todo = tasks(20, **meeting(tmp_path / "begun", 2))
    outcomes = done(large, todo, job(device_limit=5), devices=devices, resident=resident)
    assert {outcome.device for outcome in outcomes.values()} == {"simulated:0+1", "simulated:2+3"}


@pytest.mark.parametrize("resident", [True, False])
def test_a_model_that_is_too_large_for_the_job_ends_it_in_one_line(run_owner, resident):
    devices = DevicesConfig(kind="simulated", count=2, memory_gib=20.0)
    with pytest.raises((DeviceError, StageError), match="needs about 74 GiB"):
        done(work("larger", weights=60 * GIB), tasks(2), job(), devices=devices, resident=resident)
