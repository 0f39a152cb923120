"""What a job's processes and GPUs use."""

import os
import sys

import psutil
import pytest
from fake_nvml import FakeGpu, FakeNvml

from snakedit.telemetry import sampling
from snakedit.telemetry.sampling import Sampler
from snakedit.telemetry.trace import Member


@pytest.fixture
def often(monkeypatch):
    """Samples are taken at every turn instead of once a second."""
    monkeypatch.setattr(sampling, "SAMPLE_SECONDS", 0.0)


def test_samples_are_a_second_apart():
    sampler, driver = Sampler(), Member("driver", "", "", os.getpid())
    assert sampler.samples([driver])
    assert sampler.samples([driver]) == []
    sampler.close()


def test_a_process_on_two_devices_is_counted_once(often):
    sampler = Sampler()
    members = [Member(f"simulated:{n}", "simulated", str(n), os.getpid()) for n in range(2)]
    sampler.samples(members)
    told = [(sample.device, sample.name) for sample in sampler.samples(members)]
    assert sorted(told) == [("simulated:0", "cpu_percent"), ("simulated:0", "rss_mb")]
    sampler.close()


def test_a_process_that_has_gone_is_passed_over(often):
    sampler = Sampler()
    process = psutil.Popen(["sleep", "600"])
    members = [Member("driver", "", "", os.getpid()), Member("simulated:0", "simulated", "0", process.pid)]
    assert {sample.device for sample in sampler.samples(members)} == {"driver", "simulated:0"}
    process.kill()
    process.wait()
    assert {sample.device for sample in sampler.samples(members)} == {"driver"}
    sampler.close()


class SampledNvml(FakeNvml):
    """A fake NVML whose first GPU is half used, and whose second is a MIG slice without a utilisation."""

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        if uuid == "GPU-lost":
            raise self.NVMLError("GPU is lost")
        return uuid

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return type("Memory", (), {"used": 40_000_000_000})

    def nvmlDeviceGetUtilizationRates(self, handle):  # noqa: N802
        if handle.startswith("MIG-"):
            raise self.NVMLError("Not Supported")
        return type("Rates", (), {"gpu": 50})


@pytest.mark.parametrize(
    ("uuid", "expected"),
    [
        ("GPU-a", {"gpu_memory_mb": 40_000.0, "gpu_utilisation_percent": 50.0}),
        ("MIG-a", {"gpu_memory_mb": 40_000.0}),
        ("GPU-lost", {}),
    ],
)
def test_a_gpus_memory_and_utilisation_are_what_nvml_says(monkeypatch, often, uuid, expected):
    nvml = SampledNvml([FakeGpu("GPU-a")])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    sampler = Sampler()
    samples = sampler.samples([Member("cuda:0", "cuda", uuid, os.getpid())])
    assert {s.name: s.value for s in samples if s.name.startswith("gpu_")} == expected
    sampler.close()
    assert not nvml.is_open


@pytest.mark.parametrize("nvml", [None, FakeNvml([], broken=True)], ids=["not installed", "broken"])
def test_without_nvml_the_processes_are_sampled_still(monkeypatch, nvml):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    sampler = Sampler()
    assert [s.name for s in sampler.samples([Member("cuda:0", "cuda", "GPU-a", os.getpid())])] == ["rss_mb"]
    sampler.close()
