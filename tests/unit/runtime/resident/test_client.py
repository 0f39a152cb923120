"""Resident pools: one load a run, shared by its jobs, given over to the next model, outliving nothing."""

import contextlib
import os
import signal
import socket
import threading
import time

import psutil
import pytest
from jobs_by_hand import (
    SERVE,
    done,
    job,
    lines,
    pools,
    processes,
    start_job,
    start_owner,
    tasks,
    wait_for,
    work,
    workers,
)

from snakedit.config.load import DevicesConfig
from snakedit.core.errors import DeviceError, StageError
from snakedit.runtime.host.folders import private_folder
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.resident import client as resident
from snakedit.runtime.resident import wire as line_module
from snakedit.runtime.resident.client import stop_pools
from snakedit.runtime.resident.server import GRACE_SECONDS
from snakedit.runtime.resident.wire import Line, connect


class Background:
    """A job in a thread of this process, so that several can be in flight."""

    def __init__(self, work, todo, **changes):
        self.outcomes, self.error = {}, None
        self.ended = 0.0
        self._thread = threading.Thread(target=self._run, args=(work, todo, changes))
        self._thread.start()

    def _run(self, work, todo, changes):
        try:
            self.outcomes = done(work, todo, **changes)
        except StageError as error:
            self.error = error
        self.ended = time.monotonic()

    def wait(self):
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.outcomes


def sockets():
    return list(private_folder().glob("*.sock"))


def test_jobs_of_one_model_load_it_once_on_each_device(run_owner, tmp_path):
    model = work(loads=str(tmp_path / "loads"))
    pids = set()
    for category in range(4):
        pids |= {o.result["pid"] for o in done(model, tasks(6, f"c{category}-", seconds=0.02)).values()}
    assert sorted(lines(tmp_path / "loads")) == ["simulated:0", "simulated:1"]
    assert len(pids) == 2
    assert len(pools()) == 1


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


def ask_the_pool_to_leave():
    (path,) = sockets()
    ask = connect(path)
    ask.send({"leave": True})
    ask.close()


def test_a_job_that_was_on_its_way_as_the_pool_was_asked_to_leave_is_still_taken(run_owner, tmp_path):
    loads = str(tmp_path / "loads")
    first = Background(work(loads=loads), tasks(6, "a", seconds=0.2, marker=str(tmp_path / "begun")))
    wait_for(lambda: lines(tmp_path / "begun"))
    ask_the_pool_to_leave()
    (old,) = pools()
    second = Background(work(loads=loads), tasks(3, "b"))
    assert all(outcome.error is None for outcome in {**first.wait(), **second.wait()}.values())
    assert len(lines(tmp_path / "loads")) == 2
    wait_for(lambda: old not in pools())


def takes_no_job(clock):
    """Let the grace of a pool that was asked to leave pass; say whether it now refuses a job."""
    clock.advance(GRACE_SECONDS)
    (path,) = sockets()
    line = connect(path)
    line.send({"job": {"label": "asks", "pid": os.getpid()}})
    answers = []
    wait_for(lambda: answers.extend(line.receive()) or answers)
    line.close()
    return "leaving" in answers[0]


def test_a_job_that_meets_a_leaving_pool_is_done_by_the_next_one(run_owner, tmp_path, clock):
    loads = str(tmp_path / "loads")
    first = Background(work(loads=loads), tasks(6, "a", seconds=1.0, marker=str(tmp_path / "begun")))
    wait_for(lambda: lines(tmp_path / "begun"))
    ask_the_pool_to_leave()
    (old,) = pools()
    wait_for(lambda: takes_no_job(clock))
    second = Background(work(loads=loads), tasks(3, "b"))
    assert all(outcome.error is None for outcome in second.wait().values())
    assert first.ended < second.ended
    assert all(outcome.error is None for outcome in first.wait().values())
    wait_for(lambda: len(lines(tmp_path / "loads")) == 4)
    wait_for(lambda: old not in pools())


def test_a_job_begins_on_the_devices_that_the_one_before_leaves_free(run_owner, tmp_path):
    # Two devices: the first job's slow last item keeps one, the second job has the other.
    first = Background(work(), [Task("slow", {"n": 0, "seconds": 3.0}), *tasks(2, "a")])
    wait_for(lambda: len(workers()) == 2)
    second = Background(work(), tasks(10, "b", seconds=0.02))
    assert len({outcome.device for outcome in second.wait().values()}) == 1
    first.wait()
    assert second.ended < first.ended


def test_two_jobs_in_flight_share_the_pool_first_come_first_served(run_owner):
    first = Background(work(), tasks(30, "a", seconds=0.05))
    wait_for(lambda: len(workers()) == 2)
    time.sleep(0.2)
    second = Background(work(), tasks(10, "b", seconds=0.05))
    last_of_first = max(outcome.started for outcome in first.wait().values())
    begins = sorted(outcome.started for outcome in second.wait().values())
    assert begins[1] >= last_of_first
    assert len(pools()) == 1


def test_an_idle_pool_goes_after_its_timeout(run_owner):
    done(work(), tasks(2), idle_timeout=0.3)
    wait_for(lambda: processes() == [])
    assert sockets() == []
    assert list(private_folder().glob("*.log")) == []


def test_pools_end_with_their_run(run_owner):
    owner, _ = run_owner
    done(work(), tasks(2))
    assert len(workers()) == 2
    owner.kill()
    owner.wait()
    wait_for(lambda: processes() == [])


