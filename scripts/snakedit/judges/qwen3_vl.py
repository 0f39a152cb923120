"""Qwen3-VL as a judge: dense and mixture-of-experts checkpoints, in batches, two ways of reading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, ClassVar

from PIL import Image

from snakedit.judges.base import Judge, JudgeRequest, JudgeSettings, Verdict, judge_carefully
from snakedit.judges.parsing import UnreadableReplyError, read_number
from snakedit.judges.rubric import Metric
from snakedit.runtime.processors import load_processor

DTYPES = ("auto", "bfloat16", "float16", "float32")
VISION_END = "<|vision_end|>"


@dataclass(frozen=True)
class Qwen3VLParams:
    """Parameters of `Qwen3VL`.

    Attributes:
        dtype: of the weights: one of `DTYPES`; `auto` is the checkpoint's own.
        max_pixels: of an image as the model sees it; larger ones are shrunk.
        max_new_tokens: of a written answer.
        temperature: of the draws, where `samples` is above 1.
        attention: transformers' attention implementation, such as sdpa or flash_attention_2.
    """

    dtype: str = "bfloat16"
    max_pixels: int = 1_048_576
    max_new_tokens: int = 64
    temperature: float = 0.7
    attention: str = "sdpa"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype '{self.dtype}' is not one of {', '.join(DTYPES)}")
        if self.max_pixels < 1024:
            raise ValueError("max_pixels must be 1024 or more")
        if self.max_new_tokens < 1 or self.temperature <= 0:
            raise ValueError("max_new_tokens must be 1 or more, temperature above 0")


@dataclass(frozen=True)
class _Answer:
    """One answer to one metric: its value, or why there is none; the reply as it is recorded."""

    value: float | None
    reply: dict[str, Any]
    tokens: int
    error: str | None = None


@dataclass
class _Prefix:
    """The computed images of a batch: what every question about them goes on from."""

    cache: Any
    mask: Any
    next_position: Any
    length: int


class Qwen3VL(Judge):
    """A Qwen3-VL checkpoint in transformers' layout."""

    Params: ClassVar[type] = Qwen3VLParams
    model_kind: ClassVar[str] = "checkpoint"
    needs_device: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"attention"})
    params: Qwen3VLParams

    def __init__(
        self, model: str | None, params: Qwen3VLParams, device: str, settings: JudgeSettings
    ) -> None:
        super().__init__(model, params, device, settings)
        from transformers import AutoModelForImageTextToText, Qwen3VLProcessor

        assert model is not None
        self.processor, _ = load_processor(model, Qwen3VLProcessor)
        self.tokenizer = self.processor.tokenizer
        # Right padding would put the answer after the padding.
        self.tokenizer.padding_side = "left"
        smallest = min(params.max_pixels, 32 * 32)
        self.processor.image_processor.size = {"shortest_edge": smallest, "longest_edge": params.max_pixels}
        self.network = AutoModelForImageTextToText.from_pretrained(
            model,
            dtype=params.dtype,
            device_map="auto" if device == "auto" else device,
            attn_implementation=params.attention,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        ).eval()
        self._digits = [self._token(str(digit)) for digit in range(10)]
        end = self.network.generation_config.eos_token_id
        self._ends = set(end if isinstance(end, list) else [end])

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        """Judge one batch; out of memory halves it, and one that raises is judged one by one."""
        return judge_carefully(self._judge, requests, self.release_memory)

    def release_memory(self) -> None:
        """Empty the device's cache."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        import torch

        answers: list[dict[str, list[_Answer]]] = [{} for _ in requests]
        with torch.inference_mode():
            for shows, metrics in self._metrics_by_images().items():
                prefix = self._read_images(requests, shows)
                for metric in metrics:
                    for place, answered in enumerate(self._ask(prefix, requests, metric)):
                        answers[place][metric.name] = answered
        return [self._verdict(answered, len(requests)) for answered in answers]

    def _metrics_by_images(self) -> dict[tuple[str, ...], list[Metric]]:
        groups: dict[tuple[str, ...], list[Metric]] = {}
        for metric in self.settings.rubric.metrics:
            groups.setdefault(metric.shows, []).append(metric)
        return groups

    def _read_images(self, requests: Sequence[JudgeRequest], shows: tuple[str, ...]) -> _Prefix:
        """Compute everything before the question once: it is the same for all metrics that show it."""
        texts, images = [], []
        for request in requests:
            shown = _shown(request, shows)
            texts.append(self._prompt(request, len(shown), "")[0])
            images.extend(shown)
        inputs = self.processor(text=texts, images=images, padding=True, return_tensors="pt")
        inputs = inputs.to(self.network.device)
        output = self.network(**inputs, use_cache=True, logits_to_keep=1)
        mask = inputs["attention_mask"]
        # Image tokens share positions; the model keeps by how much the next position differs from the length.
        next_position = mask.sum(1, keepdim=True) + self.network.model.rope_deltas
        return _Prefix(output.past_key_values, mask, next_position, mask.shape[1])

    def _prompt(self, request: JudgeRequest, images: int, question: str) -> tuple[str, str]:
        """Return a prompt in two parts, cut behind its last image, where no token reaches across."""
        rubric = self.settings.rubric
        system = rubric.system_prompt(request.item)
        parts: list[dict[str, str]] = [{"type": "image"}] * images
        messages = [
            *([{"role": "system", "content": [{"type": "text", "text": _plain(system)}]}] if system else []),
            {"role": "user", "content": [*parts, {"type": "text", "text": _plain(question)}]},
        ]
        text = self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        before, _, after = text.rpartition(VISION_END)
        return before + VISION_END, after

    def _ask(self, prefix: _Prefix, requests: Sequence[JudgeRequest], metric: Metric) -> list[list[_Answer]]:
        """Put one question to each request; return its answers, one for each sample."""
        import torch

        questions = [
            self._prompt(r, len(_shown(r, metric.shows)), self.settings.rubric.question(metric, r.item))[1]
            for r in requests
        ]
        asked = self.tokenizer(questions, add_special_tokens=False, padding=True, return_tensors="pt")
        asked = asked.to(self.network.device)
        mask = torch.cat([prefix.mask, asked["attention_mask"]], dim=1)
        steps = asked["attention_mask"].cumsum(1) - 1
        positions = prefix.next_position + steps.clamp(min=0)
        try:
            logits = self._step(prefix.cache, asked["input_ids"], mask, positions)
            state = _State(mask, positions[:, -1:] + 1, logits)
            tokens = mask.sum(1).tolist()
            if self.settings.reading == "expected":
                return [[answer] for answer in self._expected(prefix.cache, state, metric, tokens)]
            length = prefix.cache.get_seq_length()
            drawn = []
            for sample in range(self.settings.samples):
                drawn.append(self._write(prefix.cache, state, metric, requests, sample, tokens))
                _cut(prefix.cache, length)
            return [list(answers) for answers in zip(*drawn, strict=True)]
        finally:
            _cut(prefix.cache, prefix.length)

    def _step(self, cache: Any, tokens: Any, mask: Any, positions: Any) -> Any:
        """Run tokens behind a cache; return the logits (B, vocabulary) after the last, in float64."""
        output = self.network(
            input_ids=tokens,
            attention_mask=mask,
            # Text has the same position on all three axes: time, height, width.
            position_ids=positions[None].expand(3, -1, -1),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1].double()

    def _expected(self, cache: Any, state: "_State", metric: Metric, tokens: list[int]) -> list[_Answer]:
        """The probability-weighted mean over the scale's numbers.

        Qwen writes each digit as a token of its own. The probability of a number of two digits takes one
        more step; what is left of its first digit's, once no digit follows, is the single digit's.
        """
        import torch

        first = state.logits.softmax(-1)[:, self._digits]
        weights = dict(enumerate(first.unbind(1)))
        length = cache.get_seq_length()
        for digit in sorted({number // 10 for number in range(metric.low, metric.high + 1) if number > 9}):
            token = torch.full_like(state.position, self._digits[digit])
            grown = torch.cat([state.mask, torch.ones_like(token)], dim=1)
            second = self._step(cache, token, grown, state.position).softmax(-1)[:, self._digits]
            _cut(cache, length)
            weights[digit] = first[:, digit] * (1 - second.sum(1))
            for follower in range(10):
                weights[10 * digit + follower] = first[:, digit] * second[:, follower]
        numbers = [number for number in weights if metric.low <= number <= metric.high]
        on_scale = torch.stack([weights[number] for number in numbers], dim=1)
        mass = on_scale.sum(1)
        scale = torch.tensor(numbers, dtype=on_scale.dtype, device=on_scale.device)
        expected = (on_scale * scale).sum(1) / mass
        return [
            self._expected_answer(value, share, count)
            for value, share, count in zip(expected.tolist(), mass.tolist(), tokens, strict=True)
        ]

    def _expected_answer(self, value: float, mass: float, tokens: int) -> _Answer:
        reply = {"expected": value, "scale_mass": mass}
        if mass < self.settings.min_scale_mass:
            error = f"only {mass:.3f} of the probability lies on the scale"
            return _Answer(None, reply, tokens, error)
        return _Answer(value, reply, tokens)

    def _write(
        self,
        cache: Any,
        state: "_State",
        metric: Metric,
        requests: Sequence[JudgeRequest],
        sample: int,
        tokens: list[int],
    ) -> list[_Answer]:
        """Let the model write, greedily or drawing, until every answer has ended; read the numbers."""
        import torch

        pick = self._picker(requests, sample)
        mask, position, logits = state.mask, state.position, state.logits
        written: list[list[int]] = [[] for _ in requests]
        ended = [False] * len(requests)
        for _ in range(self.params.max_new_tokens):
            chosen = pick(logits)
            for place, token in enumerate(chosen.tolist()):
                ended[place] = ended[place] or token in self._ends
                if not ended[place]:
                    written[place].append(token)
            if all(ended):
                break
            token = chosen[:, None].to(position.device)
            mask = torch.cat([mask, torch.ones_like(token)], dim=1)
            logits = self._step(cache, token, mask, position)
            position = position + 1
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [
            _read(text.strip(), metric, count + len(ids))
            for text, count, ids in zip(texts, tokens, written, strict=True)
        ]

    def _picker(self, requests: Sequence[JudgeRequest], sample: int) -> Callable[[Any], Any]:
        import torch

        if self.settings.samples == 1:
            return lambda logits: logits.argmax(-1)
        generators = [
            torch.Generator("cpu").manual_seed((request.seed + sample) % 2**32) for request in requests
        ]

        def draw(logits: Any) -> Any:
            probabilities = (logits / self.params.temperature).softmax(-1).cpu()
            rows = zip(probabilities, generators, strict=True)
            return torch.cat([torch.multinomial(row, 1, generator=generator) for row, generator in rows])

        return draw

    def _verdict(self, answered: dict[str, list[_Answer]], batch_size: int) -> Verdict:
        values: dict[str, float | None] = {}
        spread: dict[str, float | None] = {}
        errors = []
        for name, answers in answered.items():
            errors += [f"{name}: {answer.error}" for answer in answers if answer.error]
            numbers = [answer.value for answer in answers if answer.value is not None]
            whole = len(numbers) == len(answers)
            values[name] = fmean(numbers) if whole else None
            spread[name] = stdev(numbers) if whole and len(numbers) > 1 else None
        return Verdict(
            status="unparsed" if errors else "ok",
            values=values,
            spread=spread,
            score=self.settings.rubric.score(values),
            replies={name: [answer.reply for answer in answers] for name, answers in answered.items()},
            batch_size=batch_size,
            tokens=sum(answer.tokens for answers in answered.values() for answer in answers),
            error="; ".join(errors) or None,
        )

    def _token(self, text: str) -> int:
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) != 1:
            raise ValueError(f"the tokenizer has no single token for '{text}'")
        return int(ids[0])


@dataclass(frozen=True)
class _State:
    """Where a batch stands after its question: mask (B, L), next position (B, 1), logits (B, vocabulary)."""

    mask: Any
    position: Any
    logits: Any


def _cut(cache: Any, length: int) -> None:
    """Forget what a cache holds beyond a length, in tokens."""
    excess = cache.get_seq_length() - length
    if excess > 0:
        cache.crop(-excess)


def _shown(request: JudgeRequest, shows: tuple[str, ...]) -> list[Image.Image]:
    images = {"source": request.sources, "edit": [request.edit]}
    return [image for name in shows for image in images[name]]


def _plain(text: str) -> str:
    """A stranger's text must not hold the model's special tokens."""
    return text.replace("<|", "< |")


def _read(text: str, metric: Metric, tokens: int) -> _Answer:
    try:
        return _Answer(read_number(text, metric.low, metric.high), {"text": text}, tokens)
    except UnreadableReplyError as error:
        return _Answer(None, {"text": text}, tokens, str(error))
