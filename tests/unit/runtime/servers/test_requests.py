"""Work that a server does: how many items are with it at a time, and what ends them.

But for the last tests each job asks by itself, as on a cluster.
"""

import logging
import os
import threading
import time

import handlers
import pytest
from jobs_by_hand import (
    done,
    job,
    lines,
    meeting,
    pools,
    run_config,
    start_job,
    start_owner,
    tasks,
    wait_for,
)
from pools_by_hand import Background

from snakedit.core.errors import StageError
from snakedit.core.logs import LOGGER
from snakedit.runtime.host.folders import lock_folder
from snakedit.runtime.host.shared_folder import places_taken
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task
from snakedit.runtime.pool.work import Work
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.errors import RefusedError
from snakedit.runtime.servers.exchange import current_exchange
from snakedit.runtime.servers.requests import run_on_server


def work(at_once=4, address="http://here/v1", **settings):
    return Work("score", settings, "key", needs_device=False, server=Server(address, at_once))


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


def test_as_many_items_as_allowed_are_with_the_server_at_a_time(tmp_path):
    Counting.most = 0
    todo = tasks(20, **meeting(tmp_path / "begun", 4))
    outcomes = list(
        run_tasks(work(4), lambda *given: Counting(*given), todo, run_config(resident=False), job())
    )
    assert Counting.most == 4
    assert {outcome.device for outcome in outcomes} == {f"endpoint:{lane}" for lane in range(4)}
    assert {outcome.result["pid"] for outcome in outcomes} == {os.getpid()}


def test_an_item_that_raises_costs_only_itself(messages):
    outcomes = done(work(), [*tasks(5), Task("bad", {"n": 9, "do": "raise"})], resident=False)
    assert outcomes["bad"].error == "ValueError: broken 9"
    assert all(outcomes[str(n)].error is None for n in range(5))


class Reading(handlers.Handler):
    """Remembers the exchange of its first task."""

    exchange = None

    def handle(self, payload):
        type(self).exchange = self.exchange or current_exchange()
        return super().handle(payload)


def events(at_once, todo, item_timeout=60.0, loader=handlers.load):
    """What `run_on_server` yields after its load span: outcomes, and None while there is none."""
    server = Server("http://here/v1", at_once)
    running = run_on_server(server, loader, {}, iter(todo), item_timeout)
    assert next(running).name == "load"
    return running


def test_an_item_that_hangs_has_failed_after_its_time_and_the_others_go_on(tmp_path, clock):
    begun = tmp_path / "begun"
    hangs = Task("slow", {"n": 9, "marker": str(begun), "until": str(tmp_path / "over")})
    outcomes = []
    for event in events(1, [hangs, *tasks(6)], loader=lambda *given: Reading(*given)):
        if event is None and lines(begun) and not outcomes:
            clock.advance(61)
        outcomes += [event] if event is not None else []
    assert outcomes[0].key == "slow"
    assert outcomes[0].error == "TimeoutError: took over 60 s (item_timeout)"
    assert [(outcome.key, outcome.error) for outcome in outcomes[1:]] == [(str(n), None) for n in range(6)]
    assert Reading.exchange.is_over
    # Its thread ends with the process, or now.
    handlers.write_line(tmp_path / "over", "")


def test_a_fault_that_every_request_would_meet_stops_the_job_after_a_few():
    asked = []

    class Refused(handlers.Handler):
        def handle(self, payload):
            asked.append(payload)
            if len(asked) > 3:
                current_exchange().fault = "the server does not accept the key in MY_KEY"
            return super().handle(payload)

    outcomes = run_tasks(
        work(1), lambda *given: Refused(*given), tasks(50), run_config(resident=False), job()
    )
    with pytest.raises(StageError, match="the key in MY_KEY; no more is asked; what was finished is kept"):
        list(outcomes)
    assert len(asked) <= 5


def test_a_fault_at_the_last_task_leaves_its_outcome():
    class Refused(handlers.Handler):
        def handle(self, payload):
            current_exchange().fault = "no credit"
            raise ValueError("no credit")

    (outcome,) = run_tasks(
        work(1), lambda *given: Refused(*given), tasks(1), run_config(resident=False), job()
    )
    assert outcome.error == "ValueError: no credit"


def test_the_log_tells_refused_unread_and_failed_apart(messages):
    # The lines of a short job stand in its log file only.
    LOGGER.setLevel(logging.DEBUG)
    statuses = ["ok", "refused", "unparsed", "failed"]

    class Judging(handlers.Handler):
        def handle(self, payload):
            if payload["n"] == 4:
                raise RefusedError("the server refused")
            return {"scores": [{"status": statuses[payload["n"]]}]}

    done_here = run_tasks(
        work(2), lambda *given: Judging(*given), tasks(5), run_config(resident=False), job()
    )
    assert len(list(done_here)) == 5
    assert any("2 refused, 1 unread, 1 failed, " in message for message in messages)


def test_tasks_are_taken_as_they_are_needed():
    taken = []

    def source():
        for task in tasks(50, seconds=0.01):
            taken.append(task.key)
            yield task

    running = run_tasks(work(3), handlers.load, source(), run_config(resident=False), job())
    next(running)
    assert len(taken) <= 8
    running.close()


