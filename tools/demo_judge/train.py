"""Training of the demo judge: one thread, fixed seeds, a state to resume from and a log."""

import csv
import json
import math
import os
import pickle
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from snakedit.core.errors import CheckpointError
from tools.demo_judge.batches import make_batch
from tools.demo_judge.examples import ExampleSampler
from tools.demo_judge.losses import build_heads, losses
from tools.demo_judge.network import build_network, compile_layers, make_fast
from tools.demo_judge.pictures import Photo, load_photos
from tools.demo_judge.prompts import Prompts, build_judge_tokenizer

WARM_UP_STEPS = 200
VALIDATION_EXAMPLES = 128


@dataclass(frozen=True)
class Schedule:
    """Length and rate of the training.

    Attributes:
        steps: total number of updates.
        batch: edits of an update, each with two instructions.
        rate: the highest learning rate.
        average: steps over which the shipped weights are averaged.
        every: steps between saved states and lines of the log.
        stop: a step to stop at before the end, to resume from.
    """

    steps: int = 10000
    batch: int = 16
    rate: float = 1e-3
    average: int = 300
    every: int = 250
    stop: int | None = None


def train(folder: Path, photos: Sequence[Path], schedule: Schedule) -> Any:
    """Train, or resume from the state in a folder; return the averaged network.

    Args:
        folder: for the state and ``log.csv``.
        photos: folders of photos, added to scikit-image's own.
    """
    import torch

    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    prompts = Prompts(build_judge_tokenizer())
    network = build_network(prompts.tokenizer)
    heads = build_heads(network.config.text_config.hidden_size)
    averaged = deepcopy(network).requires_grad_(False)
    make_fast(network)
    make_fast(averaged)
    compile_layers(network)
    optimizer = torch.optim.AdamW(_groups(network, heads), lr=schedule.rate, betas=(0.9, 0.98))
    state = folder / "state.pt"
    done, seconds = 0, 0.0
    if state.exists():
        done, seconds = _resume(state, network, heads, averaged, optimizer)
    training_photos = load_photos(photos, held_out=False)
    held_out_photos = load_photos(photos, held_out=True)
    log = _Log(folder / "log.csv", done)
    start = time.monotonic() - seconds
    last = schedule.steps if schedule.stop is None else schedule.stop
    for step in range(done + 1, last + 1):
        # Each step has a seed of its own, so that a resumed training equals an uninterrupted one.
        sampler = ExampleSampler(training_photos, step)
        batch = make_batch(sampler.draw_batch(schedule.batch), prompts, Random(step))
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * _rate_share(step, schedule.steps)
        with torch.autocast("cpu", torch.bfloat16):
            parts = losses(network, heads, batch, prompts)
        loss = parts["tokens"] + parts["expected"] + _heads_weight(step, schedule.steps) * parts["heads"]
        optimizer.zero_grad()
        loss.backward()
        parameters = [*network.parameters(), *heads.parameters()]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        _update_average(averaged, network, min(1 - 1 / schedule.average, step / (step + 10)))
        log.add(parts)
        if step % schedule.every == 0 or step == last:
            log.write(step, time.monotonic() - start, validate(averaged, held_out_photos, prompts))
            _save(state, step, time.monotonic() - start, network, heads, averaged, optimizer)
    return averaged


def _groups(network: Any, heads: Any) -> list[dict[str, Any]]:
    parameters = [*network.parameters(), *heads.parameters()]
    matrices = [p for p in parameters if p.ndim > 1]
    vectors = [p for p in parameters if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]


def _rate_share(step: int, steps: int) -> float:
    """Return the share of the highest learning rate: a warm-up, then a cosine to nearly 0."""
    if step < WARM_UP_STEPS:
        return step / WARM_UP_STEPS
    progress = (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)
    return 0.5 * (1 + math.cos(math.pi * progress)) + 1e-3


def _heads_weight(step: int, steps: int) -> float:
    """Return the weight of the auxiliary heads' loss, which falls from 1 to 0.3."""
    return 1.0 - 0.7 * step / steps


def _update_average(averaged: Any, network: Any, keep: float) -> None:
    import torch

    with torch.no_grad():
        for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)


def validate(network: Any, photos: Sequence[Photo], prompts: Prompts) -> dict[str, float]:
    """Return each metric's correlation of expected with true marks on held-out photos and wordings."""
    import torch

    sampler = ExampleSampler(photos, seed=-1, held_out=True)
    heads = build_heads(network.config.text_config.hidden_size)
    pair_values, single_values = [], []
    for number in range(VALIDATION_EXAMPLES // 32):
        batch = make_batch(sampler.draw_batch(32), prompts, Random(number))
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            values = losses(network, heads, batch, prompts)["values"].numpy()
        count = len(batch.pairs.marks)
        pair_values.append(values[:count])
        single_values.append(values[count:])
    pairs, singles = np.concatenate(pair_values), np.concatenate(single_values)
    metrics = {
        **{"success": pairs[0::2], "overediting": pairs[1::2]},
        **{"naturalness": singles[0::2], "artefacts": singles[1::2]},
    }
    return {name: float(np.corrcoef(values.T)[0, 1]) for name, values in metrics.items()}


class _Log:
    """The training's log as CSV: means since the last line. Lines after the resumed step are dropped."""

    def __init__(self, path: Path, resumed_step: int) -> None:
        self.path = path
        self.records: list[dict[str, float]] = []
        old = list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []
        self.lines = [line for line in old if int(line["step"]) <= resumed_step]

    def add(self, losses_of_step: dict[str, Any]) -> None:
        values = losses_of_step["values"]
        self.records.append(
            {
                **{name: float(losses_of_step[name].detach()) for name in ("tokens", "expected", "heads")},
                "error": float((values[:, 0] - values[:, 1]).abs().mean()),
                **losses_of_step["parts"],
            }
        )

    def write(self, step: int, seconds: float, correlations: dict[str, float]) -> None:
        means = {name: float(np.mean([record[name] for record in self.records])) for name in self.records[0]}
        numbers = {**means, **{f"r_{name}": value for name, value in correlations.items()}}
        line = {"step": str(step), "seconds": f"{seconds:.0f}"}
        line |= {name: f"{value:.4f}" for name, value in numbers.items()}
        self.records = []
        self.lines.append(line)
        temporary = self.path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(line), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.lines)
        os.replace(temporary, self.path)
        print(json.dumps(line), flush=True)


def _save(path: Path, step: int, seconds: float, *parts: Any) -> None:
    import torch

    names = ("network", "heads", "averaged", "optimizer")
    content = {name: part.state_dict() for name, part in zip(names, parts, strict=True)}
    temporary = path.with_suffix(".tmp")
    torch.save({"step": step, "seconds": seconds, **content}, temporary)
    os.replace(temporary, path)


def _resume(path: Path, *parts: Any) -> tuple[int, float]:
    import torch

    try:
        content = torch.load(path, weights_only=True)
        for name, part in zip(("network", "heads", "averaged", "optimizer"), parts, strict=True):
            part.load_state_dict(content[name])
        return int(content["step"]), float(content["seconds"])
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError):
        raise CheckpointError(
            "is not a state of this training", where=str(path), hint="remove it to start again"
        ) from None
