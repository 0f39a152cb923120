import os
import subprocess
import sys
import threading

import handlers
import pytest
from jobs_by_hand import done, job, run_config, start_owner, tasks, wait_for
from places import SCRIPTS

from snakedit.core.errors import StageError
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import Work
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.requests import run_remotely

# Holds slots of a server until it is ended.
HOLDER = """
import sys, time
from snakedit.runtime.servers.requests import Server, _Threads
from snakedit.runtime.pool.workers import Task

class Sleeper:
    def handle(self, payload):
        print("held", flush=True)
        time.sleep(600)

threads = _Threads(Sleeper(), Server(sys.argv[1], int(sys.argv[2])), 600.0)
for number in range(int(sys.argv[2])):
    threads.start(Task(str(number), {}))
time.sleep(600)
"""


def work(at_once=4, address="http://here/v1", **settings):
    return Work("score", {"needs_device": False, **settings}, "key", server=Server(address, at_once))


class Counting(handlers.Handler):
    """Counts how many are handled at a time."""

    now = most = 0
    lock = threading.Lock()

    def handle(self, payload):
        with self.lock:
            type(self).now += 1
            type(self).most = max(self.most, self.now)
        result = super().handle(payload)
        with self.lock:
            type(self).now -= 1
        return result


def test_as_many_items_as_allowed_are_with_the_server_at_a_time():
    Counting.most = 0
    todo = tasks(20, seconds=0.02)
    outcomes = list(run_tasks(work(4), lambda *given: Counting(*given), todo, run_config(), job()))
    assert Counting.most == 4
    assert {outcome.device for outcome in outcomes} == {f"endpoint:{lane}" for lane in range(4)}
    assert {outcome.result["pid"] for outcome in outcomes} == {os.getpid()}


def test_an_item_that_raises_costs_only_itself(messages):
    outcomes = done(work(), [*tasks(5), Task("bad", {"n": 9, "do": "raise"})])
    assert outcomes["bad"].error == "ValueError: broken 9"
    assert all(outcomes[str(n)].error is None for n in range(5))


def test_an_item_that_hangs_has_failed_after_its_time_and_the_others_go_on(tmp_path):
    # It would end long after this test's own time limit.
    todo = [Task("slow", {"n": 9, "seconds": 3600.0}), *tasks(6, seconds=0.01)]
    outcomes = done(work(1), todo, item_timeout=0.3)
    assert outcomes["slow"].error == "TimeoutError: took over 0.3 s (item_timeout)"
    assert all(outcomes[str(n)].error is None for n in range(6))


def test_tasks_are_taken_as_they_are_needed():
    taken = []

    def source():
        for task in tasks(50, seconds=0.01):
            taken.append(task.key)
            yield task

    running = run_tasks(work(3), handlers.load, source(), run_config(), job())
    next(running)
    assert len(taken) <= 8
    running.close()


def holder(address, count):
    path = str(SCRIPTS)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, address, str(count)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(count):
        assert process.stdout.readline() == "held\n"
    return process


def test_all_jobs_of_a_host_together_keep_to_the_limit_of_their_server():
    other = holder("http://here/v1", 2)
    try:
        assert len(done(work(2, address="http://elsewhere/v1"), tasks(2))) == 2
        Counting.most = 0
        running = run_tasks(
            work(3), lambda *given: Counting(*given), iter(tasks(6, seconds=0.01)), run_config(), job()
        )
        assert len(list(running)) == 6
        assert Counting.most == 1
        waiting = threading.Thread(target=lambda: done(work(2), tasks(1)), daemon=True)
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    finally:
        other.kill()
        other.communicate()
    # What a process held is free once it is dead.
    waiting.join(10)
    assert not waiting.is_alive()


def test_locks_that_cannot_be_had_are_the_items_failures():
    first = done(work(1), tasks(1))["0"]
    assert first.error is None
    (lock,) = lock_folder().glob("server-*.lock")
    lock.unlink()
    lock.mkdir()
    assert "folder of the locks" in done(work(1), tasks(1))["0"].error


def test_a_job_ends_with_a_run_that_is_killed(monkeypatch):
    owner, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    running = run_tasks(work(1), handlers.load, iter(tasks(500, seconds=0.01)), run_config(), job())
    next(running)
    owner.kill()
    owner.wait()
    with pytest.raises(StageError, match="is over"):
        list(running)
    with pytest.raises(StageError, match="is over"):
        done(work(1), tasks(1))


def test_what_waits_for_a_slot_ends_with_its_job():
    other = holder("http://here/v1", 1)
    try:
        before = set(threading.enumerate())
        server = Server("http://here/v1", 1)
        running = run_remotely(server, handlers.load, {}, iter(tasks(3)), item_timeout=60.0)
        assert [next(running) for _ in range(3)][1:] == [None, None]
        waiting = set(threading.enumerate()) - before
        assert waiting
        running.close()
        wait_for(lambda: not any(thread.is_alive() for thread in waiting))
    finally:
        other.kill()
        other.communicate()
