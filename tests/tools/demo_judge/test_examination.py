import pytest

from snakedit.core.errors import StageError
from snakedit.judges.judge import Verdict
from tools.demo_judge.examination import (
    EXAMINED_CONTROLS,
    control_requests,
    held_out_requests,
    mark_correlations,
)


@pytest.fixture(scope="module")
def marked():
    return held_out_requests(12)


def test_a_judge_that_gives_the_true_marks_correlates_fully(marked):
    verdicts = [Verdict("ok", values={name: 0.5 * mark for name, mark in m.marks.items()}) for m in marked]
    assert mark_correlations(verdicts, marked)["success"] == pytest.approx(1.0)


def test_answers_that_cannot_be_read_are_counted_and_no_figure_is_given(marked):
    verdicts = [Verdict("unparsed", values=dict.fromkeys(m.marks)) for m in marked]
    with pytest.raises(StageError, match="12 of 12 answers to 'success' could not be read; train it longer"):
        mark_correlations(verdicts, marked)


def test_controls_edit_the_same_items_as_the_reference():
    requests = control_requests(1)
    assert set(requests) == {"reference", *EXAMINED_CONTROLS}
    for name in EXAMINED_CONTROLS:
        for reference, control in zip(requests["reference"], requests[name], strict=True):
            assert control.item == reference.item
            assert control.edit.tobytes() != reference.edit.tobytes()
    assert all(request.edit is request.sources[0] for request in requests["identity"])
