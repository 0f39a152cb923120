"""A resident pool: one load a run, shared by its jobs, given over to the next model, outliving nothing."""

import os
import signal
import socket

import pytest
from handlers import write_line
from jobs_by_hand import (
    done,
    job,
    lines,
    meeting,
    pools,
    processes,
    start_job,
    tasks,
    wait_for,
    work,
    workers,
)
from pools_by_hand import Background, ask_the_pool_to_leave, refuses_a_job, sockets

from snakedit.core.errors import StageError
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.resident.server import GRACE_SECONDS


def test_jobs_of_one_model_load_it_once_on_each_device(run_owner, tmp_path):
    model = work(loads=str(tmp_path / "loads"))
    pids = set()
    for category in range(4):
        todo = tasks(6, f"c{category}-", **meeting(tmp_path / f"begun {category}", 2))
        pids |= {outcome.result["pid"] for outcome in done(model, todo).values()}
    assert sorted(lines(tmp_path / "loads")) == ["simulated:0", "simulated:1"]
    assert len(pids) == 2
    assert len(pools()) == 1


def test_a_pool_that_makes_room_finishes_the_jobs_it_has_accepted(run_owner, tmp_path, messages):
    first = Background(work("editor"), tasks(12, seconds=0.1, marker=str(tmp_path / "done")))
    wait_for(lambda: lines(tmp_path / "done"))
    second = done(work("judge"), tasks(4), job(label="judge"))
    outcomes = first.wait()
    assert all(outcome.error is None for outcome in [*outcomes.values(), *second.values()])
    assert len(lines(tmp_path / "done")) == 12
    end_of_first = max(outcome.started for outcome in outcomes.values())
    assert all(outcome.started > end_of_first for outcome in second.values())
    assert any(
        message.startswith("judge waits for devices: sim (pid") and "holds simulated:0" in message
        for message in messages
    )


def test_a_job_that_was_on_its_way_as_the_pool_was_asked_to_leave_is_still_taken(run_owner, tmp_path, clock):
    loads = str(tmp_path / "loads")
    todo = tasks(6, "a", marker=str(tmp_path / "begun"), until=str(tmp_path / "go on"))
    first = Background(work(loads=loads), todo)
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    ask_the_pool_to_leave()
    (old,) = pools()
    second = Background(work(loads=loads), tasks(3, "b"))
    write_line(tmp_path / "go on", "")
    assert all(outcome.error is None for outcome in {**first.wait(), **second.wait()}.values())
    clock.advance(GRACE_SECONDS)
    assert len(lines(tmp_path / "loads")) == 2
    wait_for(lambda: old not in pools())


def test_a_job_begins_on_the_devices_that_the_one_before_leaves_free(run_owner, tmp_path):
    # Two devices: the first job's slow last item keeps one, the second job has the other.
    first = Background(work(), [Task("slow", {"n": 0, "until": str(tmp_path / "go on")}), *tasks(2, "a")])
    wait_for(lambda: len(workers()) == 2)
    second = Background(work(), tasks(10, "b", seconds=0.02))
    assert len({outcome.device for outcome in second.wait().values()}) == 1
    assert not first.ended
    write_line(tmp_path / "go on", "")
    first.wait()


def test_two_jobs_in_flight_share_the_pool_first_come_first_served(run_owner, tmp_path):
    first = Background(work(), tasks(30, "a", marker=str(tmp_path / "begun"), until=str(tmp_path / "go on")))
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    second = Background(work(), tasks(10, "b"))
    write_line(tmp_path / "go on", "")
    last_of_first = max(outcome.started for outcome in first.wait().values())
    begins = [outcome.started for outcome in second.wait().values()]
    # Each of the two workers may be late to begin the last task of the first job.
    assert sum(begin < last_of_first for begin in begins) <= 2
    assert len(pools()) == 1


