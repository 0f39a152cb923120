"""Read one answer from a written reply. An ambiguous reply is not read.

The reasoning is taken off. What stands in tags, in objects, in a table, in whole lines and sentences is
collected, and all of it must agree. An answer is read only where it is one by its form, so that no number
of the reasoning, of the rubric or of a text in the picture is taken for it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from snakedit.judges.reading.answer_keys import key_rank, rank_within, scale_top
from snakedit.judges.reading.forms import NUMBER, YES_NO, AnswerKind, ReadAnswer
from snakedit.judges.reading.objects import ReplyObject, ReplyPairs, ReplyScalar, ReplyValue, reply_objects
from snakedit.judges.reading.prose import answers_in, lines_of, table_pairs
from snakedit.judges.reading.reasoning import CLOSED, without_reasoning


class UnreadableReplyError(ValueError):
    """The reply holds no answer, or more than one, or one that is off the scale."""


class RefusedReplyError(UnreadableReplyError):
    """The judge declined to answer."""


# In characters. Longer than any reply with its reasoning.
LONGEST_REPLY = 131_072

_ACTS = (
    r"(?:assist|help|rate|score|judge|evaluate|assess|grade|comply|answer|provide|process|fulfil+"
    r"|(?:see|view|open|access)\s+(?:the|this|these|any|your)?\s*(?:image|picture|photo))"
)
_REFUSAL = re.compile(
    r"(?:^\W*|[.!?]\s+|\b(?:I|we)(?:'m|\s+am|'re|\s+are)?\s+|\bsorry\b\W*)(?:simply\s+|just\s+)?"
    r"(?:can(?:'t|not)|can\s+not|(?:un|not\s+)able\s+to|won't|will\s+not|refuse\s+to|(?:must\s+)?decline\s+to)\b"
    rf"[^.\n]{{0,40}}?\b{_ACTS}"
    r"|(?:^\W*|我|抱歉|遗憾)[^。\n]{0,10}?(?:不能|无法|拒绝)[^。\n]{0,20}?(?:评|打分|判断|回答|协助|提供|查看|处理)",
    re.IGNORECASE | re.MULTILINE,
)
_BOXED = re.compile(
    r"\\(?:boxed|fbox)\s?\{\s?(?:\\(?:text|textbf|mathbf|mathrm)\s?\{)?([^{}\\\n]{0,40})\}{1,2}"
)
# What a reply ends with whose last form is whole.
_IS_COMPLETE = re.compile(r"(?:\}|</[^<>]{1,40}>|<\|end_of_[^<>|]{1,40}\|>)[\s`$.\])*]*\Z")
# Full-width forms of ASCII, the curly apostrophe, what has no width. No other character stands for a digit.
_HALF_WIDTH = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | {0x3000: 0x20, 0xA0: 0x20, 0x2019: 0x27, ord(CLOSED): 0x20}
    | dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
)


def read_number(reply: str, low: int, high: int, name: str = "score", is_cut: bool = False) -> float:
    """Return the one number on the scale that a reply gives.

    Args:
        reply: as the judge wrote it.
        low, high: ends of the scale.
        name: of the metric: a key, a tag or a whole line with it is an answer as with `score` and `rating`.
        is_cut: whether the reply ended because its budget was spent. It is read only if it ended with an
            object or a tag that was closed.

    Raises:
        RefusedReplyError: if the judge declined to answer.
        UnreadableReplyError: if there is no number, if two differ, or if it is off the scale.
    """
    answers = _find(reply, NUMBER, name, is_cut)
    for answer in answers:
        if answer.top is not None and answer.top != high:
            raise UnreadableReplyError(f"'{answer.value:g}/{answer.top}' is on another scale")
    value = _only(answers)
    if not low <= value <= high:
        raise UnreadableReplyError(f"{value:g} is off the scale from {low} to {high}")
    return value


def read_yes_no(reply: str, name: str = "answer", is_cut: bool = False) -> float:
    """Return 1.0 for a reply that says yes, 0.0 for no; arguments and errors as for `read_number`."""
    return _only(_find(reply, YES_NO, name, is_cut))


def _only(answers: Sequence[ReadAnswer]) -> float:
    values = {answer.value for answer in answers}
    if len(values) > 1:
        given = ", ".join(f"{value:g}" for value in sorted(values))
        raise UnreadableReplyError(f"different answers in one reply: {given}")
    return values.pop()


def _find(reply: str, kind: AnswerKind, name: str, is_cut: bool) -> list[ReadAnswer]:
    """Return the answers of a reply, at least one."""
    if len(reply) > LONGEST_REPLY:
        raise UnreadableReplyError(
            f"the reply is longer than {LONGEST_REPLY} characters: {_short(reply[:200])}"
        )
    text = reply if reply.isascii() else reply.translate(_HALF_WIDTH)
    text = text.replace(CLOSED, " ")
    try:
        answered = without_reasoning(text, lambda tag: key_rank(tag, name) >= 2)
        if answered is None:
            raise UnreadableReplyError("the reply was cut off in its reasoning")
        objects, outside = reply_objects(_BOXED.sub(rf"\n{CLOSED}\1\n", answered))
    except UnreadableReplyError:
        raise
    except ValueError as error:
        raise UnreadableReplyError(f"the reply has {error}: {_short(text[:200])}") from None
    pairs, lines = table_pairs(lines_of(outside))
    if not objects and not pairs and not lines:
        raise UnreadableReplyError("the reply is empty")
    answers = list(_keyed(objects, kind, name, is_closed=True))
    answers += _keyed(
        [[(key, ReplyScalar(value, is_quoted=False)) for key, value in pairs]], kind, name, False
    )
    answers += answers_in(lines, kind, name) if lines else ()
    if is_cut and not (_IS_COMPLETE.search(text[-200:]) and any(answer.is_closed for answer in answers)):
        raise UnreadableReplyError(f"the reply was cut off at its longest: {_short(text[:200])}")
    said = "\n".join([*lines[:5], *lines[-5:]])
    if not any(answer.is_explicit for answer in answers) and _REFUSAL.search(said):
        raise RefusedReplyError(f"the judge declined: {_short(said)}")
    if not answers:
        raise UnreadableReplyError(_why_none(kind, text))
    return answers


def _keyed(
    objects: Sequence[ReplyPairs], kind: AnswerKind, name: str, is_closed: bool
) -> Iterator[ReadAnswer]:
    """Yield the answers of objects, by the best of their keys.

    A text is the answer only where no number is one: its key may be the metric's name and its text a reason.
    """
    found: dict[int, list[tuple[ReadAnswer, bool]]] = {1: [], 2: [], 3: []}
    for pairs in objects:
        for rank, scalar, top in _labelled_values(pairs, name, 0, 3):
            answer = _scalar_answer(scalar, kind, is_closed)
            if answer is not None:
                answer = answer if answer.top is not None else replace(answer, top=top)
                found[rank].append((answer, scalar.is_quoted))
    if found[3]:
        # The metric's name beside a label: its number counts, its text does not.
        found[2] = [(answer, is_quoted) for answer, is_quoted in found[2] if not is_quoted]
    best = found[3] + found[2]
    if not best and len(found[1]) == 1:
        best = found[1]
    yield from (answer for answer, _ in best)


_Ranked = tuple[int, ReplyScalar, int | None]


def _labelled_values(pairs: ReplyPairs, name: str, rank: int, highest: int) -> Iterator[_Ranked]:
    """Yield the values whose key labels an answer, with its rank and the top of the scale beside it.

    Args:
        pairs: of an object.
        name: of the metric.
        rank: of the object's own key.
        highest: rank that the object's place allows.
    """
    tops = [scale_top(key, value.text) for key, value in pairs if isinstance(value, ReplyScalar)]
    top = next((top for top in tops if top is not None), None)
    for key, value in pairs:
        own = key_rank(key, name)
        if own == 0 and rank and key.strip().lower() in ("value", "number", "points"):
            own = rank
        within = min(highest, rank_within(key, name))
        for found, scalar, scalars_top in _scalars(value, name, min(own, highest), within):
            yield found, scalar, scalars_top or top


def _scalars(value: ReplyValue, name: str, rank: int, within: int) -> Iterator[_Ranked]:
    if isinstance(value, ReplyObject):
        yield from _labelled_values(value.pairs, name, rank, within)
    elif isinstance(value, list):
        # A list of several numbers says not which of them it is.
        for entry in value if len(value) == 1 else [each for each in value if isinstance(each, ReplyObject)]:
            yield from _scalars(entry, name, rank, within)
    elif rank:
        yield rank, value, None


def _scalar_answer(scalar: ReplyScalar, kind: AnswerKind, is_closed: bool) -> ReadAnswer | None:
    word = scalar.text.strip().strip("*`").lower()
    if word in ("true", "false") and kind is YES_NO:
        return ReadAnswer(float(word == "true"), is_explicit=True, is_closed=is_closed)
    return kind.read(scalar.text.strip("*` "), is_explicit=True, is_closed=is_closed)


def _why_none(kind: AnswerKind, text: str) -> str:
    has_any = kind is NUMBER and any(character in "0123456789" for character in text)
    return f"no {'number that is an answer' if has_any else kind.name} in the reply {_short(text[:200])}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line[:60]}…'" if len(line) > 60 else f"'{line}'"
