"""Read one answer from a written reply. An ambiguous reply is not read.

The accepted forms stand in the tables below. Explicit ones (an object, a label, a number over its top) are
read wherever they stand, and must agree. Without any, a number or a word is read that stands alone in its
line or sentence: within a sentence it may count anything.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import yaml


class UnreadableReplyError(ValueError):
    """The reply holds no answer, or more than one, or one that is off the scale."""


class RefusedReplyError(UnreadableReplyError):
    """The judge declined to answer."""


@dataclass(frozen=True)
class _Kind:
    """A kind of answer.

    Attributes:
        name: for messages.
        value: its pattern, with a group ``value``.
        explicit: forms that are read wherever they stand; ``LABEL`` is a label, the metric's name included.
        alone: what a line or sentence must be, whole.
        leading: how an answer begins that gives its reason after it.
    """

    name: str
    value: str
    explicit: tuple[str, ...]
    alone: str
    leading: str


# Not part of a longer number, a range, a list, a date, a ratio, a bound or a percentage.
_BARE = (
    r"(?<![A-Za-z0-9_.,/+\-−–⁄~≈<≤≥])(?<![0-9]:)(?P<value>[0-9]{1,3}(?:\.[0-9]{1,6})?)(?![A-Za-z0-9_%⁄])"
    r"(?![.:][0-9])(?!\s*[,;&、]\s*[0-9])(?!\s*(?:[-–—−~]|[-=]*[>→⇒])\s*[0-9])"
    r"(?!\s*(?:to|or|and|和|到|至|或)\s*[0-9])"
)
_TOP = r"\s*分?\s*\(?(?:/|out\s+of)\s*(?P<top>[0-9]{1,3})(?:\.0{1,3})?(?![0-9A-Za-z%/]|\.[0-9])"
_NUMBER = rf"{_BARE}(?:{_TOP})?(?!\s*/)"
_YES_NO = r"(?P<value>\b(?:yes|no)\b|不是|是的|是|否)"

_LABELS = "score|rating|grade|mark|answer|result|verdict|评分|得分|分数|打分|评级|答案|结果|结论"
_BETWEEN = (
    r"""["'“”_\s]*(?:\([^()\n]{0,30}\)\s*)?(?:(?:\b(?:is|was|of|would\s+be)\b|为|是|[:=\-–—→])\s*)+"""
    r"""(?:an?\s+)?["'“”_(\[\s]*"""
)
# "A score of 10 would mean …" tells of the scale, not of the edit.
_NOT_OF_THE_SCALE = r"(?!\s*(?:would|requires?|means?|represents?|indicates?|is\s+for|表示|代表))"
_BEFORE = r"""[\s"'“”(\[【_•·]*(?:[>-]\s+)?"""
_AFTER = r"""[\s"'“”)\]】_.!。]*"""

NUMBER = _Kind(
    "number",
    _NUMBER,
    explicit=(
        rf"LABEL{_BETWEEN}{_NUMBER}{_NOT_OF_THE_SCALE}",
        rf"LABEL\s+{_NUMBER}(?=\s*分?[.!。]?\s*$)",
        rf"(?:评分|得分|分数|打分|给出|给|打)了?\s*{_NUMBER}",
        rf"\b(?:rate|give|score|grade)\s+(?:it|this|that)(?:\s+(?:edit|image|picture|one))?(?:\s+an?)?\s+{_NUMBER}",
        rf"{_BARE}{_TOP}",
        rf"\\boxed\{{\s*{_NUMBER}\s*\}}",
        rf"<(?P<tag>answer|score|rating)>\s*{_NUMBER}\s*</(?P=tag)>",
    ),
    alone=rf"{_BEFORE}{_NUMBER}\s*(?:分|points?|stars?)?{_AFTER}",
    leading=rf"{_BEFORE}{_NUMBER}\s*分?\s*[,;:–—-]\s*[^\W\d]",
)
YES_NO = _Kind(
    "yes or no",
    _YES_NO,
    explicit=(
        # "Result: no change to be seen" is no answer.
        rf"LABEL{_BETWEEN}{_YES_NO}(?=\s*(?:[.,;!。;\"'”)\]]|$))",
        rf"\\boxed\{{\s*{_YES_NO}\s*\}}",
        rf"<(?P<tag>answer)>\s*{_YES_NO}\s*</(?P=tag)>",
    ),
    alone=rf"{_BEFORE}{_YES_NO}{_AFTER}",
    leading=rf"{_BEFORE}{_YES_NO}\s*[,;:.!–—-](?=\s|[^\x00-\x7f])",
)

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
_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
# The template of a reasoning model opens the tag itself.
_REASONING_BEGUN = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_REASONING_CUT = re.compile(r"<(?:think|thinking|reasoning)>", re.IGNORECASE)
_MARKUP = re.compile(r"\*+|`+|__+|^#+", re.MULTILINE)
_OBJECT = re.compile(r"\{[^{}]*\}")
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[。!?])")
_LIST_MARK = re.compile(r"\s*[0-9]+[.)]\s*")
# Full-width forms of ASCII, and the curly apostrophe. No other character stands for a digit.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2019: 0x27}


