"""Models too large for one device: over which devices a copy is spread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs_by_hand import done, job, meeting, tasks, work

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError, StageError
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.devices.replicas import devices_per_copy, grouped

GIB = 2**30


def gpus(count, memory=80, prefix="GPU-"):
    size = None if memory is None else memory * GIB
    return [Device("cuda", f"{prefix}{n}", n, size) for n in range(count)]


@pytest.mark.parametrize(
    ("weights", "devices", "expected"),
    [
        (None, gpus(6), 1),
        (17, gpus(6), 1),
        (17, gpus(6, 24), 1),
        (64, gpus(6, 48), 2),
        (145, gpus(6), 3),
        (145, [*gpus(3), *gpus(3, 40)], 5),
        (145, gpus(6, None), 1),
        (145, [*gpus(1), *gpus(1, None)], 1),
        (5, gpus(2, 10, "MIG-"), 1),
    ],
)
def test_a_copy_takes_as_many_devices_as_its_weights_and_their_headroom_need(weights, devices, expected):
    assert devices_per_copy(weights and weights * GIB, devices, limit=6) == expected


@pytest.mark.parametrize(
    ("weights", "devices", "limit", "told"),
    [
        (145, gpus(6), 2, "2 devices have; .*GiB"),
        (700, gpus(6), 6, "6 devices have"),
        (17, gpus(7, 10, "MIG-"), 7, "a slice of a GPU has"),
    ],
)
def test_a_model_that_fits_nowhere_is_refused_in_one_line(weights, devices, limit, told):
    with pytest.raises(DeviceError, match="a copy of the model needs about") as error:
        devices_per_copy(weights * GIB, devices, limit)
    assert told.partition(";")[0] in str(error.value)
    assert "\n" not in str(error.value)


@given(count=st.integers(1, 16), size=st.integers(1, 16))
def test_every_device_has_a_place_and_no_place_too_few(count, size):
    size = min(size, count)
    places = grouped(gpus(count), size)
    parts = [place.parts or (place,) for place in places]
    assert [device for group in parts for device in group] == gpus(count)
    assert len(places) == count // size
    assert all(size <= len(group) < 2 * size for group in parts)


@pytest.mark.parametrize("resident", [True, False])
def test_a_large_model_has_a_worker_for_each_group_of_devices(run_owner, resident, tmp_path):
    large = work("large", weights=30 * GIB)
    devices = DevicesConfig(kind="simulated", count=5, memory_gib=20.0)
    todo = tasks(20, **meeting(tmp_path / "begun", 2))
    outcomes = done(large, todo, job(device_limit=5), devices=devices, resident=resident)
    assert {outcome.device for outcome in outcomes.values()} == {"simulated:0+1", "simulated:2+3+4"}


@pytest.mark.parametrize("resident", [True, False])
def test_a_model_that_is_too_large_for_the_job_ends_it_in_one_line(run_owner, resident):
    devices = DevicesConfig(kind="simulated", count=2, memory_gib=20.0)
    with pytest.raises((DeviceError, StageError), match="needs about 74 GiB"):
        done(work("larger", weights=60 * GIB), tasks(2), job(), devices=devices, resident=resident)
