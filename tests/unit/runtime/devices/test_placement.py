"""The table of devices: what is said and done on hosts of several kinds, simulated or by a fake NVML."""

import os
import re
import sys

import pytest
from fake_nvml import FakeGpu, FakeNvml
from jobs_by_hand import done, job, tasks, work

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError, StageError
from snakedit.runtime.devices import leases, placement
from snakedit.runtime.devices.leases import Holder
from snakedit.runtime.devices.placement import Placement
from snakedit.runtime.devices.replicas import GIB, Demand, MemoryNeed

EDITOR = Demand(8, need=MemoryNeed(54 * GIB, 38 * GIB))
JUDGE = Demand(8, spread=57 * GIB)
SLICES = FakeGpu("GPU-0", slices=["MIG-0", "MIG-1"])


def gpus(*sizes, used=()):
    """GPUs of these sizes in GiB, of which other processes hold `used`."""
    held = [*used, *[0] * len(sizes)]
    return [FakeGpu(f"GPU-{n}", total=size * GIB, used=held[n] * GIB) for n, size in enumerate(sizes)]


def demand(kind, limit):
    return Demand(limit, kind.spread, kind.need)


@pytest.fixture
def place(monkeypatch, tmp_path):
    """A function that places a model on a host; it returns the copies, what was said, and the placement."""
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "locks"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(leases, "SETTLE_SECONDS", 0.0)

    def run(host, model, kind="auto", **config):
        monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(host))
        said, holder = [], Holder(os.getpid(), "model", "run", None)
        leased = Placement(DevicesConfig(kind=kind, **config), model, holder, said.append)
        copies = leased.copies(lambda held: None)
        return [copy.name for copy in copies], said, leased

    return run


@pytest.mark.parametrize(
    ("host", "model", "expected", "line"),
    [
        # Busy.
        (gpus(*[80] * 8, used=(79, 80)), demand(EDITOR, 2), ["cuda:2", "cuda:3"], None),
        (gpus(*[80] * 8, used=(79, 80)), Demand(2), ["cuda:2", "cuda:3"], None),
        (gpus(80, 80, 80, used=(79, 50)), demand(EDITOR, 3), ["cuda:2"],
         "not used, since other processes hold their memory: cuda:0 .1.0 GiB free of 80 GiB., cuda:1"),
        # Unequal.
        (gpus(80, 24), demand(JUDGE, 2), ["cuda:0"], None),
        (gpus(80, 80, 24), demand(JUDGE, 3), ["cuda:0", "cuda:1"], None),
        (gpus(48, 80, 48), demand(JUDGE, 3), ["cuda:1", "cuda:0+2"], None),
        # MIG.
        ([SLICES, FakeGpu("GPU-9")], Demand(8, spread=4 * GIB), ["cuda:2", "cuda:0", "cuda:1"], None),
        # Lost.
        ([FakeGpu("GPU-x", lost=True), *gpus(80, 80)], demand(EDITOR, 2), ["cuda:0", "cuda:1"], None),
        # Nearly too small.
        (gpus(60), demand(EDITOR, 1), ["cuda:0"], "fewer pixels"),
    ],
)  # fmt: skip
def test_copies_are_where_they_fit(place, host, model, expected, line):
    copies, said, leased = place(host, model)
    leased.lease.release()
    assert copies == expected
    assert bool(said) == (line is not None)
    assert all(re.search(line, text) for text in said)


