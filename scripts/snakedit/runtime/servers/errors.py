"""What a server says went wrong: its error in whatever shape, told by status, code, type or words.

Servers with OpenAI's protocol agree on the shape of an answer and on little of an error's. Proxies
(OpenRouter, LiteLLM) tell errors within HTTP 200 and wrap those of others, Google's server sends a list,
vLLM's older ones an object without ``error``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from snakedit.core.errors import SnakeditError

_MAX_WORDS, _MAX_SHOWN = 2000, 300
_MAX_DEPTH = 5


class EndpointError(SnakeditError):
    """The server gave no usable answer; `requests` counts the attempts.

    `status` is the HTTP status that the server told, or None where it told none. `is_hopeless` is whether
    every other request would fail too.
    """

    requests = 0
    status: int | None = None
    is_hopeless = False


class RefusedError(EndpointError):
    """The server's content filter refused the request or its answer."""


class BrokenAnswerError(EndpointError):
    """The server's answer did not arrive whole. Another request may get one."""


class UnboundedAnswerError(EndpointError):
    """The server's answer is longer than `max_answer_mb`, or than its parts may be."""


class RedirectError(EndpointError):
    """The server sends requests to another host, port or scheme."""


# Codes, types and reasons to finish, without what is no letter or digit, of content filters: OpenAI and
# Azure (contentfilter, contentpolicyviolation, moderationblocked, responsibleaipolicyviolation), Google
# (safety, prohibitedcontent, recitation …), Anthropic (refusal), Alibaba (datainspectionfailed), ByteDance
# (…sensitivecontentdetected), Zhipu (1301, sensitive), MiniMax (newsensitive), Amazon (guardrail…),
# Stability (contentmoderation), StepFun (censorshipblocked).
_REFUSAL_CODE = re.compile(
    r"contentfilter(?!error)|contentpolic|contentmoderat|contentblocked|contentviolation|unsafecontent"
    r"|moderationblocked|responsibleai|datainspectionfailed|sensitivecontent|newsensitive|censor"
    r"|prohibitedcontent|imagesafety|guardrailintervened|blockedprompt|promptblocked|nsfw"
    r"|\A(?:safety|blocklist|recitation|spii|refusal|refused|sensitive|moderated|flagged|1301|102[67])\Z"
)
# The same where only the message tells it.
_REFUSAL_WORDS = re.compile(
    r"content[ _]?(?:management |usage |safety )?(?:polic(?:y|ies)|guidelines|filter|moderation)"
    r"|(?:requires?|our|failed|image|prompt|input|output|safety) moderation"
    r"|\b(?:been|was|were|is|are|content|request|prompt|image|input|output)(?: been)? (?:moderated|flagged)\b"
    r"|safety (?:system|filter|check|polic|guideline|reasons?)|safety_check|responsible[ _]?ai"
    r"|usage (?:polic(?:y|ies)|guidelines)|violat\w* [^.]{0,60}(?:polic(?:y|ies)|guidelines|terms)"
    r"|(?:inappropriate|prohibited|unsafe|harmful|sensitive|explicit) (?:content|information|words?|material)"
    r"|contains? (?:sensitive|inappropriate|nsfw)|new_sensitive|\bnsfw\b|content exists risk"
    r"|considered high risk|data[ _]?inspection[ _]?failed|moderation[ _]blocked|sensitive ?content|censor"
    r"|blocked by (?:our |the )?(?:safety|content|guard)"
    r"|may be unfit|敏感|违规|不合规|不安全|内容安全|安全审核|涉黄|涉政",
    re.IGNORECASE,
)
# What speaks of a filter's settings, or of who asks, is no word on the content.
_NOT_OF_CONTENT = re.compile(
    r"(?:unknown|unrecogni[sz]ed|unsupported|unexpected|invalid|missing)"
    r" (?:parameter|argument|field|value|key)"
    r"|extra inputs? (?:is|are) not permitted|\b(?:your|this|the) (?:account|organi[sz]ation|project)\b"
    r"|\b(?:suspended|deactivated|api key (?:is|was|has))\b",
    re.IGNORECASE,
)
_STATUSES_OF_FILTERS = (400, 403, 406, 422, 451)

# After these errors every other request would fail too.
_HOPELESS_STATUSES = (401, 402, 404)
_HOPELESS_CODE = re.compile(
    r"insufficient\w*(?:quota|balance|funds|credit)|arrear|billing(?:hard)?limit|invalidapikey"
    r"|incorrectapikey|accountdeactivated|modelnotfound|deploymentnotfound"
)
_RETRIED_STATUSES = (408, 409, 425, 429)
# The status of an error within HTTP 200, by its code or type, else by its words; the first that fits.
_STATUS_OF_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), status)
    for words, status in (
        (r"invalid_?api_?key|incorrect_?api_?key|authenticat|unauthori[sz]ed|unauthenticated", 401),
        (r"insufficient_?\w*_?(?:quota|balance|funds|credit)|arrear|billing_?hard_?limit", 402),
        (r"rate_?limit|too_?many_?requests|resource_?exhausted|throttl|overloaded|too_?busy", 429),
        (r"time_?out|timed_?out|deadline_?exceeded", 408),
        (r"(?:model|deployment)_?not_?found|not_?found_?error|model_?\S{0,80}_?does_?not_?exist", 404),
        (r"permission_?denied|forbidden", 403),
        (r"invalid_?(?:request|argument|parameter|prompt)|bad_?request|context_?length|unprocessable", 400),
    )
)
_UNKNOWN_FAULT = 502