def test_pools_are_stopped_when_a_run_is_done(run_owner):
    done(work(), tasks(2))
    assert stop_pools("1:2") == 0
    assert len(pools()) == 1
    assert stop_pools(run_owner[1]) == 1
    wait_for(lambda: processes() == [])
    assert stop_pools(run_owner[1]) == 0


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
    process = start_job(work(), tasks(20, "a", seconds=0.5, marker=str(log)))
    wait_for(lambda: len(lines(log)) == 2)
    (pool,) = pools()
    process.kill()
    process.communicate()
    outcomes = done(work(), tasks(4, "b"))
    assert all(outcome.error is None for outcome in outcomes.values())
    assert pools() == [pool]
    # Those in the workers' hands were finished, none was begun after.
    assert len(lines(log)) <= 4


def test_an_items_image_never_has_two_writers(run_owner, tmp_path):
    # A job is killed and run again at once: its first life's item is still being written.
    log = tmp_path / "begun"
    todo = [Task("a", {"n": 0, "seconds": 1.0, "output": "a.png", "marker": str(log)})]
    process = start_job(work(), todo)
    wait_for(lambda: lines(log))
    process.kill()
    process.communicate()
    begin = time.monotonic()
    done(work(), [Task("a", {"n": 0, "output": "a.png", "marker": str(log)})])
    assert len(lines(log)) == 2
    assert time.monotonic() - begin > 0.3


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
    script = tmp_path / "breaks.py"
    script.write_text(
        "import sys\n"
        f"sys.argv[0] = {SERVE[1]!r}\n"
        f"sys.path[:0] = [{os.path.dirname(SERVE[1])!r}]\n"
        "import jobs_by_hand\n"
        "from snakedit.runtime.resident import server\n"
        "def broken(self, ready):\n"
        "    if self._clients and self._clients[0].queue:\n"
        "        raise RuntimeError('the pool has a fault')\n"
        "server.PoolServer._work = broken\n"
        "jobs_by_hand._serve()\n"
    )
    with pytest.raises(StageError, match=r"broke 3 times .*: RuntimeError: the pool has a fault"):
        done(work(), tasks(2), job(resident_command=[SERVE[0], str(script)]))


def test_a_pool_that_cannot_start_fails_the_job_with_its_last_words(run_owner):
    command = [SERVE[0], "-c", "import sys; sys.exit('no room at the inn')"]
    with pytest.raises(StageError, match="the pool of sim did not start: no room at the inn"):
        done(work(), tasks(2), job(resident_command=command))


def test_if_no_device_can_load_every_job_is_told_the_cause(run_owner):
    broken = work(broken=["simulated:0", "simulated:1"])
    for _ in range(2):
        with pytest.raises(StageError, match="no device could load the model: RuntimeError: these weights"):
            done(broken, tasks(2))
    wait_for(lambda: processes() == [])


def test_a_worker_that_is_replaced_is_told_in_the_jobs_log(run_owner, tmp_path, messages):
    todo = [Task("x", {"n": 0, "do": "die once", "marker": str(tmp_path / "m")}), *tasks(3)]
    assert done(work(), todo)["x"].attempts == 2
    assert any("died (exit code -9); a new worker is started" in message for message in messages)


def test_models_of_other_runs_are_not_asked_to_leave(run_owner, monkeypatch, tmp_path):
    done(work(), tasks(2))
    (pool,) = pools()
    other, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    waiting = Background(work("other model"), tasks(1))
    wait_for(lambda: len(pools()) == 2)
    time.sleep(2 * resident.ASK_SECONDS)
    assert pool in pools()
    assert waiting.ended == 0.0
    stop_pools(run_owner[1])
    assert waiting.wait()["0"].error is None
    other.kill()
    other.wait()


def test_a_run_of_one_device_kind_does_not_use_the_pool_of_another(run_owner):
    done(work(), tasks(2))
    done(work(), tasks(2), devices=DevicesConfig("cpu", None, 1))
    assert len(pools()) == 2


def test_only_its_user_may_talk_to_a_pool(run_owner, monkeypatch):
    done(work(), tasks(2))
    (path,) = sockets()
    assert private_folder().stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(path)) <= line_module.MAX_PATH_BYTES
    monkeypatch.setattr(line_module, "peer_uid", lambda connection: os.getuid() + 1)
    with pytest.raises(DeviceError, match="belongs to another user"):
        connect(path)


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


def test_messages_come_whole_however_they_are_cut():
    ours, theirs = socket.socketpair()
    line = Line(theirs)
    message = {"note": "物理 " + "x" * 5, "lone": "\ud800"}
    sender = Line(ours)
    sender.send(message)
    sender.send({"n": 2})
    data = theirs.recv(1 << 16)
    received = []
    for byte in data:
        ours.send(bytes([byte]))
        received += line.receive()
    assert received == [message, {"n": 2}]
    ours.close()
    with pytest.raises(ConnectionResetError):
        line.receive()


def test_what_the_other_end_does_not_read_yet_is_kept():
    ours, theirs = socket.socketpair()
    sender, receiver = Line(ours), Line(theirs)
    for number in range(200):
        sender.send({"n": number, "x": "y" * 10_000})
    assert sender.has_unsent
    received = []
    while len(received) < 200:
        received += receiver.receive()
        sender.flush()
    assert [message["n"] for message in received] == list(range(200))
    assert not sender.has_unsent


def test_a_path_that_is_too_long_for_a_socket_is_one_line(tmp_path):
    with pytest.raises(DeviceError, match=r"is too long for a socket's path; .*set TMPDIR"):
        connect(tmp_path / ("x" * 200))


def test_what_a_pool_said_before_it_went_is_read_though_nothing_can_be_sent_to_it():
    ours, theirs = socket.socketpair()
    line = Line(ours)
    theirs.sendall(b'{"error": "no such device"}\n')
    line.offer({"task": 1})
    theirs.close()
    line.offer({"task": 2})
    assert line.receive() == [{"error": "no such device"}]
    with pytest.raises(ConnectionError):
        line.receive()
    line.close()
