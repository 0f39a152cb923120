import pytest
from judging_by_hand import requests

from snakedit.judges.judge import Verdict, judge_carefully


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


def judging(limit=100, bad=()):
    calls = []

    def judge_batch(batch):
        calls.append([request.item.id for request in batch])
        if len(batch) > limit:
            raise OutOfMemoryError("no memory")
        if any(request.item.id in bad for request in batch):
            raise ValueError("a broken image\nwith two lines")
        return [Verdict("ok", score=float(r.item.id), batch_size=len(batch)) for r in batch]

    return judge_batch, calls


def test_out_of_memory_halves_the_batch_until_it_fits():
    judge_batch, calls = judging(limit=2)
    released = []
    verdicts = judge_carefully(judge_batch, requests(8), lambda: released.append(1))
    assert [v.score for v in verdicts] == [float(i) for i in range(8)]
    assert [len(call) for call in calls] == [8, 4, 2, 2, 4, 2, 2]
    assert len(released) == 3


def test_a_batch_that_raises_is_judged_one_by_one_and_only_the_culprit_fails():
    judge_batch, calls = judging(bad={"2"})
    verdicts = judge_carefully(judge_batch, requests(4), lambda: None)
    assert [v.status for v in verdicts] == ["ok", "ok", "failed", "ok"]
    assert verdicts[2].error == "ValueError: a broken image"
    assert verdicts[2].score is None
    assert [len(call) for call in calls] == [4, 1, 1, 1, 1]


def test_out_of_memory_on_a_single_request_is_its_failure():
    judge_batch, _ = judging(limit=0)
    verdicts = judge_carefully(judge_batch, requests(2), lambda: None)
    assert [v.status for v in verdicts] == ["failed", "failed"]
    assert "OutOfMemoryError" in verdicts[0].error


def test_ctrl_c_is_no_verdict():
    def interrupted(batch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_carefully(interrupted, requests(2), lambda: None)