def test_an_idle_pool_goes_after_its_timeout(run_owner, clock):
    done(work(), tasks(2), idle_timeout=60.0)
    (pool,) = pools()
    clock.advance(59)
    done(work(), tasks(2), idle_timeout=60.0)
    assert pools() == [pool]

    def is_gone():
        # It counts from when it saw that its last job had hung up.
        clock.advance(61)
        return processes() == []

    wait_for(is_gone)
    assert sockets() == []
    assert list(private_folder().glob("*.log")) == []


def test_pools_end_with_their_run(run_owner):
    owner, _ = run_owner
    done(work(), tasks(2))
    assert len(workers()) == 2
    owner.kill()
    owner.wait()
    wait_for(lambda: processes() == [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_busy_workers_end_with_their_pool_however_it_ends(run_owner, tmp_path, number):
    process = start_job(work(), tasks(4, seconds=60.0, marker=str(tmp_path / "begun")))
    wait_for(lambda: len(lines(tmp_path / "begun")) == 2)
    process.kill()
    process.communicate()
    assert len(workers()) == 2
    pools()[0].send_signal(number)
    wait_for(lambda: processes() == [])


def test_a_pool_outlives_ctrl_c(run_owner):
    done(work(), tasks(2))
    (pool,) = pools()
    pool.send_signal(signal.SIGINT)
    first = {o.result["pid"] for o in done(work(), tasks(2)).values()}
    assert first <= {worker.pid for worker in workers()}
    assert pools() == [pool]
    assert os.getsid(pool.pid) == pool.pid


def test_a_killed_jobs_queued_items_are_dropped_and_the_pool_stays(run_owner, tmp_path):
    log = tmp_path / "begun"
    process = start_job(work(), tasks(20, "a", marker=str(log), until=str(tmp_path / "go on")))
    wait_for(lambda: len(lines(log)) == 2)
    (pool,) = pools()
    process.kill()
    process.communicate()
    # A pool that answers has read that the job before has hung up.
    assert not refuses_a_job()
    write_line(tmp_path / "go on", "")
    outcomes = done(work(), tasks(4, "b"))
    assert all(outcome.error is None for outcome in outcomes.values())
    assert pools() == [pool]
    # Those in the workers' hands were finished, none was begun after.
    assert len(lines(log)) == 2


def test_an_items_image_never_has_two_writers(run_owner, tmp_path):
    # A job is killed and run again at once: its first life's item is still being written.
    log = tmp_path / "begun"
    payload = {"n": 0, "marker": str(log), "ended": str(log)}
    first = Task("a", {**payload, "until": str(tmp_path / "go on")}, writes="a.png")
    process = start_job(work(), [first])
    wait_for(lambda: lines(log))
    process.kill()
    process.communicate()
    other = Task("b", {"n": 1, "marker": str(tmp_path / "b")})
    again = Background(work(), [other, Task("a", payload, writes="a.png")])
    wait_for(lambda: lines(tmp_path / "b"))
    # The free worker goes on with what came later.
    done(work(), tasks(1, "c"))
    assert len(lines(log)) == 1
    write_line(tmp_path / "go on", "")
    again.wait()
    assert [line == "ended" for line in lines(log)] == [False, True, False, True]


def test_if_no_device_can_load_every_job_is_told_the_cause(run_owner):
    broken = work(broken=["simulated:0", "simulated:1"])
    for _ in range(2):
        with pytest.raises(StageError, match="no device could load the model: RuntimeError: these weights"):
            done(broken, tasks(2))
    wait_for(lambda: processes() == [])


@pytest.mark.parametrize(
    "nonsense", [b"no json\n", b'{"task": {"key": 1}}\n', b"[]\n", b"\xff\xfe\n", b"3\n"]
)
def test_nonsense_on_the_socket_does_no_harm(run_owner, nonsense):
    done(work(), tasks(2))
    (pool,) = pools()
    (path,) = sockets()
    rude = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    rude.connect(str(path))
    rude.send(b'{"job": {}}\n' + nonsense)
    assert all(outcome.error is None for outcome in done(work(), tasks(4, "b")).values())
    assert pools() == [pool]
    rude.close()