@pytest.fixture
def hold(tmp_path):
    """Starts a job in another process that holds this many slots of a server until it is ended."""
    processes = []

    def start(count, address="http://here/v1"):
        begun = tmp_path / f"begun-{len(processes)}"
        todo = tasks(count, marker=str(begun), until=str(tmp_path / "never"))
        processes.append(start_job(work(count, address), todo, resident=False))
        wait_for(lambda: len(lines(begun)) == count)
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_all_jobs_of_a_host_together_keep_to_the_limit_of_their_server(hold):
    other = hold(2)
    assert len(done(work(2, address="http://elsewhere/v1"), tasks(2), resident=False)) == 2
    Counting.most = 0
    running = run_tasks(
        work(3),
        lambda *given: Counting(*given),
        iter(tasks(6, seconds=0.01)),
        run_config(resident=False),
        job(),
    )
    assert len(list(running)) == 6
    assert Counting.most == 1
    waiting = events(2, tasks(1))
    assert [next(waiting) for _ in range(5)] == [None] * 5
    # What a process held is free once it is dead.
    other.kill()
    (outcome,) = [event for event in waiting if event is not None]
    assert outcome.error is None


def test_two_runs_on_one_server_take_turns(tmp_path):
    begun, over = tmp_path / "begun", tmp_path / "over"
    held = tasks(2, prefix="held-", marker=str(tmp_path / "held"), until=str(over))
    mine = run_tasks(
        work(2),
        handlers.load,
        iter([*held, *tasks(40, marker=str(begun), seconds=0.01)]),
        run_config(resident=False),
        job(),
    )
    begun_here = threading.Thread(target=lambda: list(mine))
    begun_here.start()
    wait_for(lambda: len(lines(tmp_path / "held")) == 2)
    # The other process waits for the slots that this one has.
    other = start_job(work(2), tasks(40, marker=str(begun), seconds=0.01), resident=False)
    wait_for(lambda: waiting_for_slots() == 2)
    handlers.write_line(over, "")
    begun_here.join(120)
    assert not begun_here.is_alive()
    assert other.wait(120) == 0
    other.communicate()
    first = lines(begun)[:40]
    assert len(lines(begun)) == 80
    assert 10 <= first.count(str(os.getpid())) <= 30


def waiting_for_slots():
    """How many threads of other processes wait for a slot of the only server."""
    with lock_folder() as folder:
        (path,) = folder.path.glob("server-*-queue")
    with open(path, "r+b") as file:
        return sum(1 for _ in places_taken(file.fileno(), time.time_ns()))


def test_locks_that_cannot_be_had_are_the_items_failures():
    first = done(work(1), tasks(1), resident=False)["0"]
    assert first.error is None
    (lock,) = lock_folder().path.glob("server-*.lock")
    lock.unlink()
    lock.mkdir()
    assert "folder of the locks" in done(work(1), tasks(1), resident=False)["0"].error


def test_a_job_ends_with_a_run_that_is_killed(monkeypatch):
    owner, name = start_owner()
    monkeypatch.setenv("SNAKEDIT_OWNER", name)
    running = run_tasks(
        work(1), handlers.load, iter(tasks(500, seconds=0.01)), run_config(resident=False), job()
    )
    next(running)
    owner.kill()
    owner.wait()
    with pytest.raises(StageError, match="is over"):
        list(running)
    with pytest.raises(StageError, match="is over"):
        done(work(1), tasks(1), resident=False)


def test_what_waits_for_a_slot_ends_with_its_job(hold):
    hold(1)
    before = set(threading.enumerate())
    waiting = events(1, tasks(3))
    assert [next(waiting) for _ in range(2)] == [None, None]
    threads = set(threading.enumerate()) - before
    assert threads
    waiting.close()
    wait_for(lambda: not any(thread.is_alive() for thread in threads))


def test_the_jobs_of_a_run_share_one_client_and_the_next_begins_as_threads_become_free(tmp_path, run_owner):
    never = str(tmp_path / "over")
    held = [Task("held", {"n": 9, "marker": str(tmp_path / "begun"), "until": never})]
    first = Background(work(2), [*held, *tasks(3)])
    second = Background(work(2), tasks(4, prefix="second-"), label="other")
    # The first job is not over, and the second one's items go through the thread that is free.
    outcomes = second.wait()
    assert first.outcomes is None
    (pool,) = pools()
    assert {outcome.result["pid"] for outcome in outcomes.values()} == {pool.pid}
    handlers.write_line(tmp_path / "over", "")
    assert {outcome.result["pid"] for outcome in first.wait().values()} == {pool.pid}


def test_a_task_that_is_not_there_yet_holds_up_no_outcome(run_owner):
    def source():
        first, *others = tasks(4)
        yield first
        for task in others:
            for _ in range(3):
                yield None
            yield task

    running = run_tasks(work(2), handlers.load, source(), run_config(), job())
    assert sorted(outcome.key for outcome in running) == ["0", "1", "2", "3"]


def test_a_killed_client_is_replaced_and_asks_again_what_was_in_flight_only(tmp_path, run_owner):
    begun, over = tmp_path / "begun", tmp_path / "over"
    running = Background(work(2), tasks(6, marker=str(begun), until=str(over)))
    wait_for(lambda: len(lines(begun)) == 2)
    (pool,) = pools()
    pool.kill()
    pool.wait()
    handlers.write_line(over, "")
    assert len(running.wait()) == 6
    assert len(lines(begun)) == 6 + 2


def test_a_client_that_cannot_be_made_ends_the_job_with_its_reason(run_owner):
    with pytest.raises(StageError, match="api_key_env: the environment variable KEY is not set"):
        done(work(1, refuse="KEY"), tasks(1))
