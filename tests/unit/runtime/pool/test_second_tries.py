"""A device that fails: what becomes of its tasks, and when it is parked and tried again."""

import itertools
import random

import handlers
import pytest
from handlers import write_line
from jobs_by_hand import done, job, run_config, tasks, work
from set_clock import set_clock

from snakedit.config.schema import DevicesConfig
from snakedit.runtime.devices.discover import Device
from snakedit.runtime.pool.run import run_tasks
from snakedit.runtime.pool.second_tries import PARK_SECONDS, SecondTries
from snakedit.runtime.pool.tasks import Outcome, Task

DEVICES = [Device("simulated", str(index), index) for index in range(4)]


def run(todo, count=4, resident=False, **settings):
    devices = DevicesConfig(kind="simulated", count=count)
    return done(work(**settings), todo, job(device_limit=count), devices=devices, resident=resident)


@pytest.mark.parametrize("resident", [False, True])
def test_a_device_that_fails_at_once_costs_no_item_and_is_parked_in_one_line(run_owner, messages, resident):
    outcomes = run(tasks(60, seconds=0.05), resident=resident, failing=["simulated:2"])
    assert [outcome.error for outcome in outcomes.values()] == [None] * 60
    assert {outcome.device for outcome in outcomes.values()} <= {"simulated:0", "simulated:1", "simulated:3"}
    (line,) = [message for message in messages if "parked" in message]
    assert line.startswith("simulated:2 fails what other devices can do and is parked for 60 s")
    assert "RuntimeError: this device is broken" in line


@pytest.mark.parametrize("failing", [2, 3])
def test_several_failing_devices_lose_nothing_while_one_works(failing):
    names = [device.name for device in DEVICES[:failing]]
    outcomes = run(tasks(60, seconds=0.02), failing=names)
    assert [outcome.error for outcome in outcomes.values()] == [None] * 60


def test_a_device_whose_worker_dies_of_every_item_loses_nothing():
    def todo():
        for number in range(20):
            yield Task(str(number), {"n": number, "seconds": 0.02})

    outcomes = run(list(todo()), count=3, dying=["simulated:1"])
    assert [outcome.error for outcome in outcomes.values()] == [None] * 20


def test_a_device_that_spoils_a_part_of_each_result_loses_nothing():
    outcomes = run(tasks(20, seconds=0.02), spoiling=["simulated:0"])
    assert all(outcome.result["n"] == int(key) for key, outcome in outcomes.items())


def test_a_result_whose_part_fails_everywhere_is_kept():
    names = [device.name for device in DEVICES[:2]]
    outcomes = run(tasks(3), count=2, spoiling=names)
    assert all(o.error is None and o.result["n"] is None and o.attempts == 2 for o in outcomes.values())


def test_an_item_that_fails_on_two_devices_has_failed_and_no_device_is_parked(messages):
    bad = [Task(f"bad{number}", {"n": number, "do": "raise"}) for number in range(6)]
    outcomes = run([*tasks(8, seconds=0.02), *bad, *tasks(8, "later", seconds=0.02)], count=2)
    assert {key for key, outcome in outcomes.items() if outcome.error} == {task.key for task in bad}
    assert all(outcomes[task.key].attempts == 2 for task in bad)
    assert outcomes["bad1"].error == "ValueError: broken 1"
    assert not any("parked" in message for message in messages)


def test_with_one_device_a_failure_is_its_items_at_once():
    outcomes = run([Task("bad", {"n": 0, "do": "raise"}), *tasks(2)], count=1)
    assert (outcomes["bad"].error, outcomes["bad"].attempts) == ("ValueError: broken 0", 1)


def test_the_workers_on_a_cpu_are_one_device():
    outcomes = done(
        work(), [Task("bad", {"n": 0, "do": "raise"}), *tasks(2)], devices=DevicesConfig(kind="cpu", count=2)
    )
    assert (outcomes["bad"].error, outcomes["bad"].attempts) == ("ValueError: broken 0", 1)