@dataclass(frozen=True)
class ToldError:
    """An error that a server told.

    Attributes:
        status: of HTTP; for an error within 200 the one that its code stands for.
        codes: its codes and types, in letters and digits alone.
        words: its messages, in one line.
        code: the first of its codes, for messages, of an error within HTTP 200.
    """

    status: int
    codes: frozenset[str] = field(default_factory=frozenset)
    words: str = "no reason given"
    code: str | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether a content filter speaks: by a code, or on certain statuses by its words."""
        if any(_REFUSAL_CODE.search(code) for code in self.codes):
            return True
        return (
            self.status in _STATUSES_OF_FILTERS
            and _REFUSAL_WORDS.search(self.words) is not None
            and _NOT_OF_CONTENT.search(self.words) is None
        )

    @property
    def is_hopeless(self) -> bool:
        """Whether every other request would fail too."""
        return self.status in _HOPELESS_STATUSES or any(_HOPELESS_CODE.search(code) for code in self.codes)

    @property
    def is_retried(self) -> bool:
        """Whether another attempt may succeed."""
        fault = self.status in _RETRIED_STATUSES or self.status >= 500
        return fault and not (self.is_hopeless or self.is_refusal)

    @property
    def shown(self) -> str:
        """The beginning of its words."""
        return self.words[:_MAX_SHOWN]

    def __str__(self) -> str:
        return f"{self.status if self.code is None else f'200 with {self.code}'}: {self.shown}"


def told_error(status: int, answer: Any, text: str = "") -> ToldError | None:
    """Return the error that a server told, or None if its answer is none.

    Args:
        status: of HTTP.
        answer: the body's JSON, of any type; None where it is no JSON.
        text: the body's beginning, for a body that is no JSON.
    """
    if status >= 400:
        found = _error_of(answer)
        return _told(status, answer if found is None and answer is not None else found, text)
    found = _error_of(answer)
    return None if found is None else _told(None, found, text)


def is_filters_word(word: Any) -> bool:
    """Whether a reason to finish, or another of a server's single words, is a content filter's."""
    return isinstance(word, str) and _REFUSAL_CODE.search(_plain(word)) is not None


def _told(status: int | None, error: Any, text: str) -> ToldError:
    codes: list[str] = []
    words: list[str] = []
    for kind, value in _parts(error):
        (codes if kind == "code" else words).append(value)
    # A wrapped error is told once more by its wrapper.
    message = " ".join(" ".join(dict.fromkeys(words)).split()) or " ".join(text.split())
    plain = frozenset(filter(None, map(_plain, codes)))
    shown = (message or ", ".join(dict.fromkeys(codes)) or "no reason given")[:_MAX_WORDS]
    if status is not None:
        return ToldError(status, plain, shown)
    code = f"error {codes[0]}"[:80] if codes else "an error"
    return ToldError(_status_within(codes, message), plain, shown, code)


def _error_of(answer: Any) -> Any:
    """Return the part of an answer that is an error, or None."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0] if isinstance(answer[0], Mapping) and "error" in answer[0] else None
    if not isinstance(answer, Mapping):
        return None
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, Mapping) and first.get("error"):
        return first["error"]
    if answer.get("error") and not ((first or answer.get("data")) and _is_success(answer["error"])):
        return answer["error"]
    if isinstance(first, Mapping) and first.get("finish_reason") == "error":
        return "the answer ended in an error"
    if first or answer.get("data"):
        return None
    status = answer.get("base_resp")
    if isinstance(status, Mapping) and status.get("status_code"):
        return status
    if answer.get("object") == "error" or any(answer.get(key) for key in _KEYS_OF_BARE_ERRORS):
        return answer
    return None


_KEYS_OF_BARE_ERRORS = ("message", "detail", "errors", "error_code", "error_msg")
_KEYS_OF_CODES = ("code", "type", "status", "error_code", "status_code", "reason", "finish_reason", "name")
_KEYS_OF_WORDS = ("message", "detail", "raw", "error_msg", "status_msg", "msg")
_KEYS_OF_PARTS = ("error", "errors", "innererror", "inner_error", "metadata", "details", "cause")


def _is_success(error: Any) -> bool:
    code = error.get("code") if isinstance(error, Mapping) else error
    return code in (0, "0", 200, "200", "success", "ok", "OK")


def _parts(error: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield ("code" or "words", text) of an error and what it wraps."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(error, str):
        inner = list(_parts(_json_object(error), depth + 1))
        yield from inner or [("words", error)]
    elif isinstance(error, list):
        for part in error[:5]:
            yield from _parts(part, depth + 1)
    elif isinstance(error, Mapping):
        for key in _KEYS_OF_CODES:
            if isinstance(error.get(key), str | int):
                yield "code", str(error[key])
        for key in _KEYS_OF_WORDS:
            if isinstance(error.get(key), Mapping | list):
                inner = list(_parts(error[key], depth + 1))
                yield from inner or [("words", json.dumps(error[key], ensure_ascii=False)[:_MAX_WORDS])]
            elif error.get(key) is not None:
                yield from _parts(str(error[key]), depth + 1)
        for key in _KEYS_OF_PARTS:
            if error.get(key):
                yield from _parts(error[key], depth + 1)


def _json_object(text: str) -> Any:
    """Return the object that a text is, as a proxy repeats a provider's answer; else None."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _status_within(codes: list[str], message: str) -> int:
    for code in codes:
        if code.isascii() and code.isdigit() and 400 <= int(code[:4]) < 600:
            return int(code[:4])
    for text in (*codes, message):
        spelled = re.sub(r"[\s.-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text[:_MAX_WORDS]))
        for words, status in _STATUS_OF_WORDS:
            if words.search(spelled):
                return status
    return _UNKNOWN_FAULT


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word[:200].lower())
