import pytest

from snakedit.core.errors import StageError
from snakedit.judges.judge import Verdict
from tools.demo_judge.examine import auc, correlations, held_out_pairs


@pytest.fixture(scope="module")
def pairs():
    return held_out_pairs(12)


def test_a_judge_that_gives_the_true_marks_correlates_fully(pairs):
    verdicts = [Verdict("ok", values={name: 0.5 * mark for name, mark in p.marks.items()}) for p in pairs]
    assert correlations(verdicts, pairs)["success"] == pytest.approx(1.0)


def test_answers_that_cannot_be_read_are_counted_and_no_figure_is_given(pairs):
    verdicts = [Verdict("unparsed", values=dict.fromkeys(p.marks)) for p in pairs]
    with pytest.raises(StageError, match="12 of 12 answers to 'success' could not be read; train it longer"):
        correlations(verdicts, pairs)


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [([3, 4], [1, 2], 1.0), ([1], [1], 0.5), ([1, 3], [2], 0.5), ([0], [1], 0.0)],
)
def test_ties_count_half(better, worse, expected):
    assert auc(better, worse) == expected
