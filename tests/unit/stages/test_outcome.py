"""When a job has failed, and how its causes are counted."""

import pytest

from snakedit.core.errors import DeviceError, StageError
from snakedit.core.records import Score
from snakedit.core.shards import Shard
from snakedit.stages.outcome import check_devices, check_disk, check_failures, score_cause


@pytest.mark.parametrize(("needed", "granted"), [(True, 1), (True, 4), (False, 0)])
def test_a_job_begins_with_the_devices_it_needs(needed: bool, granted: int):
    assert check_devices("edit_category e/c", needed, granted) is None


def test_a_job_that_needs_a_device_and_was_granted_none_is_refused():
    with pytest.raises(DeviceError, match=r"edit_category e/c: was granted no GPU.*--resources gpu="):
        check_devices("edit_category e/c", True, 0)


def test_a_full_disk_ends_the_job_and_another_error_does_not():
    assert check_disk("w", "OSError: [Errno 5] Input/output error") is None
    assert check_disk("w", None) is None
    with pytest.raises(StageError, match="make room and run again"):
        check_disk("w", "OSError: [Errno 28] No space left on device: 'x.png'")


def fail(
    errors: list[str | None], max_failures: float | None = None, shard: Shard | None = None, count: int = 1
) -> None:
    check_failures("edit_category e/c", errors * count, max_failures, "run again", shard)


def test_some_failures_are_a_warning_that_counts_them_by_kind(messages: list[str]):
    fail([None, "ImageError: a: broken", "ImageError: b: broken", "ValueError: c"])
    assert messages == [
        "edit_category e/c: 3 of 4 items failed: 2 × ImageError: a: broken; 1 × ValueError: c"
    ]


def test_without_a_failure_nothing_is_logged(messages: list[str]):
    fail([None, None])
    assert messages == []


NO_SERVER = "EndpointError: the server gave no whole answer (Connection refused)"
SHAPES = "RuntimeError: mat1 and mat2 shapes cannot be multiplied ({} and 3072x64)"


@pytest.mark.parametrize(
    "errors",
    [
        [NO_SERVER],
        [NO_SERVER, "EndpointError: quality: the server answered 503: busy"],
        ["ConfigError: shown: no such folder of edited images"],
        ["TypeError: edit() takes 1 positional argument"] * 2,
        [SHAPES.format("4096x3584"), SHAPES.format("77x3584")],
        ["KeyError: 'a'", 'KeyError: "b\'s"'],
        [
            "FileNotFoundError: [Errno 2] No such file: '/x/a.bin'",
            "FileNotFoundError: [Errno 2] No such file: '/x/b.bin'",
        ],
        ["WorkerError: its worker process died (exit code -9)"] * 3,
    ],
)
def test_a_cause_that_is_not_the_items_fails_the_job(errors: list[str | None]):
    with pytest.raises(StageError, match=r"items failed: .*; run again"):
        fail(errors)
    fail([*errors, None])


@pytest.mark.parametrize(
    "errors",
    [
        ["ImageError: a: this editor cannot remove objects"] * 5,
        ["RefusedError: the server refused (400): safety"] * 5,
        ["refused: the judge declined: no"] * 5,
        ["unparsed: no number"] * 5,
        ["failed: 'kris' asks nothing of this item"] * 5,
        # One item does not show that all would fail.
        ["TypeError: a"],
        ["TypeError: a", "KeyError: 'a'"],
        # One answer shows that the server is there.
        [NO_SERVER, "RefusedError: the server refused (400): safety"],
    ],
)
def test_a_job_in_which_no_item_succeeded_has_a_result(errors: list[str | None], messages: list[str]):
    fail(errors)
    assert len(messages) == 1


@pytest.mark.parametrize(
    ("errors", "max_failures"),
    [([None, "E: a", "E: b"], 1), ([None, "E: a"], 0), ([None, "E: a", "E: b"], 0.5), (["ImageError: a"], 0)],
)
def test_more_failures_than_allowed_fail_the_job(errors: list[str | None], max_failures: float):
    with pytest.raises(
        StageError, match=rf"items failed: .*; allowed: run.max_failures: {max_failures}; run"
    ):
        fail(errors, max_failures)


@pytest.mark.parametrize("max_failures", [1, 0.5, 0.9])
def test_as_many_failures_as_are_allowed_do_not_fail_the_job(max_failures: float):
    fail([None, "E: a"], max_failures)


def test_the_rest_after_whole_shards_is_too_small_to_judge_all_by(messages: list[str]):
    shard = Shard(501, 504)
    fail(["TypeError: a"], shard=shard, count=3)
    assert len(messages) == 1
    with pytest.raises(StageError, match="4 of 4 items failed"):
        fail(["TypeError: a"], shard=shard, count=4)


def test_a_shard_is_held_to_a_number_and_not_to_the_categorys_share():
    fail(["unparsed: a", None], 0.1, Shard(1, 2))
    with pytest.raises(StageError, match=r"run.max_failures: 1"):
        fail(["unparsed: a", "unparsed: b", None], 1, Shard(1, 3))


def test_a_scores_cause_is_its_status_and_its_error():
    assert score_cause(Score("a", "ok", score=1.0)) is None
    assert score_cause(Score("a", "refused", error="no")) == "refused: no"
    assert score_cause(Score("a", "failed", error="KeyError: 'x'")) == "KeyError: 'x'"
    assert score_cause(Score("a", "failed", error="'r' asks nothing")) == "failed: 'r' asks nothing"
    assert score_cause(Score("a", "failed")) == "failed: no reason given"