@pytest.mark.parametrize(
    ("host", "model", "config", "line"),
    [
        (gpus(80, used=(60,)), EDITOR, {}, r"cuda:0 \(20 GiB free of 80 GiB\): the model needs at least 56"),
        (gpus(24), EDITOR, {}, r"cuda:0 \(24 GiB\): the model needs at least 56 GiB, 54 GiB of it"),
        (gpus(24, 24), JUDGE, {}, "a copy of the model needs about 70 GiB, .* more than 2 devices have"),
        ([SLICES], Demand(8, spread=17 * GIB), {}, "more than a slice of a GPU has"),
        ([], EDITOR, {}, "run.devices.kind: auto: there is no GPU, and the model's 54 GiB of weights would"),
        ([], JUDGE, {}, r"there is no GPU, .*; to run on the CPU, set run: {devices: {kind: cpu}}"),
        ([], EDITOR, {"kind": "cuda"}, "no GPU is visible"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line_before_a_weight_is_read(monkeypatch, place, host, model, config, line):
    monkeypatch.setattr(placement, "why_no_gpu", lambda: "there is no GPU")
    with pytest.raises(DeviceError, match=line) as error:
        place(host, model, **config)
    assert "\n" not in str(error.value)


def test_a_full_size_model_runs_on_the_cpu_where_that_is_written(place):
    copies, _, leased = place([], EDITOR, kind="cpu", count=1)
    leased.lease.release()
    assert copies == ["cpu:0"]


def test_a_small_model_runs_on_the_cpu_without_a_word(place):
    copies, said, leased = place([], Demand(1), kind="auto", count=1)
    leased.lease.release()
    assert (copies, said) == (["cpu:0"], [])


def test_a_device_that_cannot_load_is_put_back_until_none_is_left(place):
    _, said, leased = place(gpus(80, 80, 80, 80), demand(EDITOR, 2))
    first, second = leased.lease.devices
    third = leased.exchange(first, is_free=True)
    assert leased.lease.devices == [second, third]
    fourth = leased.exchange(third, is_free=True)
    assert (third.name, fourth.name) == ("cuda:2", "cuda:3")
    # One that hangs in the driver is not given to anybody.
    assert leased.exchange(fourth, is_free=False) is None
    assert leased.lease.devices == [second, fourth]
    assert said[0] == "cuda:0 is put back, and cuda:2 is taken for it"
    leased.lease.release()


def test_a_device_that_is_lost_is_exchanged_though_the_configuration_names_it(place, monkeypatch):
    host = gpus(80, 80, 80)
    _, _, leased = place(host, demand(EDITOR, 1), ids=[0, 1, 2])
    (first,) = leased.lease.devices
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu("GPU-0", lost=True), *host[1:]]))
    assert leased.exchange(first, is_free=True).name == "cuda:1"
    leased.lease.release()


def test_a_lost_device_is_not_exchanged_for_the_cpu(place, monkeypatch):
    _, _, leased = place(gpus(80), demand(EDITOR, 1))
    (only,) = leased.lease.devices
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu("GPU-0", lost=True)]))
    assert leased.exchange(only, is_free=True) is None


def test_without_the_folder_of_locks_no_other_device_is_tried(place, monkeypatch, tmp_path):
    _, said, leased = place(gpus(80, 80), demand(EDITOR, 1))
    (tmp_path / "file").touch()
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "file"))
    assert leased.exchange(leased.lease.devices[0], is_free=True) is None
    assert "no other device is tried for cuda:0" in said[-1]


@pytest.mark.parametrize("resident", [False, True])
def test_the_next_device_is_taken_where_one_cannot_load(run_owner, resident):
    devices = DevicesConfig(kind="simulated", count=6)
    broken = work(broken=[f"simulated:{n}" for n in range(5)])
    outcomes = done(broken, tasks(4), job(device_limit=2), devices=devices, resident=resident)
    assert {outcome.device for outcome in outcomes.values()} == {"simulated:5"}


def test_where_no_device_can_load_all_were_tried(tmp_path):
    devices = DevicesConfig(kind="simulated", count=6)
    loads = tmp_path / "loads"
    broken = work(broken=[f"simulated:{n}" for n in range(6)], loads=str(loads))
    with pytest.raises(StageError, match="no device could load the model: RuntimeError: these weights"):
        done(broken, tasks(4), job(device_limit=2), devices=devices, resident=False)
    assert sorted(loads.read_text().split()) == [f"simulated:{n}" for n in range(6)]
