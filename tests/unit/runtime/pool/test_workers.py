"""A job with workers of its own, seen from outside: what it leases, what it says, and how it is stopped."""

import itertools
import logging
import os
import signal

import handlers
import pytest
from jobs_by_hand import (
    done,
    job,
    lines,
    meeting,
    processes,
    run_config,
    start_job,
    start_owner,
    tasks,
    wait_for,
    work,
    workers,
)

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import DeviceError, StageError
from snakedit.core.logs import LOGGER
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task


def test_no_more_devices_are_leased_than_were_granted(tmp_path):
    six = DevicesConfig(kind="simulated", count=6)
    todo = tasks(30, **meeting(tmp_path / "begun", 3))
    outcomes = done(work(), todo, job(device_limit=3), devices=six, resident=False)
    assert len({outcome.device for outcome in outcomes.values()}) == 3


def test_a_job_that_may_have_no_device_works_in_its_own_process():
    outcomes = done(work(), tasks(2), job(device_limit=0))
    assert {outcome.result["pid"] for outcome in outcomes.values()} == {os.getpid()}
    assert {outcome.device for outcome in outcomes.values()} == {"cpu"}


def test_the_first_error_of_a_kind_is_told_whole_and_the_others_are_counted(messages):
    bad = [Task(f"bad{n}", {"n": n, "do": "raise"}) for n in range(3)]
    done(work(), [*tasks(2), *bad], resident=False)
    assert sum("Traceback" in message for message in messages) == 1
    assert "ValueError: 3 times in all" in messages


def test_a_result_that_json_cannot_hold_is_its_items_failure():
    outcomes = done(work(), [Task("bad", {"n": 0, "do": "nan"}), *tasks(2)], resident=False)
    assert outcomes["bad"].error.startswith("ValueError: Out of range float values")
    assert outcomes["bad"].result is None
    assert outcomes["1"].error is None


def test_replaced_and_missing_workers_are_told_with_their_cause(messages, tmp_path):
    left_out = "simulated:1 could not load the model and is left out"

    def until_told():
        yield Task("x", {"n": 0, "do": "die once", "marker": str(tmp_path / "m")})
        # The other device could do all of a fixed number before this one has failed.
        for number in itertools.count():
            if any(left_out in message for message in messages):
                return
            yield Task(str(number), {"n": number})

    list(
        run_tasks(
            work(broken=["simulated:1"]), handlers.load, until_told(), run_config(resident=False), job()
        )
    )
    assert any("died (exit code -9); a new worker is started" in message for message in messages)
    assert any("Traceback" in message and "these weights are broken" in message for message in messages)


def test_a_worker_that_dies_idle_costs_no_item_a_try(tmp_path):

    def slowly():
        yield Task("first", {"n": 0})
        workers()[0].kill()
        wait_for(lambda: len(workers()) == 0)
        yield Task("second", {"n": 1})

    one = run_config(devices=DevicesConfig(kind="simulated", count=1), resident=False)
    outcomes = {o.key: o for o in run_tasks(work(), handlers.load, slowly(), one, job())}
    assert outcomes["second"].error is None
    assert outcomes["second"].attempts == 1


@pytest.mark.parametrize("resident", [False, True])
def test_devices_that_are_not_there_are_one_line(resident):
    missing = DevicesConfig(kind="simulated", ids=(9,), count=2)
    with pytest.raises((DeviceError, StageError), match="there is no simulated device '9'"):
        done(work(), tasks(1), devices=missing, resident=resident)


def test_a_job_waits_for_its_devices_and_says_who_has_them():
    first = start_job(work(), tasks(1, seconds=3600.0), resident=False)
    wait_for(lambda: len(workers()) == 2)
    second = start_job(work(), tasks(3), resident=False)
    line = second.stderr.readline()
    assert f"sim waits for devices: sim (pid {first.pid}) holds simulated:0, simulated:1" in line
    first.kill()
    assert len(second.communicate()[0].splitlines()) == 3
    first.communicate()


@pytest.mark.parametrize("resident", [False, True])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_job_that_is_told_to_stop_leaves_no_process(tmp_path, number, code, resident):
    todo = tasks(10, seconds=3600.0, marker=str(tmp_path / "begun"))
    process = start_job(work(), todo, resident=resident)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    process.send_signal(number)
    _, errors = process.communicate()
    # A resident pool that was this job's own is without an owner.
    wait_for(lambda: processes() == [])
    assert process.returncode == code
    assert "Traceback" not in errors


def test_a_job_that_waits_for_devices_can_be_stopped():
    first = start_job(work(), tasks(1, seconds=3600.0), resident=False)
    wait_for(lambda: len(workers()) == 2)
    second = start_job(work(), tasks(1), resident=False)
    assert "waits for devices" in second.stderr.readline()
    second.terminate()
    assert second.wait() == 143
    first.kill()
    for process in (first, second):
        process.communicate()


def test_the_workers_of_a_killed_job_go_with_it(tmp_path):
    todo = tasks(10, seconds=3600.0, marker=str(tmp_path / "begun"))
    process = start_job(work(), todo, resident=False)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    process.kill()
    process.communicate()
    wait_for(lambda: processes() == [])


@pytest.mark.parametrize("resident", [False, True])
def test_a_job_and_its_workers_end_with_a_run_that_is_killed(tmp_path, monkeypatch, resident):
    owner, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    todo = tasks(10, seconds=3600.0, marker=str(tmp_path / "begun"))
    process = start_job(work(), todo, resident=resident)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    owner.kill()
    owner.wait()
    _, errors = process.communicate()
    assert process.returncode == 2
    assert f"the run {name}" in errors
    assert "is over" in errors
    wait_for(lambda: processes() == [])
    late = start_job(work(), tasks(1), resident=resident)
    assert late.communicate()[0] == ""
    assert processes() == []


def test_progress_counts_the_items_that_a_task_stands_for(messages):
    # The lines of a short job stand in its log file only.
    LOGGER.setLevel(logging.DEBUG)
    batches = [Task("a", {"n": 0}, weight=4), Task("b", {"n": 1, "do": "raise"}, weight=3)]
    done(work(), batches, job(total=7), resident=False)
    assert any("sim/c: 7/7 done, 3 failed" in message for message in messages)
