"""A judge behind a server that speaks OpenAI's protocol: vLLM, SGLang, or a hosted model."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from snakedit.config.params import FamilyParams
from snakedit.core.images import encode_within
from snakedit.judges import local
from snakedit.judges.answer_forms import (
    CHOICE,
    FIELDS_OF_FORMS,
    JSON_SCHEMA,
    PROBE,
    STATUSES_OF_UNKNOWN_FORMS,
    TEXT,
    AnswerForms,
    form_fields,
    value_in_form,
    wants_a_reason,
)
from snakedit.judges.chat import Messages, chat_messages, shown_pictures
from snakedit.judges.judge import Judge, JudgeRequest, JudgeSettings, Verdict
from snakedit.judges.openai_compatible_params import OpenAICompatibleParams
from snakedit.judges.reading.answers import Answer, total_tokens, verdict_of, weighed_answer, written_answer
from snakedit.judges.reading.completions import refusal_in, reply_text, was_cut
from snakedit.judges.reading.token_probabilities import (
    Tokens,
    ambiguous_digits,
    expected_from_tokens,
    expected_yes_from_tokens,
    token_positions,
)
from snakedit.judges.rubrics.rubric import Metric
from snakedit.judges.thinking import check_thinking
from snakedit.runtime.servers.address import Server
from snakedit.runtime.servers.errors import EndpointError, RefusedError
from snakedit.runtime.servers.openai_client import Endpoint, Response
from snakedit.runtime.servers.params import EXECUTION_PARAMS

NO_LOGPROBS = "the server tells no probabilities of its tokens; set `reading: generate`"
MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}


class OpenAICompatible(Judge):
    """A model behind ``/v1/chat/completions``. Its `model` is the name that the server knows it by."""

    Params: ClassVar[type[FamilyParams]] = OpenAICompatibleParams
    model_kind: ClassVar[str] = "endpoint"
    execution_params: ClassVar[frozenset[str]] = EXECUTION_PARAMS
    later_params: ClassVar[frozenset[str]] = frozenset({"structured", "thinking"})
    params: OpenAICompatibleParams

    def __init__(
        self, model: str | None, params: OpenAICompatibleParams, device: str, settings: JudgeSettings
    ) -> None:
        super().__init__(model, params, device, settings)
        local.check_scales(settings)
        check_thinking("", params.thinking, settings.reading, model or "")
        self._endpoint = Endpoint(params)
        self._has_logprobs: bool | None = None
        self.forms = AnswerForms(params.structured and not FIELDS_OF_FORMS & set(params.extra))

    @classmethod
    def server(cls, params: OpenAICompatibleParams) -> Server:
        """Return the server."""
        return params.server()

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        """Judge edits one after the other; one that the server gives no answer to is `failed`."""
        return [_Judging(self, request).verdict() for request in requests]

    def chat(self, messages: Messages, fields: Mapping[str, Any], is_trial: bool = False) -> Response:
        """Ask for one completion; fields of the configuration's `extra` come before these.

        Args:
            is_trial: as for `Endpoint.ask`.

        Raises:
            RefusedError: if a content filter left none.
            EndpointError: if there is none.
        """
        body = {"model": self.model, "messages": messages, **self.params.body(fields)}
        response = self._endpoint.post("/chat/completions", body, is_trial)
        choices = response.data.get("choices")
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
            refusal = refusal_in(response.data)
            error = (
                RefusedError(f"the server refused: {refusal}")
                if refusal
                else EndpointError("the server's answer holds no choice")
            )
            error.requests = response.requests
            raise error
        return response

    def note_logprobs(self, has_any: bool) -> None:
        """Remember whether the server has ever reported probabilities."""
        self._has_logprobs = has_any or bool(self._has_logprobs)

    @property
    def lacks_logprobs(self) -> bool:
        """Whether it has answered, and never reported any."""
        return self._has_logprobs is False


class _Judging:
    """One edit: its images, encoded once, and what was answered so far."""

    def __init__(self, judge: OpenAICompatible, request: JudgeRequest) -> None:
        self._judge, self._request = judge, request
        self._params, self._settings = judge.params, judge.settings
        self._urls: dict[int, str] = {}
        self._versions: dict[str, str] = {}

    def verdict(self) -> Verdict:
        """Ask every metric's question, and stop at the first that gets no answer from the server."""
        rubric, item = self._settings.rubric, self._request.item
        answered: dict[str, list[Answer]] = {}
        for metric in rubric.asked_of(item):
            answers = answered.setdefault(metric.name, [])
            try:
                for sample in range(self._settings.samples if self._settings.reading == "generate" else 1):
                    answers.append(self._answer(metric, sample))
            except EndpointError as error:
                given = [answer for answers in answered.values() for answer in answers]
                return Verdict(
                    "failed",
                    replies={
                        name: [answer.reply for answer in answers] for name, answers in answered.items()
                    },
                    batch_size=1,
                    tokens=total_tokens(given),
                    requests=sum(answer.requests for answer in given) + error.requests,
                    error=f"{type(error).__name__}: {metric.name}: {error}",
                    versions=self._versions,
                )
        return replace(verdict_of(rubric, item, answered, batch_size=1), versions=self._versions)

    def _answer(self, metric: Metric, sample: int) -> Answer:
        messages = self._messages(metric)
        try:
            if self._settings.reading == "expected":
                return self._expected(messages, metric)
            return self._written(messages, metric, sample)
        except RefusedError as error:
            return Answer(None, {"refusal": error.what}, 0, error.what, refused=True, requests=error.requests)

    def _messages(self, metric: Metric) -> Messages:
        pictures = [
            (name, {"type": "image_url", "image_url": {"url": self._url(image)}})
            for name, image in shown_pictures(self._request, metric.shows)
        ]
        return chat_messages(self._settings.rubric, metric, self._request.item, pictures)

    def _url(self, image: Any) -> str:
        if id(image) not in self._urls:
            kind = self._params.image_format
            data = encode_within(image, self._params.max_side, self._params.max_bytes, kind.upper())
            self._urls[id(image)] = f"data:{MEDIA_TYPES[kind]};base64,{base64.b64encode(data).decode()}"
        return self._urls[id(image)]

    def _written(self, messages: Messages, metric: Metric, sample: int) -> Answer:
        draws = self._settings.samples > 1
        fields: dict[str, Any] = {
            "max_completion_tokens": self._params.max_tokens,
            "temperature": self._params.temperature if draws else 0.0,
        }
        if draws:
            fields["seed"] = local.sample_seed(self._request.seed, metric.name, sample)
        response, form, earlier = self._formed(messages, fields, metric)
        choice, refused = self._read(response)
        if refused is not None:
            return replace(refused, requests=refused.requests + earlier)
        text, is_cut = reply_text(choice), was_cut(choice)
        value = value_in_form(text, form, metric)
        if not self._judge.forms.is_settled and not is_cut:
            self._judge.forms.settle(form if value is not None else TEXT)
        if value is not None:
            self._versions["answer_form"] = form
            answer = Answer(value, {"text": text}, _tokens(response))
        else:
            answer = written_answer(text, metric, _tokens(response), is_cut)
        if answer.error and is_cut:
            answer = replace(answer, error=f"{answer.error}; cut off at its longest (max_tokens)")
        return replace(answer, requests=response.requests + earlier)

    def _formed(
        self, messages: Messages, fields: dict[str, Any], metric: Metric
    ) -> tuple[Response, str, int]:
        """Ask in the server's form, or in text where it refuses that.

        Returns:
            The response, the form it was asked in, and how many requests came before.
        """
        forms, requests = self._judge.forms, 0
        form = forms.of(metric)
        while True:
            try:
                asked = {**fields, **form_fields(form, metric)}
                return self._judge.chat(messages, asked, is_trial=form != TEXT), form, requests
            except EndpointError as error:
                error.requests += requests
                if form == TEXT or error.status not in STATUSES_OF_UNKNOWN_FORMS:
                    raise
                requests = error.requests
            is_trying = form == JSON_SCHEMA and not forms.is_settled and not wants_a_reason(metric)
            form = TEXT
            if is_trying:
                takes_choices, probes = self._takes_choices(fields, metric)
                form, requests = CHOICE if takes_choices else TEXT, requests + probes

    def _takes_choices(self, fields: dict[str, Any], metric: Metric) -> tuple[bool, int]:
        """Whether the server holds an answer to a choice, and the requests of the probe."""
        try:
            response = self._judge.chat(PROBE, {**fields, **form_fields(CHOICE, metric)}, is_trial=True)
        except EndpointError as error:
            return False, error.requests
        text = reply_text(response.data["choices"][0])
        return value_in_form(text, CHOICE, metric) is not None, response.requests

    def _expected(self, messages: Messages, metric: Metric) -> Answer:
        if self._judge.lacks_logprobs:
            # Further requests would cost and give nothing.
            return Answer(None, {}, 0, NO_LOGPROBS)
        response = self._judge.chat(messages, self._probing(2))
        choice, refused = self._read(response)
        if refused is not None:
            return refused
        positions = token_positions(choice)
        self._judge.note_logprobs(bool(positions))
        if not positions:
            return Answer(None, {}, _tokens(response), NO_LOGPROBS, requests=response.requests)
        responses = [response]
        followers: dict[int, Tokens] = {}
        unknown: list[int] = []
        if metric.yes_no:
            value, mass = expected_yes_from_tokens(positions[0])
        else:
            unknown = ambiguous_digits(positions, metric.low, metric.high)
            for digit in unknown if self._params.continue_final_message else []:
                begun = [*messages, {"role": "assistant", "content": str(digit)}]
                more = {"continue_final_message": True, "add_generation_prompt": False}
                try:
                    responses.append(self._judge.chat(begun, {**self._probing(1), **more}))
                except EndpointError as error:
                    error.requests += sum(response.requests for response in responses)
                    raise
                following = token_positions(self._read(responses[-1])[0])
                if following:
                    followers[digit] = following[0]
            value, mass = expected_from_tokens(positions, followers, metric.low, metric.high)
        tokens = [_tokens(response) for response in responses]
        total = None if None in tokens else sum(filter(None, tokens))
        answer = weighed_answer(value, mass, self._settings.min_scale_mass, total)
        if answer.error and unknown and not followers:
            answer = replace(answer, error=f"{answer.error}; {_remedy(unknown, self._params)}")
        return replace(answer, requests=sum(response.requests for response in responses))

    def _probing(self, tokens: int) -> dict[str, Any]:
        return {
            "max_completion_tokens": tokens,
            "temperature": 0.0,
            "logprobs": True,
            "top_logprobs": self._params.top_logprobs,
        }

    def _read(self, response: Response) -> tuple[dict[str, Any], Answer | None]:
        """Return the first choice, and the answer that it is if the model or its filter declined."""
        choice = response.data["choices"][0]
        served = response.data.get("model")
        if isinstance(served, str):
            self._versions["served_model"] = served
        refusal = refusal_in(response.data)
        if refusal is None:
            return choice, None
        reply = {"refusal": refusal, "text": reply_text(choice)}
        return choice, Answer(
            None, reply, _tokens(response), f"the judge declined: {refusal[:80]}", True, response.requests
        )


def _tokens(response: Response) -> int | None:
    usage = response.data.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else None


def _remedy(digits: Sequence[int], params: OpenAICompatibleParams) -> str:
    """How to learn what a server does not tell."""
    what = f"the server does not tell what follows {' or '.join(map(str, digits))}"
    if params.continue_final_message:
        return f"{what}; set `reading: generate`"
    return f"{what}; set continue_final_message (vLLM, SGLang), or `reading: generate`"
