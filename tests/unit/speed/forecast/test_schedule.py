import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snakedit.speed.forecast.costs import ModelCost, Overheads
from snakedit.speed.forecast.schedule import ModelWork, fixed_shares, one_by_one, pipeline

# The constants of the comparison that was only ever arithmetic.
FIVE = {"a": 50, "b": 50, "c": 70, "d": 50, "e": 50}
NOTHING = Overheads(**{field.name: 0.0 for field in dataclasses.fields(Overheads)})


def work(categories, load=0.5, **changes):
    edit = ModelCost(load, 0.0, {1: 1.8}, measured=False)
    judge = ModelCost(load, 0.0, {1: 2.0, 4: 3.0}, measured=False)
    return [
        ModelWork("editor", "edit", edit, categories),
        ModelWork("judge", "score", judge, categories, batch=4, **changes),
    ]


def test_scheduled_as_older_scripts_their_constants_give_their_projections():
    assert fixed_shares(work({"a": 50}), 6).wall == pytest.approx(53.5)
    assert fixed_shares(work(FIVE), 6).wall == pytest.approx(288.5)
    assert one_by_one(work(FIVE)).wall == pytest.approx(1296.0)
    assert round(1296.0 / fixed_shares(work(FIVE), 6).wall, 1) == 4.5


def test_in_whole_rounds_and_batches_the_older_schedule_takes_longer_than_it_reckons():
    assert fixed_shares(work({"a": 50}), 6, whole=True).wall == pytest.approx(16.2 + 0.5 + 39 + 0.5)
    assert fixed_shares(work(FIVE), 6, whole=True).wall == pytest.approx(301.4)


def test_the_pipeline_loads_each_model_once_on_each_device_and_is_then_busy():
    """0.5 + 45 × 1.8 for the edits; 70 batches, five of them smaller, on six devices for the scores."""
    played = pipeline(work(FIVE), 6, 2, NOTHING)
    scores = [3.0] * (12 * 4 + 17) + [2.0 + 1 / 3] * 5
    assert played.wall == pytest.approx(0.5 + 81 + 0.5 + 12 * 3, abs=0.7)
    assert played.wall >= 0.5 + 81 + 0.5 + sum(scores) / 6
    assert played.gpu_hours == pytest.approx(6 * played.wall / 3600)


def test_every_overhead_stands_where_it_is_paid():
    plain = pipeline(work({"a": 12}), 6, 2, NOTHING).wall
    for name, times in {"begin": 1, "prepare": 1, "report": 1, "finish": 1, "job": 1, "join": 1}.items():
        overheads = dataclasses.replace(NOTHING, **{name: 10.0})
        assert pipeline(work({"a": 12}), 6, 2, overheads, prepared=2).wall == pytest.approx(
            plain + 10.0 * times
        ), name
    handed = pipeline(work({"a": 12}), 6, 2, dataclasses.replace(NOTHING, handover=10.0)).wall
    assert handed == pytest.approx(plain + 10.0), "from the editor to the judge"


def test_a_slow_job_start_is_hidden_behind_the_other_job_in_flight():
    categories = {name: 60 for name in "abcd"}
    slow = dataclasses.replace(NOTHING, turn=5.0)
    plain = pipeline(work(categories)[:1], 6, 2, NOTHING).wall
    assert pipeline(work(categories)[:1], 6, 2, slow).wall == pytest.approx(plain)


def test_without_residency_every_job_loads_again():
    categories = {"a": 6, "b": 6, "c": 6}
    once = pipeline(work(categories, load=10)[:1], 6, 2, NOTHING).wall
    assert once == pytest.approx(10 + 3 * 1.8)
    again = pipeline(work(categories, load=10)[:1], 6, 2, NOTHING, resident=False).wall
    assert again == pytest.approx(3 * (10 + 1.8))


def test_a_judge_scores_every_editors_edits():
    two = pipeline(work({"a": 24}, jobs=2), 6, 2, NOTHING).wall
    one = pipeline(work({"a": 24}), 6, 2, NOTHING).wall
    assert two == pytest.approx(one + 3.0)


def test_a_batch_beyond_the_known_ones_takes_as_much_longer_as_it_is_larger():
    judge = work({"a": 8})[1]
    assert [judge.batch_seconds(size) for size in (1, 2, 4, 8)] == pytest.approx([2, 2 + 1 / 3, 3, 6])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.integers(1, 8),
    st.floats(0.1, 5.0),
)
def test_a_played_run_is_never_faster_than_its_work_nor_slower_than_one_device(counts, devices, seconds):
    categories = {str(n): count for n, count in enumerate(counts)}
    model = ModelWork("m", "edit", ModelCost(1.0, 0.0, {1: seconds}, measured=False), categories)
    wall = pipeline([model], devices, 2, NOTHING).wall
    total = sum(counts) * seconds
    assert 1.0 + total / devices <= wall + 1e-6
    assert wall <= 1.0 + total / devices + 2 * len(counts) * seconds + 1e-6


def test_workers_that_start_together_share_the_processors():
    cost = ModelCost(0.0, 2.0, {1: 1.0}, measured=True, workers=4)
    assert [cost.start_of(workers, 2) for workers in (1, 2, 4, 6)] == [1.0, 1.0, 2.0, 3.0]
    assert cost.start_of(6, 64) == 2.0
