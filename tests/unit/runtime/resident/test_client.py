"""Resident pools as a job finds, starts, asks and replaces them."""

import contextlib
import os

import psutil
import pytest
from handlers import write_line
from jobs_by_hand import (
    SERVE,
    done,
    job,
    lines,
    pools,
    processes,
    start_owner,
    tasks,
    wait_for,
    work,
)
from pools_by_hand import Background, ask_the_pool_to_leave, refuses_a_job, sockets

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError, StageError
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.resident import client as resident
from snakedit.runtime.resident import wire as line_module
from snakedit.runtime.resident.client import stop_pools
from snakedit.runtime.resident.server import GRACE_SECONDS
from snakedit.runtime.resident.wire import connect


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


def test_a_job_that_meets_a_leaving_pool_is_done_by_the_next_one(run_owner, tmp_path, clock):
    loads = str(tmp_path / "loads")
    todo = tasks(6, "a", marker=str(tmp_path / "begun"), until=str(tmp_path / "go on"))
    first = Background(work(loads=loads), todo)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    ask_the_pool_to_leave()
    (old,) = pools()
    assert not refuses_a_job()
    clock.advance(GRACE_SECONDS)
    assert refuses_a_job()
    second = Background(work(loads=loads), tasks(3, "b"))
    write_line(tmp_path / "go on", "")
    assert all(outcome.error is None for outcome in second.wait().values())
    assert first.ended < second.ended
    assert all(outcome.error is None for outcome in first.wait().values())
    wait_for(lambda: len(lines(tmp_path / "loads")) == 4)
    wait_for(lambda: old not in pools())


def test_pools_are_stopped_when_a_run_is_done(run_owner):
    done(work(), tasks(2))
    assert stop_pools("1:2") == 0
    assert len(pools()) == 1
    assert stop_pools(run_owner[1]) == 1
    wait_for(lambda: processes() == [])
    assert stop_pools(run_owner[1]) == 0


def test_a_pool_that_is_killed_is_replaced_and_no_item_is_lost(run_owner, tmp_path, messages):
    job_in_flight = Background(work(), tasks(20, seconds=0.1, marker=str(tmp_path / "begun")))
    wait_for(lambda: len(lines(tmp_path / "begun")) >= 4)
    (pool,) = pools()
    pool.kill()
    outcomes = job_in_flight.wait()
    assert {outcome.error for outcome in outcomes.values()} == {None}
    # Once each, but for the two in the workers' hands.
    assert len(lines(tmp_path / "begun")) <= 22
    assert any("the pool of sim is replaced" in message for message in messages)


def test_a_pool_that_falls_silent_is_replaced(run_owner, tmp_path, messages, clock):
    job_in_flight = Background(work(), tasks(8, seconds=0.1, marker=str(tmp_path / "begun")))
    wait_for(lambda: lines(tmp_path / "begun"))
    (pool,) = pools()
    pool.suspend()

    def is_replaced():
        clock.advance(resident.SILENT_SECONDS + 1)
        return any(f"it was silent for {resident.SILENT_SECONDS:g} s" in message for message in messages)

    wait_for(is_replaced)
    outcomes = job_in_flight.wait()
    assert {outcome.error for outcome in outcomes.values()} == {None}
    with contextlib.suppress(psutil.NoSuchProcess):
        pool.wait(5)
    assert pool not in pools()


def test_a_pool_that_breaks_again_and_again_fails_the_job_with_its_last_words(run_owner, tmp_path):
    todo = tasks(2, do="break the pool")
    with pytest.raises(StageError, match=r"broke 3 times .*: the pool has a fault"):
        done(work(), todo)


def test_a_pool_that_cannot_start_fails_the_job_with_its_last_words(run_owner):
    command = [SERVE[0], "-c", "import sys; sys.exit('no room at the inn')"]
    with pytest.raises(StageError, match="the pool of sim did not start: no room at the inn"):
        done(work(), tasks(2), job(resident_command=command))


def test_a_worker_that_is_replaced_is_told_in_the_jobs_log(run_owner, tmp_path, messages):
    todo = [Task("x", {"n": 0, "do": "die once", "marker": str(tmp_path / "m")}), *tasks(3)]
    assert done(work(), todo)["x"].attempts == 2
    assert any("died (exit code -9); a new worker is started" in message for message in messages)


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


def test_a_run_of_one_device_kind_does_not_use_the_pool_of_another(run_owner):
    done(work(), tasks(2))
    done(work(), tasks(2), devices=DevicesConfig(kind="cpu", count=1))
    assert len(pools()) == 2


def test_only_its_user_may_talk_to_a_pool(run_owner, monkeypatch):
    done(work(), tasks(2))
    (path,) = sockets()
    assert private_folder().stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(path)) <= line_module.MAX_PATH_BYTES
    monkeypatch.setattr(line_module, "peer_uid", lambda connection: os.getuid() + 1)
    with pytest.raises(DeviceError, match="belongs to another user"):
        connect(path)
