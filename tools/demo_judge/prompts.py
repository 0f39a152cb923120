"""The judge's tokenizer, and the product's own prompts in tokens, cut where the questions diverge."""

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from snakedit.core.records import Item
from snakedit.demo.checkpoints.tokenizer import CHAT_TEMPLATE, build_tokenizer
from snakedit.judges import local
from snakedit.judges.chat import PICTURE_NAMES, chat_messages
from snakedit.judges.qwen3_vl import VISION_END
from snakedit.judges.rubrics.rubric import Metric, Rubric
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.models.special_tokens import safe_text
from tools.demo_judge.wordings import corpus

RUBRIC = "viescore"
VOCABULARY_SIZE = 832
_PLACEHOLDER = "INSTRUCTION"
_SINGLE_TOKENS = ("system", "user", "assistant", '."\n')
IMAGE = "<|image_pad|>"


@dataclass(frozen=True)
class Prompt:
    """A prompt in tokens, with one image token for each image, however many cells it has.

    Attributes:
        before: up to and including the last image.
        lead: the first lines of the text, which the questions on the same images share.
        questions: the rest, one for each metric.
    """

    before: tuple[int, ...]
    lead: tuple[int, ...]
    questions: tuple[tuple[int, ...], ...]


def build_judge_tokenizer() -> Any:
    """Return a tokenizer that can spell any text and has the prompts' own sentences as single tokens.

    Prompts are then short enough for a small judge on a CPU. The judge has not learnt to read other rubrics.
    """
    tokenizer = build_tokenizer(VOCABULARY_SIZE, [*corpus(), *_SINGLE_TOKENS * 99])
    tokenizer.add_tokens(_sentences(load_rubric(RUBRIC)))
    return tokenizer


def _sentences(rubric: Rubric) -> list[str]:
    texts = [
        safe_text(rubric.system or ""),
        *(f"{PICTURE_NAMES[name]}: " for name in ("source", "edit")),
    ]
    for metric in rubric.metrics:
        question = rubric.question(metric, _item_with(_PLACEHOLDER))
        lead, placeholder, rest = question.rpartition(_PLACEHOLDER)
        texts += [lead, rest[2:]] if placeholder else [question]
    return [text for text in dict.fromkeys(texts) if text]


def metrics_showing(rubric: Rubric, *shows: str) -> list[Metric]:
    """Return the metrics whose questions show exactly these images."""
    return [metric for metric in rubric.metrics if metric.shows == shows]


class Prompts:
    """The rubric's prompts in tokens, cached by instruction."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.rubric = load_rubric(RUBRIC)
        self.pair = cache(partial(self._prompt, metrics_showing(self.rubric, "source", "edit")))
        self.single = cache(partial(self._prompt, metrics_showing(self.rubric, "edit")))
        self.digits = [tokenizer.convert_tokens_to_ids(str(digit)) for digit in range(10)]
        self.end = tokenizer.convert_tokens_to_ids("<|im_end|>")
        self.image = tokenizer.convert_tokens_to_ids(IMAGE)

    def _prompt(self, metrics: list[Metric], instruction: str = "") -> Prompt:
        parts = []
        for metric in metrics:
            pictures = [(PICTURE_NAMES[name], {"type": "image"}) for name in metric.shows]
            messages = chat_messages(self.rubric, metric, _item_with(instruction), pictures)
            whole = self.tokenizer.apply_chat_template(
                messages, chat_template=CHAT_TEMPLATE, tokenize=False, add_generation_prompt=True
            )
            parts.append(whole.rpartition(VISION_END))
        lead = local.common_lead([after for _, _, after in parts])
        before, _, _ = parts[0]
        return Prompt(
            self._tokens(before + VISION_END),
            self._tokens(lead),
            tuple(self._tokens(after.removeprefix(lead)) for _, _, after in parts),
        )

    def _tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def _item_with(instruction: str) -> Item:
    return Item("demo", "demo", ["source.png"], ["0" * 64], instruction)
