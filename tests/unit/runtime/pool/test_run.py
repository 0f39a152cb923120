"""A job's tasks on workers of its own: what becomes of each, whatever happens to its worker."""

import os

import handlers
import psutil
import pytest
from jobs_by_hand import done, job, lines, meeting, run_config, work

from snakedit.config.schema import DevicesConfig
from snakedit.core.errors import StageError
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.tasks import Task


def tasks(*payloads):
    return [Task(str(n), {"n": n, **payload}) for n, payload in enumerate(payloads)]


def of_its_own(count=2, **changes):
    """The options of a job with workers of its own on this many devices."""
    return run_config(devices=DevicesConfig(kind="simulated", count=count), resident=False, **changes)


def run(todo, count=2, item_timeout=60.0, **settings):
    """Run tasks on so many devices; return the outcomes by key."""
    devices = DevicesConfig(kind="simulated", count=count)
    return done(
        work(**settings),
        todo,
        job(device_limit=count),
        devices=devices,
        item_timeout=item_timeout,
        resident=False,
    )


@pytest.fixture
def left_behind():
    """The processes that a test has started and that still run, as a function."""
    # Fixtures of other tests keep a browser for the whole session.
    before = set(psutil.Process().children(recursive=True))

    def left():
        now = set(psutil.Process().children(recursive=True)) - before
        return [p for p in now if "resource_tracker" not in " ".join(p.cmdline())]

    return left


def test_every_task_is_done_once_and_all_devices_take_part(left_behind, tmp_path):
    outcomes = run(tasks(*[{"seconds": 0.02, **meeting(tmp_path / "begun", 3)}] * 40), count=3)
    assert {o.device for o in outcomes.values()} == {"simulated:0", "simulated:1", "simulated:2"}
    assert all(o.result["n"] == int(key) and o.error is None for key, o in outcomes.items())
    assert all(o.attempts == 1 and o.seconds >= 0.02 for o in outcomes.values())
    assert left_behind() == []


def test_a_slow_task_holds_up_nobody_else(tmp_path):
    ended = str(tmp_path / "ended")
    outcomes = run(tasks({"until": ended, "lines": 20}, *[{"ended": ended}] * 20))
    slow = outcomes["0"].device
    assert sum(o.device == slow for o in outcomes.values()) == 1


def test_an_exception_is_its_tasks_outcome_in_one_line():
    outcomes = run(tasks({}, {"do": "raise"}, {}))
    assert outcomes["1"].error == "ValueError: broken 1"
    assert outcomes["1"].result is None
    assert "Traceback" in outcomes["1"].trace
    assert outcomes["0"].error is outcomes["2"].error is None


def test_out_of_memory_is_tried_once_more_after_memory_was_released(messages):
    outcomes = run(tasks({"do": "no memory once"}, {"do": "no memory"}), count=1)
    assert (outcomes["0"].attempts, outcomes["0"].error) == (2, None)
    assert outcomes["0"].result["released"] == 1
    assert sum("out of memory at 0, which was tried again in tiles" in message for message in messages) == 1
    assert sum("out of memory" in message for message in messages if "tried again" in message) == 1
    assert (outcomes["1"].attempts, outcomes["1"].error) == (2, "OutOfMemoryError: no memory")


def test_a_worker_that_dies_is_replaced_and_its_task_done_by_another(tmp_path):
    outcomes = run(tasks({"do": "die once", "marker": str(tmp_path / "m")}, *[{}] * 6))
    assert all(o.error is None for o in outcomes.values())
    assert outcomes["0"].attempts == 2
    assert len(set(lines(tmp_path / "m"))) == 2


def test_a_task_that_kills_two_workers_has_failed_with_its_cause():
    outcomes = run(tasks({"do": "die"}, *[{}] * 6))
    assert outcomes["0"].error == "WorkerError: its worker process died (exit code -9), 2 times"
    assert all(o.error is None for key, o in outcomes.items() if key != "0")


def test_a_worker_whose_cuda_is_spoilt_is_replaced_and_takes_no_other_task_with_it(tmp_path):
    todo = tasks({"do": "spoil cuda once", "marker": str(tmp_path / "m")}, {"do": "spoil cuda"}, *[{}] * 6)
    outcomes = run(todo)
    message = "RuntimeError: CUDA error: an illegal memory access was encountered"
    assert outcomes["1"].error == f"{message}, 2 times"
    assert all(o.error is None for key, o in outcomes.items() if key != "1")
    assert outcomes["0"].attempts == 2


def test_a_task_that_hangs_is_ended_at_its_time_limit_and_tried_once_more(tmp_path, left_behind):
    todo = tasks({"do": "hang once", "marker": str(tmp_path / "m")}, {"do": "hang"}, *[{}] * 4)
    outcomes = run(todo, item_timeout=1.0)
    assert outcomes["0"].error is None
    assert outcomes["1"].error == "TimeoutError: took over 1 s (item_timeout), 2 times"
    assert left_behind() == []


@pytest.mark.parametrize("how", ["broken", "deadly"])
def test_a_device_that_cannot_load_is_left_out(how):
    outcomes = run(tasks(*[{}] * 6), count=3, **{how: ["simulated:1"]})
    assert {o.device for o in outcomes.values()} <= {"simulated:0", "simulated:2"}


def test_no_device_that_can_load_fails_the_job_with_the_cause(left_behind):
    with pytest.raises(StageError, match="no device could load the model: RuntimeError: these weights"):
        run(tasks({}, {}), broken=["simulated:0", "simulated:1"])
    assert left_behind() == []


def test_without_a_task_nothing_is_loaded(tmp_path):
    run([], loads=str(tmp_path / "loads"))
    assert not (tmp_path / "loads").exists()


def test_what_needs_no_device_runs_in_the_job_itself():
    (outcome,) = run_tasks(work(needs_device=False), handlers.load, tasks({}), of_its_own(), job())
    assert outcome.result["pid"] == os.getpid()


def test_tasks_are_taken_only_as_workers_come_free(left_behind):
    taken = []

    def endless():
        for n in range(200):
            taken.append(n)
            yield Task(str(n), {"n": n, "seconds": 0.01})

    outcomes = run_tasks(work(), handlers.load, endless(), of_its_own(), job())
    for _ in range(10):
        next(outcomes)
    assert len(taken) < 20
    outcomes.close()
    assert left_behind() == []


def test_a_job_that_is_left_early_leaves_no_process_behind(left_behind):
    todo = tasks({}, *[{"seconds": 3600}] * 4)
    outcomes = run_tasks(work(), handlers.load, todo, of_its_own(3), job(device_limit=3))
    next(outcomes)
    outcomes.close()
    assert left_behind() == []
