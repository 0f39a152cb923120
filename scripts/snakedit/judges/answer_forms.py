"""Answers in a form that a server enforces, which need no reading of prose.

The first request for a written answer asks for JSON by a schema (OpenAI's ``response_format``, which vLLM and
SGLang know too). A server that refuses it is tried once with a choice (vLLM's ``structured_outputs`` and, in
older versions, ``guided_choice``). One that ignores or refuses both is asked for text.
"""

import json
import re
import threading
from typing import Any

from snakedit.core.logs import LOGGER
from snakedit.judges.rubrics.rubric import Metric

JSON_SCHEMA, CHOICE, TEXT = "json_schema", "choice", "text"
# The user's own form of answers, in `extra`.
FIELDS_OF_FORMS = frozenset(
    (
        *("response_format", "structured_outputs", "guided_choice", "guided_json", "guided_regex"),
        *("guided_grammar", "regex", "json_schema", "ebnf", "tools", "tool_choice", "functions"),
    )
)
# Statuses with which a server says that it does not know a form, or fails at it.
STATUSES_OF_UNKNOWN_FORMS = frozenset((400, 404, 405, 415, 422, 500, 501))
_WANTS_A_REASON = re.compile(r"reason|explain|think|step by step|\bwhy\b|理由|原因|解释|思考", re.IGNORECASE)
# No answer to this is a choice by itself.
PROBE = [{"role": "user", "content": "Say hello."}]


def form_fields(form: str, metric: Metric) -> dict[str, Any]:
    """Return the fields of a request's body that ask for a form."""
    if form == JSON_SCHEMA:
        schema = {"name": "answer", "strict": True, "schema": _schema(metric)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    if form == CHOICE:
        return {"structured_outputs": {"choice": choices(metric)}, "guided_choice": choices(metric)}
    return {}


def choices(metric: Metric) -> list[str]:
    """Return the whole answers that there are to a question."""
    if metric.yes_no:
        return ["yes", "no"]
    return [str(number) for number in range(metric.low, metric.high + 1)]


def value_in_form(text: str, form: str, metric: Metric) -> float | None:
    """Return the value of an answer in a form, or None where it is not in that form or off the scale."""
    if form == CHOICE:
        said: Any = text.strip() if text.strip() in choices(metric) else None
    elif form == JSON_SCHEMA:
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            return None
        key = _key(metric)
        if not isinstance(answer, dict) or key not in answer or not set(answer) <= {"reason", key}:
            return None
        said = answer[key]
    else:
        return None
    if metric.yes_no:
        return {"yes": 1.0, "no": 0.0}.get(said) if isinstance(said, str) else None
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    if isinstance(said, str) and form != CHOICE:
        return None
    return float(said) if metric.low <= float(said) <= metric.high else None


class AnswerForms:
    """The form that one server takes, as far as it is known. Threads may share one."""

    def __init__(self, is_on: bool) -> None:
        """Begin with the schema, or with text for good."""
        self._form: str | None = None if is_on else TEXT
        self._lock = threading.Lock()

    @property
    def is_settled(self) -> bool:
        """Whether the server's form is known."""
        return self._form is not None

    def of(self, metric: Metric) -> str:
        """Return the form to ask an answer in."""
        form = self._form or JSON_SCHEMA
        # A choice has no room for a reason.
        return TEXT if form == CHOICE and wants_a_reason(metric) else form

    def settle(self, form: str) -> None:
        """Remember the server's form; the first word counts."""
        with self._lock:
            if self._form is None:
                self._form = form
                LOGGER.info("the server's written answers come as %s", form)


def wants_a_reason(metric: Metric) -> bool:
    """Whether any question of a metric speaks of reasons."""
    return any(_WANTS_A_REASON.search(text) for text in (metric.question, *metric.questions.values()))


def _key(metric: Metric) -> str:
    return "answer" if metric.yes_no else "score"


def _schema(metric: Metric) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "integer", "minimum": metric.low, "maximum": metric.high}
    if metric.yes_no:
        value = {"type": "string", "enum": choices(metric)}
    return {
        "type": "object",
        # The reason stands first, so that the answer can follow from it. OpenAI wants every key required.
        "properties": {"reason": {"type": ["string", "null"]}, _key(metric): value},
        "required": ["reason", _key(metric)],
        "additionalProperties": False,
    }
