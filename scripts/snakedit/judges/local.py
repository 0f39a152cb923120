"""Shared by judges: special tokens, device placement, and the tokens that answer."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from snakedit.core.errors import ConfigError
from snakedit.judges.judge import JudgeSettings


class ScaleTokens:
    """The tokens that begin an answer: each digit, and yes and no in the ways they are written.

    Raises:
        ValueError: if a digit, or every spelling of yes or no, is more than one token.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.digits = [self._single(tokenizer, [str(digit)])[0] for digit in range(10)]
        self.yes = self._single(tokenizer, ["yes", "Yes", "YES"])
        self.no = self._single(tokenizer, ["no", "No", "NO"])

    @staticmethod
    def _single(tokenizer: Any, spellings: Sequence[str]) -> list[int]:
        tokens = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in spellings]
        singles = [int(ids[0]) for ids in tokens if len(ids) == 1]
        if not singles:
            raise ValueError(f"the tokenizer has no single token for '{spellings[0]}'")
        return singles


def check_scales(settings: JudgeSettings) -> None:
    """Refuse the `expected` reading of scales whose numbers have three digits.

    Raises:
        ConfigError: naming the metric.
    """
    for metric in settings.rubric.metrics:
        if settings.reading == "expected" and metric.high > 99:
            raise ConfigError(
                f"'{metric.name}' goes up to {metric.high}",
                where=f"rubric '{settings.rubric.name}'",
                allowed="99 with `reading: expected`",
                hint="or set `reading: generate`",
            )


def sample_seed(seed: int, metric: str, sample: int) -> int:
    """Return the seed of one draw, 0–2³²−1, so that no two draws of an item are the same by seed alone."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{metric}/{sample}".encode()).digest()[:4], "big")


def greedy(logits: Any) -> Any:
    """Return the likeliest token of each row (B,)."""
    return logits.argmax(-1)


def drawing(seeds: Sequence[int], temperature: float) -> Callable[[Any], Any]:
    """Return what draws a token for each row (B,), each with a generator of its own on the CPU."""
    import torch

    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def draw(logits: Any) -> Any:
        probabilities = (logits / temperature).softmax(-1).cpu()
        rows = zip(probabilities, generators, strict=True)
        return torch.cat([torch.multinomial(row, 1, generator=generator) for row, generator in rows])

    return draw


def common_lead(texts: Sequence[str]) -> str:
    """Return the whole lines that all texts begin with, so that something is left of each.

    Qwen's tokenizer takes line ends with the blanks before them, never with what follows: a text that is cut
    behind one, before anything but a blank, has the same tokens as the whole.
    """
    lines = zip(*(text.rstrip("\n").split("\n")[:-1] for text in texts), strict=False)
    lead = "".join(f"{same[0]}\n" for same in takewhile(lambda each: len(set(each)) == 1, lines))
    return "" if any(text[len(lead) :][:1].isspace() for text in texts) else lead


def placement(device: str) -> dict[str, Any]:
    """Return where transformers is to put a model: ``cuda:1``, ``auto``, or several as ``cuda:0,cuda:1``."""
    if "," not in device:
        return {"device_map": device}
    import torch

    places = [torch.device(name.strip()).index for name in device.split(",")]
    # Only what is named here is used: neither other devices nor the CPU.
    return {
        "device_map": "auto",
        "max_memory": {place: torch.cuda.mem_get_info(place)[0] for place in places},
    }


def cut_cache(cache: Any, length: int) -> None:
    """Cut a cache back to a length in tokens."""
    excess = cache.get_seq_length() - length
    if excess > 0:
        cache.crop(-excess)
