"""The bench of a failing device."""

from tools.bench.failing_device import measure_failing_device


def test_no_item_is_lost_to_a_device_that_fails_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAKEDIT_LOCK_DIR", str(tmp_path / "locks"))
    ((name, value, explanation),) = measure_failing_device(tmp_path)
    assert (name, value) == ("drained_items", 0)
    assert "simulated" in explanation
