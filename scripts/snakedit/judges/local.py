"""Shared by judges: loading a network onto its devices, and the tokens that answer."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

from snakedit.core.errors import CheckpointError, ConfigError
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


def load_network(model: str, dtype: str, attention: str, device: str) -> Any:
    """Load a vision-language network from a local folder.

    The patches of a picture do not overlap, so one matrix product computes what the checkpoint's 3-D
    convolution does. In bfloat16 that takes seconds on H100 and newer (pytorch #174051).

    Args:
        dtype: torch's name of the weights' type, or ``auto``.
        attention: transformers' name of an implementation.
        device: see `placement`.

    Raises:
        CheckpointError: if weights are missing, which transformers would draw at random.
    """
    from transformers import AutoConfig, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(model, local_files_only=True, trust_remote_code=False)
    with _fusion_undone(config.model_type):
        network, loading = AutoModelForImageTextToText.from_pretrained(
            model,
            config=config,
            dtype=dtype,
            **placement(device),
            attn_implementation=attention,
            fusion_config={"patch_embeddings": True},
            output_loading_info=True,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    missing = sorted(loading["missing_keys"])
    if missing:
        raise CheckpointError(
            f"lacks {len(missing)} of its network's weights, such as {missing[0]}",
            where=model,
            hint="download the checkpoint again",
        )
    return network


@contextmanager
def _fusion_undone(model_type: str) -> Iterator[None]:
    """Undo afterwards what `fusion_config` changes for all networks of this type that the process makes."""
    from transformers import conversion_mapping, monkey_patching

    patches = monkey_patching.get_patch_mapping()
    conversions = conversion_mapping.get_checkpoint_conversion_mapping(model_type)
    try:
        yield
    finally:
        added = [name for name in monkey_patching.get_patch_mapping() if name not in patches]
        monkey_patching.unregister_patch_mapping(added)
        conversion_mapping.register_checkpoint_conversion_mapping(
            model_type, conversions or [], overwrite=True
        )


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
