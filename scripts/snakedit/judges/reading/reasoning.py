"""Take a judge's reasoning off its reply: whatever stands in a pair of tags, by the tags' shape."""

import re
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

# Before what an answer's tags hold: it was closed, so that nothing of it is missing.
CLOSED = "\x02"
# No reply of a judge has more; each is looked at once.
MAX_TAGS = 5_000

# <think>, </think>, <seed:think>, <|begin_of_thought|>, <|channel>, <channel|>, [THINK], ◁think▷.
_TAG = re.compile(
    r"(?P<left><\|?|\[|◁)(?P<slash>/?)(?P<name>[^\W\d][\w:.\-]{0,60})"
    r"(?: [^<>\[\]◁▷\n=]{1,30}=[^<>\[\]◁▷\n]{0,100})?/?(?P<right>\|?>|\]|▷)"
)
_BEGIN = re.compile(r"(?:begin|start)_(?:of_)?|_(?:begin|start)$")
_END = re.compile(r"end_(?:of_)?|_end$")
# Of an unknown tag that is never closed: its name tells that an answer was still to come.
_THOUGHT = re.compile(r"think|thought|reason|reflect|analy|scratch|deliberat|critique|思考|推理|分析|cot$")
_INLINE = frozenset(
    ("b", "strong", "i", "em", "u", "s", "span", "code", "font", "small", "big", "sub", "sup", "a")
)
_BLOCK = frozenset(
    (
        "p",
        "br",
        "hr",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "pre",
        "center",
        "blockquote",
        "table",
        "thead",
        "tbody",
        "tr",
        "td",
        "th",
        "html",
        "body",
        "assistant",
        "response",
        "output",
        "solution",
        "conclusion",
        "final",
        "box",
    )
)
_LAST_CHANNEL = "<|channel|>final<|message|>"


@dataclass(frozen=True)
class _Tag:
    name: str
    start: int
    end: int
    is_end: bool
    shape: str


def without_reasoning(text: str, is_answer: Callable[[str], bool]) -> str | None:
    """Return what a reply says outside its reasoning, or None if it ended within it.

    Args:
        text: the reply.
        is_answer: says whether a tag's name, such as ``final_answer``, names an answer. What such a tag
            holds becomes a line of its own that begins with `CLOSED`.

    Raises:
        ValueError: if there are more tags than a reply has.
    """
    _, channel, after = text.rpartition(_LAST_CHANNEL)
    if channel:
        text = after
    elif "<|channel|>" in text:
        return None
    tags = [_tag(match) for match in islice(_TAG.finditer(text), MAX_TAGS + 1)]
    if len(tags) > MAX_TAGS:
        raise ValueError(f"more than {MAX_TAGS} tags")
    ends: dict[str, list[int]] = {}
    for place, tag in enumerate(tags):
        if tag.is_end:
            ends.setdefault(tag.name, []).append(place)
    pieces: list[str] = []
    at = place = 0
    is_open = False
    while place < len(tags):
        tag = tags[place]
        place += 1
        between = _between(tag, is_answer)
        if between is not None:
            pieces += [text[at : tag.start], between]
            at = tag.end
        elif tag.is_end and tag.shape == "<|" and not _THOUGHT.search(tag.name):
            # A special token such as <|im_end|>.
            pieces += [text[at : tag.start], "\n"]
            at = tag.end
        elif tag.is_end:
            # Its beginning stood in the prompt, or was spelt otherwise.
            pieces, at, is_open = [], tag.end, False
        else:
            later = ends.get(tag.name, [])
            nearest = bisect(later, place - 1)
            if nearest < len(later):
                pieces += [text[at : tag.start], "\n"]
                place = later[nearest] + 1
                at = tags[later[nearest]].end
            elif tag.shape == "<|":
                # A special token that stands by itself.
                pieces += [text[at : tag.start], "\n"]
                at = tag.end
            else:
                is_first = tag.shape != "[" and not "".join([*pieces, text[at : tag.start]]).strip()
                is_open = is_open or is_first or bool(_THOUGHT.search(tag.name))
    return None if is_open else "".join([*pieces, text[at:]])


def _tag(match: re.Match[str]) -> _Tag:
    name = match["name"].lower()
    left, right = match["left"], match["right"]
    is_end = bool(match["slash"]) or (left == "<" and right == "|>")
    bare = _BEGIN.sub("", name)
    if bare == name:
        bare = _END.sub("", name)
        is_end = is_end or bare != name
    shape = "<|" if left == "<|" and right == "|>" else left[0]
    return _Tag(bare, match.start(), match.end(), is_end, shape)


def _between(tag: _Tag, is_answer: Callable[[str], bool]) -> str | None:
    """What stands in the place of a tag whose content is kept, or None for one of reasoning."""
    if tag.name in _INLINE:
        return " "
    if tag.name == "box" or (is_answer(tag.name) and tag.shape != "["):
        return "\n" if tag.is_end else f"\n{CLOSED}"
    return "\n" if tag.name in _BLOCK else None
