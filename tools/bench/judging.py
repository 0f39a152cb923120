"""What sharing a prefix and batching save a judge: the real classes with random weights, on this CPU."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from PIL import Image

from snakedit.core.records import Item
from snakedit.demo.checkpoints.tiny_qwen3_vl import build_qwen3_vl
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings
from snakedit.judges.qwen3_vl import Qwen3VL, Qwen3VLParams
from snakedit.judges.rubrics.rubric import load_rubric

# So wide that arithmetic rules, not the calls. Sides of the images as the judge sees them: real ones are
# larger, and the more an image weighs against the questions, the more it saves to compute it once.
WIDTH, DEPTH, SIDE, PAIR_SIDE = 8, 6, 256, 384
BATCHES = (1, 2, 4, 8, 16)
ROUNDS = 9


def measure_judging(folder: Path) -> dict[str, float]:
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
        return _measure(folder)
    finally:
        torch.set_num_threads(threads)


def _measure(folder: Path) -> dict[str, float]:
    build_qwen3_vl(folder, width=WIDTH, depth=DEPTH)
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
    whole, apart = _median_seconds(
        partial(_judge_in_ways, judge, pair, [settings]),
        partial(_judge_in_ways, judge, pair, single),
        rounds=ROUNDS,
    )
    judge.settings = settings
    requests = _requests(max(BATCHES))
    batches = [partial(_judge_in_batches, judge, requests, size) for size in BATCHES]
    seconds = _median_seconds(*batches, rounds=1)
    an_item = {size: each / len(requests) for size, each in zip(BATCHES, seconds, strict=True)}
    return {
        "shared_prefix_speedup": apart / whole,
        **{f"judge_batch_{size}_s": seconds for size, seconds in an_item.items()},
        "batch4_speedup": an_item[1] / an_item[4],
    }


def _judge_in_ways(judge: Judge, requests: list[JudgeRequest], ways: Sequence[JudgeSettings]) -> None:
    """Judge in each of the ways, one after the other."""
    for judge.settings in ways:
        judge.judge(requests)


def _judge_in_batches(judge: Judge, requests: list[JudgeRequest], size: int) -> None:
    for start in range(0, len(requests), size):
        judge.judge(requests[start : start + size])


def _median_seconds(*works: Callable[[], object], rounds: int) -> list[float]:
    """Return the median seconds of each of the works, done in turn so that none has a better hour.

    All of it is arithmetic on one thread, whose own seconds do not depend on what else the host does.
    """
    seconds: list[list[float]] = [[] for _ in works]
    # The first round warms up.
    for number in range(rounds + 1):
        for work, taken in zip(works, seconds, strict=True):
            begin = time.process_time()
            work()
            if number:
                taken.append(time.process_time() - begin)
    return [median(taken) for taken in seconds]


def _requests(count: int, side: int = SIDE) -> list[JudgeRequest]:
    source, edit = (Image.effect_noise((side, side), sigma).convert("RGB") for sigma in (40, 80))
    items = (Item(f"i{n}", "c", ["s.png"], ["0" * 64], f"make part {n} of it red") for n in range(count))
    return [JudgeRequest(item, [source], edit, seed=0) for item in items]
