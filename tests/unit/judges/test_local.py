"""What local judges share."""

import dataclasses

import pytest
from judging_by_hand import settings

from snakedit.core.errors import ConfigError
from snakedit.judges import local
from snakedit.judges.qwen3_vl import Qwen3VL
from snakedit.judges.qwen3_vl_params import Qwen3VLParams
from snakedit.judges.rubrics.rubric import Metric, Rubric

PARAMS = Qwen3VLParams(dtype="float32", max_pixels=65536, max_new_tokens=1)


@pytest.mark.parametrize(
    ("texts", "lead"),
    [
        (["a\nb", "a\nc"], "a\n"),
        (["a\nb\n", "a\nb\n"], "a\n"),
        (["a\nb\n"], "a\n"),
        (["a\n b", "a\nc"], ""),
        (["ab", "ac"], ""),
        (["a\nb\nc", "a\nb\nd"], "a\nb\n"),
        (["", "a\nb"], ""),
        (["\n", "\n"], ""),
    ],
)
def test_what_texts_begin_with_is_whole_lines_and_leaves_something_of_each(texts, lead):
    assert local.common_lead(texts) == lead


def test_a_scale_of_three_digits_is_refused_before_anything_is_loaded():
    rubric = Rubric("r", "macro", "mean", None, (Metric("grade", ("edit",), 0, 100, "?"),), {})
    with pytest.raises(ConfigError, match="reading: generate"):
        Qwen3VL("nowhere", PARAMS, "cpu", dataclasses.replace(settings(), rubric=rubric))


@pytest.mark.parametrize("device", ["cpu", "cuda:1", "auto"])
def test_one_device_is_where_the_model_goes(device):
    assert local.placement(device) == {"device_map": device}


def test_several_devices_share_a_model_and_no_other_one_is_used(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (1000 + index, 9999))
    assert local.placement("cuda:0, cuda:2") == {"device_map": "auto", "max_memory": {0: 1000, 2: 1002}}


def test_no_two_draws_of_an_item_share_a_seed():
    seeds = [local.sample_seed(i, m, s) for i in range(20) for m in ("a", "b") for s in range(5)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