def read_number(reply: str, low: int, high: int, name: str = "score", is_cut: bool = False) -> float:
    """Return the one number on the scale that a reply gives.

    Args:
        reply: as the judge wrote it.
        low, high: ends of the scale.
        name: of the metric: it labels an answer as `score` and `rating` do.
        is_cut: whether the reply ended because its budget was spent.

    Raises:
        RefusedReplyError: if the judge declined to answer.
        UnreadableReplyError: if there is no number, if two differ, or if it is off the scale.
    """
    matches = _find(reply, NUMBER, name, is_cut)
    for match in matches:
        if match["top"] is not None and int(match["top"]) != high:
            raise UnreadableReplyError(f"'{match[0].strip()}' is on another scale")
    value = _only({float(match["value"]) for match in matches})
    if not low <= value <= high:
        raise UnreadableReplyError(f"{value:g} is off the scale from {low} to {high}")
    return value


def read_yes_no(reply: str, name: str = "answer", is_cut: bool = False) -> float:
    """Return 1.0 for a reply that says yes, 0.0 for no; arguments and errors as for `read_number`."""
    matches = _find(reply, YES_NO, name, is_cut)
    return _only({float(match["value"].lower() in ("yes", "是", "是的")) for match in matches})


def _only(values: set[float]) -> float:
    if len(values) > 1:
        raise UnreadableReplyError(
            f"different answers in one reply: {', '.join(f'{v:g}' for v in sorted(values))}"
        )
    return values.pop()


def _find(reply: str, kind: _Kind, name: str, is_cut: bool) -> list[re.Match[str]]:
    """Return the answers of a reply: all explicit ones, else all that stand alone; at least one."""
    text = _answer_part(reply)
    if is_cut and not text.endswith("}"):
        raise UnreadableReplyError(f"the reply was cut off at its longest: {_short(text)}")
    matches = list(_explicit(text, kind, name.replace("_", " ")))
    if not matches and _REFUSAL.search(text):
        raise RefusedReplyError(f"the judge declined: {_short(text)}")
    matches = matches or list(_alone(text, kind))
    if not matches:
        raise UnreadableReplyError(f"no {kind.name} in the reply {_short(text)}")
    return matches


def _answer_part(reply: str) -> str:
    """Return what stands behind the reasoning, without Markdown's marks."""
    text = _REASONING_BEGUN.sub(" ", _REASONING.sub(" ", reply.translate(_HALF_WIDTH)))
    if _REASONING_CUT.search(text):
        raise UnreadableReplyError("the reply was cut off in its reasoning")
    text = re.sub(r"[ \t]+", " ", _MARKUP.sub(" ", text)).strip()
    if not text:
        raise UnreadableReplyError("the reply is empty")
    return text


def _explicit(text: str, kind: _Kind, name: str) -> Iterator[re.Match[str]]:
    outside = text
    for block in _OBJECT.findall(text):
        pairs = _pairs(block)
        if pairs:
            # What an object says beside its answer is reasoning.
            outside = outside.replace(block, "\n", 1)
        for key, value in pairs:
            if _key(name).fullmatch(key.replace("_", " ").strip()):
                answer = _compiled(kind.alone, name).fullmatch(value)
                if answer is None:
                    raise UnreadableReplyError(f"'{_short(key)}' holds no {kind.name}: {_short(value)}")
                yield answer
    for form in kind.explicit:
        yield from _compiled(form, name).finditer(outside)


def _pairs(block: str) -> list[tuple[str, str]]:
    """Return the keys and values of an object without inner ones, repeated keys included.

    It is JSON, or JSON with single quotes, bare keys or trailing commas, which YAML allows. Values stay
    text: YAML would take 1:30 for ninety.
    """
    try:
        pairs = json.loads(block, strict=False, object_pairs_hook=list, parse_int=str, parse_float=str)
        return [(key, _text(value)) for key, value in pairs]
    except (ValueError, RecursionError):
        pass
    try:
        node = yaml.compose(block, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    if ":" not in block or not isinstance(node, yaml.MappingNode):
        return []
    return [(_text(key), _text(value)) for key, value in node.value]


def _text(value: object) -> str:
    """Return a value as text; a list of one is that one, of several none that could be read."""
    if isinstance(value, yaml.Node):
        value = value.value
    if isinstance(value, list):
        return _text(value[0]) if len(value) == 1 else f"a list of {len(value)}"
    return value if isinstance(value, str) else str(value)


def _alone(text: str, kind: _Kind) -> Iterator[re.Match[str]]:
    leading = _compiled(kind.leading, "").match(text)
    if leading:
        yield leading
    alone = _compiled(kind.alone, "")
    for line in text.splitlines():
        sentences = [part for part in _SENTENCES.split(line) if part.strip()]
        matches = [match for sentence in sentences if (match := alone.fullmatch(sentence))]
        if len(matches) == 1 and len(sentences) > 1 and _LIST_MARK.fullmatch(sentences[0]):
            continue
        yield from matches


@cache
def _key(name: str) -> re.Pattern[str]:
    """A key that labels an answer, such as score, final score, consistency_score or score1."""
    return re.compile(rf"(?:[\w&/ -]{{0,30}} )?(?:{_LABELS}|{re.escape(name)})(?: ?[0-9])?", re.IGNORECASE)


@cache
def _compiled(form: str, name: str) -> re.Pattern[str]:
    own = re.escape(name).replace(r"\ ", "[ _]")
    labels = f"{_LABELS}|{own}" if name else _LABELS
    label = rf"(?<![A-Za-z])(?:{labels})(?![A-Za-z])"
    return re.compile(form.replace("LABEL", label), re.IGNORECASE | re.MULTILINE)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line[:60]}…'" if len(line) > 60 else f"'{line}'"
