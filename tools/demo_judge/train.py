"""Training of the demo judge: one thread, fixed seeds, a checkpoint and a log as it goes."""

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
from tools.demo_judge.losses import build_heads, losses
from tools.demo_judge.network import build_network, compile_layers, make_fast
from tools.demo_judge.pictures import load_pictures
from tools.demo_judge.prompts import Prompts, build_judge_tokenizer
from tools.demo_judge.samples import Sampler

WARM_UP = 200
EXAMINED = 128


@dataclass(frozen=True)
class Schedule:
    """How long and how fast is learnt.

    Attributes:
        steps: updates in all.
        batch: edits an update, each asked about in two instructions.
        rate: the highest learning rate.
        average: steps over which the shipped weights are averaged.
        every: steps between two states and lines of the log.
        stop: a step to stop at before the end, to go on from.
    """

    steps: int = 10000
    batch: int = 16
    rate: float = 1e-3
    average: int = 300
    every: int = 250
    stop: int | None = None


def train(folder: Path, photos: Sequence[Path], schedule: Schedule) -> Any:
    """Train, or go on from the state in a folder; return the averaged network.

    Args:
        folder: where the state and ``log.csv`` are kept.
        photos: folders of photos beside scikit-image's own.
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
    pictures = load_pictures(photos, held_out=False)
    held_out = load_pictures(photos, held_out=True)
    log = _Log(folder / "log.csv", done)
    begun = time.monotonic() - seconds
    last = schedule.steps if schedule.stop is None else schedule.stop
    for step in range(done + 1, last + 1):
        # Each step draws from a seed of its own, so that going on is the same as never having stopped.
        sampler = Sampler(pictures, step)
        batch = make_batch(sampler.draw_batch(schedule.batch), prompts, Random(step))
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * _share(step, schedule.steps)
        with torch.autocast("cpu", torch.bfloat16):
            told = losses(network, heads, batch, prompts)
        loss = told["said"] + told["expected"] + _help(step, schedule.steps) * told["seen"]
        optimizer.zero_grad()
        loss.backward()
        parameters = [*network.parameters(), *heads.parameters()]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        _average(averaged, network, min(1 - 1 / schedule.average, step / (step + 10)))
        log.note(told)
        if step % schedule.every == 0 or step == last:
            log.write(step, time.monotonic() - begun, examine(averaged, held_out, prompts))
            _save(state, step, time.monotonic() - begun, network, heads, averaged, optimizer)
    return averaged


def _groups(network: Any, heads: Any) -> list[dict[str, Any]]:
    parameters = [*network.parameters(), *heads.parameters()]
    matrices = [p for p in parameters if p.ndim > 1]
    rest = [p for p in parameters if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}]


def _share(step: int, steps: int) -> float:
    """Warm-up, then a cosine down to nothing."""
    if step < WARM_UP:
        return step / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / max(1, steps - WARM_UP))) + 1e-3


def _help(step: int, steps: int) -> float:
    """How much the heads count: less and less."""
    return 1.0 - 0.7 * step / steps


def _average(averaged: Any, network: Any, keep: float) -> None:
    import torch

    with torch.no_grad():
        for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)


def examine(network: Any, held_out: Any, prompts: Prompts) -> dict[str, float]:
    """Return, on held-out photos and wordings, how well expected marks correlate with the true ones."""
    import torch

    sampler = Sampler(held_out, seed=-1, held_out=True)
    heads = build_heads(network.config.text_config.hidden_size)
    values: dict[str, list[np.ndarray]] = {"pairs": [], "singles": []}
    for number in range(EXAMINED // 32):
        batch = make_batch(sampler.draw_batch(32), prompts, Random(number))
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            told = losses(network, heads, batch, prompts)["values"].numpy()
        count = len(batch.pairs.marks)
        values["pairs"].append(told[:count])
        values["singles"].append(told[count:])
    pairs, singles = (np.concatenate(values[name]) for name in ("pairs", "singles"))
    parts = {
        **{"success": pairs[0::2], "overediting": pairs[1::2]},
        **{"naturalness": singles[0::2], "artefacts": singles[1::2]},
    }
    return {name: float(np.corrcoef(part.T)[0, 1]) for name, part in parts.items()}


class _Log:
    """Means since the last line, written as CSV; lines behind the step gone on from are dropped."""

    def __init__(self, path: Path, done: int) -> None:
        self.path = path
        self.told: list[dict[str, float]] = []
        old = list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []
        self.lines = [line for line in old if int(line["step"]) <= done]

    def note(self, told: dict[str, Any]) -> None:
        value = told["values"]
        self.told.append(
            {
                **{name: float(told[name].detach()) for name in ("said", "expected", "seen")},
                "error": float((value[:, 0] - value[:, 1]).abs().mean()),
                **told["parts"],
            }
        )

    def write(self, step: int, seconds: float, examined: dict[str, float]) -> None:
        means = {name: float(np.mean([told[name] for told in self.told])) for name in self.told[0]}
        numbers = {**means, **{f"r_{name}": value for name, value in examined.items()}}
        line = {"step": str(step), "seconds": f"{seconds:.0f}"}
        line |= {name: f"{value:.4f}" for name, value in numbers.items()}
        self.told = []
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
            "is no state of this training", where=str(path), hint="remove it to begin anew"
        ) from None