def test_a_parked_device_is_tried_again_later_and_longer_parked_if_it_still_fails(
    messages, tmp_path, monkeypatch
):
    clock = set_clock(tmp_path / "clock", monkeypatch)
    mended = tmp_path / "mended"

    def said(words):
        return [message for message in messages if message.startswith("simulated:1") and words in message]

    def until(condition):
        for number in itertools.count():
            if condition():
                return
            yield Task(f"{len(messages)}-{number}", {"n": number, "seconds": 0.01})

    def todo():
        yield from until(lambda: said("parked for 60 s"))
        clock.advance(PARK_SECONDS - 1)
        yield from (Task(f"early{number}", {"n": number}) for number in range(10))
        assert not said("tried again")
        clock.advance(1)
        yield from until(lambda: said("parked for 120 s"))
        write_line(mended, "")
        clock.advance(2 * PARK_SECONDS)
        yield from until(lambda: "simulated:1" in worked)

    worked, errors = set(), []
    settings = work(failing=["simulated:1"], mended=str(mended))
    for outcome in run_tasks(settings, handlers.load, todo(), run_config(resident=False), job()):
        worked.add(outcome.device)
        errors += [outcome.error] if outcome.error else []
    assert errors == []
    assert len(said("parked for")) == len(said("tried again")) == 2


def test_tasks_of_a_job_that_is_gone_are_not_tried_again():
    tries, task = SecondTries(), Task("a", {})
    assert tries.failed(DEVICES[0], "job", blank("a", "E"), task, None, DEVICES) is None
    tries.forget("job")
    assert tries.is_empty
    assert tries.take(DEVICES[1], DEVICES) is None


def test_a_task_whose_other_devices_have_all_gone_has_failed():
    tries = SecondTries()
    assert tries.failed(DEVICES[0], "job", blank("a", "E"), Task("a", {}), None, DEVICES[:2]) is None
    assert tries.left_over(DEVICES[:2]) == []
    ((job_of_it, outcome),) = tries.left_over(DEVICES[:1])
    assert (job_of_it, outcome.error, outcome.attempts) == ("job", "E", 1)
    assert tries.is_empty


def test_a_device_with_unexplained_failures_takes_nothing_new_until_another_has_tried():
    tries = SecondTries()
    for key in "ab":
        tries.failed(DEVICES[0], None, blank(key, "E"), Task(key, {}), None, DEVICES)
    assert not tries.may_begin(DEVICES[0], DEVICES)
    assert tries.may_begin(DEVICES[1], DEVICES)
    assert tries.take(DEVICES[0], DEVICES) is None
    entry = tries.take(DEVICES[1], DEVICES)
    assert tries.failed(DEVICES[1], None, blank("a", "E"), entry.task, entry, DEVICES[:2]).error == "E"
    assert tries.may_begin(DEVICES[0], DEVICES)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_fails_every_task_has_one_outcome_and_good_ones_succeed(seed):
    """Devices in random order; some fail everything, some tasks fail everywhere."""
    drawn = random.Random(seed)
    broken = set(drawn.sample(DEVICES, drawn.randint(0, 3)))
    bad = set(drawn.sample(range(40), drawn.randint(0, 40)))
    tries, new, devices, outcomes = SecondTries(), iter(range(40)), list(DEVICES), {}
    for _ in range(2000):
        device = drawn.choice(devices)
        entry = tries.take(device, devices)
        number = int(entry.task.key) if entry else None
        if number is None and tries.may_begin(device, devices):
            number = next(new, None)
        if number is None:
            continue
        if device in broken or number in bad:
            task = entry.task if entry else Task(str(number), {})
            final = tries.failed(device, None, blank(str(number), "E"), task, entry, devices)
            if final is not None:
                assert number not in outcomes
                outcomes[number] = final.error
        else:
            assert number not in outcomes
            outcomes[number] = None
            parked = tries.succeeded(device, entry)
            devices = [left for left in devices if left not in parked]
    assert len(outcomes) == 40
    assert {number for number, error in outcomes.items() if error} == bad


def blank(key, error=None):
    return Outcome(key, None, error, "simulated:0", 0.0, "2026-01-01T00:00:00+00:00")


def test_where_nothing_works_two_tries_are_enough():
    tries, attempts = SecondTries(), []
    for _ in range(8):
        entry, final = None, None
        for device in DEVICES:
            if final is None:
                final = tries.failed(device, None, blank("a", "E"), Task("a", {}), entry, DEVICES)
                entry = tries.take(DEVICES[(device.index + 1) % 4], DEVICES) if final is None else None
        attempts.append(final.attempts)
    assert attempts == [4, 4, 4, 2, 2, 2, 2, 2]
