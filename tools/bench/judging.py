"""What a judge saves by a shared prefix and by batches: real classes with random weights, on the CPU."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from PIL import Image

from snakedit.core.records import Item
from snakedit.demo.checkpoints.qwen_networks import VisionLanguageSizes
from snakedit.demo.checkpoints.tiny_qwen3_vl import TINY_QWEN3_VL, build_qwen3_vl
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings
from snakedit.judges.qwen3_vl import Qwen3VL
from snakedit.judges.qwen3_vl_params import Qwen3VLParams
from snakedit.judges.rubrics.rubric_file import load_rubric
from tools.bench.measurement import Measurement

# Wide enough for arithmetic, not calls, to take most of the time.
WIDE_QWEN3_VL = VisionLanguageSizes(
    text={
        **TINY_QWEN3_VL.text,
        "hidden_size": 512,
        "intermediate_size": 1024,
        "num_hidden_layers": 6,
        "num_attention_heads": 32,
        "num_key_value_heads": 16,
    },
    vision={
        **TINY_QWEN3_VL.vision,
        "depth": 6,
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_heads": 16,
    },
)
# Sides of the images as the judge sees them. With larger ones, as in real use, the shared prefix saves more.
IMAGE_SIDE, PAIR_SIDE = 256, 384
BATCH_SIZES = (1, 2, 4, 8, 16)
PREFIX_ROUNDS = 9


def measure_judging(folder: Path) -> list[Measurement]:
    """Build a widened random Qwen3-VL and time it.

    Returns:
        ``shared_prefix_speedup``: two metrics on one image pair in two calls ÷ in one call that computes
        the images once; ``judge_batch_N_s``: seconds an item in batches of N; ``batch4_speedup``: that of
        1 ÷ that of 4.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        figures = _time_judge(folder)
    finally:
        torch.set_num_threads(threads)
    how = "random Qwen3-VL on one CPU thread, measured"
    return [Measurement(name, value, how) for name, value in figures.items()]


def _time_judge(folder: Path) -> dict[str, float]:
    build_qwen3_vl(folder, WIDE_QWEN3_VL)
    viescore = load_rubric("viescore", {})
    both = replace(
        viescore,
        metrics=tuple(metric for metric in viescore.metrics if metric.shows == ("source", "edit")),
        formula="mean",
        of=(),
        derived=(),
    )
    settings = JudgeSettings(both, reading="expected", min_scale_mass=0.0, samples=1)
    judge = Qwen3VL(str(folder), Qwen3VLParams(dtype="float32"), "cpu", settings)
    pair = _requests(1, PAIR_SIDE)
    single = [replace(settings, rubric=replace(both, metrics=(metric,))) for metric in both.metrics]
    together, apart = _median_seconds(
        partial(_judge_with_each, judge, pair, [settings]),
        partial(_judge_with_each, judge, pair, single),
        rounds=PREFIX_ROUNDS,
    )
    judge.settings = settings
    requests = _requests(max(BATCH_SIZES))
    works = [partial(_judge_in_batches_of, judge, requests, size) for size in BATCH_SIZES]
    seconds = _median_seconds(*works, rounds=1)
    item_seconds = {size: each / len(requests) for size, each in zip(BATCH_SIZES, seconds, strict=True)}
    return {
        "shared_prefix_speedup": apart / together,
        **{f"judge_batch_{size}_s": seconds for size, seconds in item_seconds.items()},
        "batch4_speedup": item_seconds[1] / item_seconds[4],
    }


def _judge_with_each(judge: Judge, requests: list[JudgeRequest], settings: Sequence[JudgeSettings]) -> None:
    """Judge once with each of the settings."""
    for judge.settings in settings:
        judge.judge(requests)


def _judge_in_batches_of(judge: Judge, requests: list[JudgeRequest], size: int) -> None:
    for start in range(0, len(requests), size):
        judge.judge(requests[start : start + size])


def _median_seconds(*works: Callable[[], object], rounds: int) -> list[float]:
    """Return the median seconds of each of the works, which take turns so that conditions are equal.

    The time is this process's CPU time: all work is arithmetic on one thread, and the host may be busy.
    """
    seconds: list[list[float]] = [[] for _ in works]
    # Round 0 is a warm-up.
    for number in range(rounds + 1):
        for work, taken in zip(works, seconds, strict=True):
            begin = time.process_time()
            work()
            if number:
                taken.append(time.process_time() - begin)
    return [median(taken) for taken in seconds]


def _requests(count: int, side: int = IMAGE_SIDE) -> list[JudgeRequest]:
    source, edit = (Image.effect_noise((side, side), sigma).convert("RGB") for sigma in (40, 80))
    items = (Item(f"i{n}", "c", ["s.png"], ["0" * 64], f"make part {n} of it red") for n in range(count))
    return [JudgeRequest(item, [source], edit, seed=0) for item in items]
