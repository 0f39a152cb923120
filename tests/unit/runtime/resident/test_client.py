"""Resident pools as a job finds, starts, asks and replaces them."""

import contextlib

import psutil
import pytest
from handlers import write_line
from jobs_by_hand import (
    SERVE,
    done,
    job,
    lines,
    pools,
    tasks,
    wait_for,
    work,
)
from pools_by_hand import Background, ask_the_pool_to_leave, refuses_a_job

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import StageError
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.resident.client import SILENT_SECONDS
from snakedit.runtime.resident.server import GRACE_SECONDS


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
        clock.advance(SILENT_SECONDS + 1)
        return any(f"it was silent for {SILENT_SECONDS:g} s" in message for message in messages)

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


def test_a_run_of_one_device_kind_does_not_use_the_pool_of_another(run_owner):
    done(work(), tasks(2))
    done(work(), tasks(2), devices=DevicesConfig(kind="cpu", count=1))
    assert len(pools()) == 2
