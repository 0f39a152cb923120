"""When a job has failed, and how its causes are counted."""

import pytest

from snakedit.core.errors import DeviceError, StageError
from snakedit.core.records import Score
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


def fail(errors: list[str | None], max_failures: int | None = None, **more: bool) -> None:
    check_failures("edit_category e/c", errors, max_failures, hint="run again", **more)


def test_some_failures_are_a_warning_that_counts_them_by_kind(messages: list[str]):
    fail([None, "ImageError: a: broken", "ImageError: b: broken", "ValueError: c"])
    assert messages == [
        "edit_category e/c: 3 of 4 items failed: 2 × ImageError: a: broken; 1 × ValueError: c"
    ]


def test_without_a_failure_nothing_is_logged(messages: list[str]):
    fail([None, None])
    assert messages == []


@pytest.mark.parametrize(
    ("errors", "max_failures"),
    [(["E: a", "E: b"], None), (["E: a"], 5), ([None, "E: a", "E: b"], 1), ([None, "E: a"], 0)],
)
def test_all_failed_or_more_than_allowed_fails_the_job(errors: list[str | None], max_failures: int | None):
    with pytest.raises(StageError, match=r"items failed: .*; run again"):
        fail(errors, max_failures)


def test_too_few_items_to_judge_by_do_not_fail_the_job(messages: list[str]):
    fail(["E: a"], some_must_succeed=False)
    assert len(messages) == 1


def test_a_scores_cause_is_its_status_and_its_error():
    assert score_cause(Score("a", "ok", score=1.0)) is None
    assert score_cause(Score("a", "refused", error="no")) == "refused: no"
    assert score_cause(Score("a", "failed")) == "failed: no reason given"
