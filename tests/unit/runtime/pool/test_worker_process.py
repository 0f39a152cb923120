"""What a worker process sees of its host: its own device and no other."""

import os
import sys

from fake_nvml import FakeGpu, FakeNvml
from jobs_by_hand import done, meeting, tasks, work

from snakedit.config.schema import DevicesConfig


def test_a_cpu_worker_has_one_thread():
    result = done(work(), tasks(1), devices=DevicesConfig(kind="cpu", count=1), resident=False)["0"].result
    assert (result["device"], result["threads"]) == ("cpu", "1")


def test_a_gpu_worker_sees_its_own_gpu_and_no_other(monkeypatch, tmp_path):
    nvml = FakeNvml([FakeGpu("GPU-a"), FakeGpu("GPU-b"), FakeGpu("GPU-c")])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,2")
    todo = tasks(20, **meeting(tmp_path / "begun", 2))
    outcomes = done(work(), todo, devices=DevicesConfig(kind="auto"), resident=False)
    seen = {(o.device, o.result["device"], o.result["visible"]) for o in outcomes.values()}
    assert seen == {("cuda:1", "cuda:0", "GPU-b"), ("cuda:2", "cuda:0", "GPU-c")}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1,2"


def test_a_worker_of_a_large_model_sees_all_devices_of_its_place(monkeypatch):
    small = 20 * 2**30
    monkeypatch.setitem(
        sys.modules, "pynvml", FakeNvml([FakeGpu("GPU-a", total=small), FakeGpu("GPU-b", total=small)])
    )
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    large = work("large", weights=small)
    outcome = done(large, tasks(1), devices=DevicesConfig(kind="auto"), resident=False)["0"]
    assert (outcome.device, outcome.result["device"]) == ("cuda:0+1", "cuda:0,cuda:1")
    assert outcome.result["visible"] == "GPU-a,GPU-b"
