"""How pools of a run hand devices over, and those of other runs do not."""

import pytest
from jobs_by_hand import done, job, lines, pools, processes, start_owner, tasks, wait_for, work
from pools_by_hand import Background, refuses_a_job, sockets

from snakedit.runtime.devices.discover import Device
from snakedit.runtime.devices.leases import Holder
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.resident.handover import Waiting, stop_pools
from snakedit.runtime.resident.server import GRACE_SECONDS


@pytest.mark.slow
def test_each_model_takes_the_devices_over_once(run_owner, tmp_path):
    # Two editors and two judges, over three categories: four loads on each of two devices.
    for model in ("editor 1", "editor 2", "judge 1", "judge 2"):
        for category in range(3):
            done(work(model, loads=str(tmp_path / model)), tasks(2, f"{category}-"), job(label=model))
            wait_for(lambda model=model: len(lines(tmp_path / model)) == 2)
    for model in ("editor 1", "editor 2", "judge 1", "judge 2"):
        assert len(lines(tmp_path / model)) == 2, model
    assert len(pools()) == 1


def test_pools_are_stopped_when_a_run_is_done(run_owner):
    done(work(), tasks(2))
    assert stop_pools("1:2") == 0
    assert len(pools()) == 1
    assert stop_pools(run_owner[1]) == 1
    wait_for(lambda: processes() == [])
    assert stop_pools(run_owner[1]) == 0


def test_models_of_other_runs_are_not_asked_to_leave(run_owner, monkeypatch, messages, clock):
    done(work(), tasks(2))
    (path,) = sockets()
    other, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    waiting = Background(work("other model"), tasks(1), label="other")
    # It asks, if at all, as soon as it waits.
    wait_for(lambda: any(message.startswith("other waits for devices") for message in messages))
    for _ in range(2):
        clock.advance(GRACE_SECONDS)
        assert not refuses_a_job(path)
    stop_pools(run_owner[1])
    assert waiting.wait()["0"].error is None
    other.kill()
    other.wait()


def test_a_socket_that_another_user_names_is_never_connected_to(run_owner, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("snakedit.runtime.resident.handover.connect", lambda path: asked.append(path))
    device = Device("simulated", "0", 0)
    waiting = Waiting("mine", "my run", lambda line: None)
    waiting({device: Holder(1, "theirs", "my run", str(tmp_path / "a.sock"))})
    assert asked == []
    mine = private_folder() / "a.sock"
    waiting = Waiting("mine", "my run", lambda line: None)
    waiting({device: Holder(1, "mine", "my run", str(mine))})
    assert asked == [mine]
