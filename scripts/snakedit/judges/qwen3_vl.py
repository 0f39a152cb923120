"""Qwen3-VL as a judge: dense and mixture-of-experts checkpoints, in batches, two ways of reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from snakedit.config.params import FamilyParams
from snakedit.judges import local
from snakedit.judges.chat import Messages, chat_messages, shown_pictures
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings, Verdict, judge_carefully
from snakedit.judges.qwen3_vl_params import Qwen3VLParams
from snakedit.judges.reading.answers import Answer, verdict_of, weighed_answer, written_answer
from snakedit.judges.reading.expected import expected_number, expected_yes, leading_digits, whole_digits
from snakedit.judges.rubrics.rubric import Metric
from snakedit.judges.thinking import check_thinking, template_options, without_thinking
from snakedit.models.processors import hide_broken_torchvision, load_processor
from snakedit.models.weights import loaded_bytes

VISION_END = "<|vision_end|>"


@dataclass
class _Prefix:
    """The computed prefix that the questions of a round share: the images and their common first text."""

    cache: Any
    mask: Any
    next_position: Any
    length: int
    leads: list[str]


class Qwen3VL(Judge):
    """A Qwen3-VL checkpoint in transformers' layout."""

    Params: ClassVar[type[FamilyParams]] = Qwen3VLParams
    model_kind: ClassVar[str] = "checkpoint"
    needs_device: ClassVar[bool] = True
    execution_params: ClassVar[frozenset[str]] = frozenset({"attention", "device"})
    later_params: ClassVar[frozenset[str]] = frozenset({"min_pixels", "thinking"})
    params: Qwen3VLParams

    def __init__(
        self, model: str | None, params: Qwen3VLParams, device: str, settings: JudgeSettings
    ) -> None:
        super().__init__(model, params, device, settings)
        hide_broken_torchvision()
        from transformers import Qwen3VLProcessor

        assert model is not None
        local.check_scales(settings)
        processor, _ = load_processor(model, Qwen3VLProcessor)
        trial = self._chat(processor, [{"role": "user", "content": "?"}])
        check_thinking(trial, params.thinking, settings.reading, model)
        self.take(local.load_network(model, params.dtype, params.attention, device), processor)

    @classmethod
    def around(cls, network: Any, processor: Any, *rest: Any) -> "Qwen3VL":
        """Return a judge with a network built in memory; `rest` are its params, device and settings."""
        judge = cls.__new__(cls)
        Judge.__init__(judge, None, *rest)
        judge.take(network, processor)
        return judge

    def take(self, network: Any, processor: Any) -> None:
        """Judge with this network."""
        self.network, self.processor = network.eval(), processor
        self.tokenizer = processor.tokenizer
        # Right padding would put the answer after the padding.
        self.tokenizer.padding_side = "left"
        largest = self.params.max_pixels
        smallest = self.params.min_pixels or processor.image_processor.size["shortest_edge"]
        processor.image_processor.size = {"shortest_edge": min(smallest, largest), "longest_edge": largest}
        self._tokens = local.ScaleTokens(self.tokenizer)
        end = self.network.generation_config.eos_token_id
        self._ends = set(end if isinstance(end, list) else [end])

    @classmethod
    def weights(cls, model: str | None, params: Qwen3VLParams) -> int | None:
        """Return the bytes that the weights take once loaded, or None with ``device: single``."""
        assert model is not None
        return None if params.device == "single" else loaded_bytes(model, params.dtype)

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        """Judge one batch; out of memory halves it, and one that raises is judged one by one."""
        return judge_carefully(self._judge, requests, self.release_memory)

    def move_to(self, device: str) -> None:
        """Move the network."""
        super().move_to(device)
        self.network.to(device)

    def release_memory(self) -> None:
        """Empty the device's cache."""
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        import torch

        answers: list[dict[str, list[Answer]]] = [{} for _ in requests]
        largest = [0] * len(requests)
        with torch.inference_mode():
            for metrics, places in self._rounds(requests):
                part = [requests[place] for place in places]
                prefix = self._read_prefix(part, metrics)
                for metric in metrics:
                    for place, given in zip(places, self._ask(prefix, part, metric), strict=True):
                        answers[place][metric.name] = given
                        largest[place] = max(largest[place], len(places))
        return [
            verdict_of(self.settings.rubric, request.item, answered, size)
            for request, answered, size in zip(requests, answers, largest, strict=True)
        ]

    def _rounds(self, requests: Sequence[JudgeRequest]) -> list[tuple[list[Metric], list[int]]]:
        """Return metrics on the same images, and the places of the requests that are asked all of them."""
        rounds: dict[tuple[str, ...], tuple[list[Metric], list[int]]] = {}
        for place, request in enumerate(requests):
            due = self.settings.rubric.asked_of(request.item)
            for shows in dict.fromkeys(metric.shows for metric in due):
                metrics = [metric for metric in due if metric.shows == shows]
                round_ = rounds.setdefault(tuple(metric.name for metric in metrics), (metrics, []))
                round_[1].append(place)
        return list(rounds.values())

    def _read_prefix(self, requests: Sequence[JudgeRequest], metrics: Sequence[Metric]) -> _Prefix:
        """Compute the prefix of all these questions once: the images and, as a rule, the instruction."""
        texts, leads = [], []
        images: list[Any] = []
        for request in requests:
            prompts = [self._prompt(request, metric) for metric in metrics]
            leads.append(local.common_lead([after for _, after in prompts]))
            texts.append(prompts[0][0] + leads[-1])
            images.extend(image for _, image in shown_pictures(request, metrics[0].shows))
        inputs = self.processor(text=texts, images=images, padding=True, return_tensors="pt")
        inputs = inputs.to(self.network.device)
        output = self.network(**inputs, use_cache=True, logits_to_keep=1)
        mask = inputs["attention_mask"]
        # Image tokens share positions; the model keeps by how much the next position differs from the length.
        next_position = mask.sum(1, keepdim=True) + self.network.model.rope_deltas
        return _Prefix(output.past_key_values, mask, next_position, mask.shape[1], leads)

    def _prompt(self, request: JudgeRequest, metric: Metric) -> tuple[str, str]:
        """Return a prompt in two parts, cut behind its last image, where no token reaches across."""
        pictures = [(name, {"type": "image"}) for name, _ in shown_pictures(request, metric.shows)]
        prompt = self._chat(
            self.processor, chat_messages(self.settings.rubric, metric, request.item, pictures)
        )
        if self.params.thinking == "off":
            prompt = without_thinking(prompt)
        before, _, after = prompt.rpartition(VISION_END)
        return before + VISION_END, after

    def _chat(self, processor: Any, messages: Messages) -> str:
        return str(
            processor.apply_chat_template(
                messages,
                tokenize=False,
                add_generation_prompt=True,
                **template_options(self.params.thinking),
            )
        )

    def _ask(self, prefix: _Prefix, requests: Sequence[JudgeRequest], metric: Metric) -> list[list[Answer]]:
        """Put one question to each request; return its answers, one for each sample."""
        import torch

        questions = [
            self._prompt(request, metric)[1].removeprefix(lead)
            for request, lead in zip(requests, prefix.leads, strict=True)
        ]
        inputs = self.tokenizer(questions, add_special_tokens=False, padding=True, return_tensors="pt")
        inputs = inputs.to(self.network.device)
        mask = torch.cat([prefix.mask, inputs["attention_mask"]], dim=1)
        steps = inputs["attention_mask"].cumsum(1) - 1
        positions = prefix.next_position + steps.clamp(min=0)
        try:
            logits = self._step(prefix.cache, inputs["input_ids"], mask, positions)
            state = _State(mask, positions[:, -1:] + 1, logits)
            tokens = mask.sum(1).tolist()
            if self.settings.reading == "expected":
                return [[answer] for answer in self._expected(prefix.cache, state, metric, tokens)]
            length = prefix.cache.get_seq_length()
            drawn = []
            for sample in range(self.settings.samples):
                drawn.append(self._write(prefix.cache, state, metric, requests, sample, tokens))
                local.cut_cache(prefix.cache, length)
            return [list(answers) for answers in zip(*drawn, strict=True)]
        finally:
            local.cut_cache(prefix.cache, prefix.length)

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

    def _expected(self, cache: Any, state: "_State", metric: Metric, tokens: list[int]) -> list[Answer]:
        """Read the probabilities of the scale's numbers; those of two digits take one more step each."""
        import torch

        probabilities = state.logits.softmax(-1)
        if metric.yes_no:
            yes, no = (probabilities[:, ids].sum(1).tolist() for ids in (self._tokens.yes, self._tokens.no))
            return [self._weighed(*expected_yes(*row), n) for *row, n in zip(yes, no, tokens, strict=True)]
        first = probabilities[:, self._tokens.digits]
        seconds = {}
        length = cache.get_seq_length()
        for digit in leading_digits(metric.low, metric.high):
            token = torch.full_like(state.position, self._tokens.digits[digit])
            grown = torch.cat([state.mask, torch.ones_like(token)], dim=1)
            logits = self._step(cache, token, grown, state.position)
            seconds[digit] = logits.softmax(-1)[:, self._tokens.digits].tolist()
            local.cut_cache(cache, length)
        answers = []
        for place, row in enumerate(first.tolist()):
            followers = {digit: rows[place] for digit, rows in seconds.items()}
            value, mass = expected_number(row, followers, metric.low, metric.high)
            answers.append(self._weighed(value, mass, tokens[place]))
        return answers

    def _weighed(self, value: float | None, mass: float, tokens: int) -> Answer:
        return weighed_answer(value, mass, self.settings.min_scale_mass, tokens)

    def _write(
        self,
        cache: Any,
        state: "_State",
        metric: Metric,
        requests: Sequence[JudgeRequest],
        sample: int,
        tokens: list[int],
    ) -> list[Answer]:
        """Let the model write, greedily or drawing, until every answer has ended; read the numbers."""
        import torch

        seeds = [local.sample_seed(request.seed, metric.name, sample) for request in requests]
        pick = local.drawing(seeds, self.params.temperature) if self.settings.samples > 1 else local.greedy
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
        is_one_digit = self.params.max_new_tokens == 1 and not metric.yes_no
        whole = {self._tokens.digits[digit] for digit in whole_digits(metric.low, metric.high)}
        ended = [
            has_ended or (is_one_digit and ids[0] in whole)
            for has_ended, ids in zip(ended, written, strict=True)
        ]
        return [
            written_answer(text.strip(), metric, count + len(ids), is_cut=not has_ended)
            for text, count, ids, has_ended in zip(texts, tokens, written, ended, strict=True)
        ]


@dataclass(frozen=True)
class _State:
    """The state of a batch after its question: mask (B, L), next position (B, 1), logits (B, vocabulary)."""

    mask: Any
    position: Any
    logits: Any
