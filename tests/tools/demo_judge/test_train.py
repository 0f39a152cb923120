import csv

import pytest

from snakedit.core.errors import CheckpointError

torch = pytest.importorskip("torch")


@pytest.fixture
def small(monkeypatch):
    from tools.demo_judge import train as module

    monkeypatch.setattr(module, "VALIDATION_EXAMPLES", 32)
    monkeypatch.setattr(module, "compile_layers", lambda network: False)
    return module


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_file_that_is_not_a_state_is_named(small, tmp_path):
    (tmp_path / "state.pt").write_bytes(b"no state")
    with pytest.raises(CheckpointError, match=r"state\.pt: is not a state of this training"):
        small.train(tmp_path, [], small.Schedule(steps=1, batch=2))


def test_a_resumed_training_ends_like_an_uninterrupted_one(small, tmp_path):
    schedule = small.Schedule(steps=2, batch=2, every=1)
    whole = weights(small.train(tmp_path / "whole", [], schedule))
    stopped = small.Schedule(steps=2, batch=2, every=1, stop=1)
    small.train(tmp_path / "parts", [], stopped)
    parts = weights(small.train(tmp_path / "parts", [], schedule))
    assert whole.keys() == parts.keys()
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, msg=name)
    lines = list(csv.DictReader((tmp_path / "parts" / "log.csv").open(encoding="utf-8")))
    assert [line["step"] for line in lines] == ["1", "2"]
    assert {"tokens", "r_success", "seconds"} <= set(lines[0])
