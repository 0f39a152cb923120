import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snakedit.speed.forecast.costs import ModelCost
from snakedit.speed.forecast.schedule import ModelWork, Overheads, pipeline

FIVE = {"a": 50, "b": 50, "c": 70, "d": 50, "e": 50}
NOTHING = Overheads(**{field.name: 0.0 for field in dataclasses.fields(Overheads)})


def work(jobs, load=0.5):
    edit = ModelCost(load, 0.0, {1: 1.8})
    judge = ModelCost(load, 0.0, {1: 2.0, 4: 3.0})
    return [ModelWork("edit", edit, jobs), ModelWork("score", judge, jobs, batch=4)]


def wall(models, overheads=NOTHING, **changes):
    return pipeline(models, 6, 2, overheads=overheads, **changes).wall


def test_the_pipeline_loads_each_model_once_on_each_device_and_is_then_busy():
    """0.5 + 45 × 1.8 for the edits; 70 batches, five of them smaller, on six devices for the scores."""
    played = pipeline(work(FIVE), 6, 2, overheads=NOTHING)
    scores = [3.0] * (12 * 4 + 17) + [2.0 + 1 / 3] * 5
    assert played.wall == pytest.approx(0.5 + 81 + 0.5 + 12 * 3, abs=0.7)
    assert played.wall >= 0.5 + 81 + 0.5 + sum(scores) / 6
    assert played.device_hours == pytest.approx(6 * played.wall / 3600)


def test_every_overhead_stands_where_it_is_paid():
    plain = wall(work({"a": 12}))
    for name in ("begin", "prepare", "report", "finish", "job"):
        overheads = dataclasses.replace(NOTHING, **{name: 10.0})
        assert wall(work({"a": 12}), overheads, prepared=2) == pytest.approx(plain + 10.0), name
    handover = dataclasses.replace(NOTHING, handover=10.0)
    assert wall(work({"a": 12}), handover) == pytest.approx(plain + 10.0), "from the editor to the judge"


def test_a_slow_job_start_is_hidden_behind_the_other_job_in_flight_unless_jobs_are_short():
    slow = dataclasses.replace(NOTHING, turn=5.0)
    long, short = ({name: items for name in "abcd"} for items in (60, 1))
    assert wall(work(long)[:1], slow) == pytest.approx(wall(work(long)[:1]))
    assert wall(work(short)[:1], slow) == pytest.approx(2 / 2 * 5.0)


def test_without_residency_every_job_loads_again():
    jobs = {"a": 6, "b": 6, "c": 6}
    assert wall(work(jobs, load=10)[:1]) == pytest.approx(10 + 3 * 1.8)
    assert wall(work(jobs, load=10)[:1], resident=False) == pytest.approx(3 * (10 + 1.8))


def test_what_needs_no_device_shares_the_cores():
    control = ModelWork("edit", ModelCost(0.0, 0.0, {1: 0.5}), {"a": 4, "b": 4}, needs_device=False)
    played = pipeline([control, *work({"a": 6})], 6, 2, overheads=NOTHING)
    assert played.wall == pytest.approx(2 * 4 * 0.5 / 2 + wall(work({"a": 6})))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.integers(1, 8),
    st.floats(0.1, 5.0),
)
def test_a_played_run_is_never_faster_than_its_work_nor_slower_than_one_device(counts, devices, seconds):
    categories = {str(n): count for n, count in enumerate(counts)}
    model = ModelWork("edit", ModelCost(1.0, 0.0, {1: seconds}), categories)
    seconds_taken = pipeline([model], devices, 2, overheads=NOTHING).wall
    total = sum(counts) * seconds
    assert 1.0 + total / devices <= seconds_taken + 1e-6
    assert seconds_taken <= 1.0 + total / devices + 2 * len(counts) * seconds + 1e-6
