"""The keys of an answer: what the key of an object, the name of a tag or a table's cell says of its value."""

import re
from functools import cache

from snakedit.judges.reading.forms import LABELS

_KEY_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|[_\W]+")
_OF_THE_SCALE = frozenset(
    (
        "max",
        "maximum",
        "min",
        "minimum",
        "best",
        "worst",
        "highest",
        "lowest",
        "total",
        "possible",
        "scale",
        "expected",
        "ideal",
        "previous",
        "source",
        "original",
        "reference",
        "target",
        "baseline",
        "threshold",
        "before",
        "weight",
        "full",
    )
)
# What an object in an object may be called that is not about one part of the picture.
_WRAPPERS = frozenset(
    (
        *("final", "overall", "edit", "edited", "image", "evaluation", "assessment", "judgement", "judgment"),
        *("output", "response", "data", "评估", "评价"),
    )
)
_KEYS_OF_TOPS = frozenset(
    (
        *("max", "maximum", "max score", "maximum score", "score max", "max value", "max points"),
        *("max rating", "best possible score", "highest possible score", "full score", "out of"),
        *("scale", "score scale", "scale max", "rating scale", "满分"),
    )
)
_TOP_OF_A_SCALE = re.compile(
    r"(?:[0-9]{1,3} ?(?:-|–|to) ?|out of |/)?(?P<top>[0-9]{1,3})(?:\.0+)?", re.IGNORECASE
)
_LABEL_WORD = re.compile(rf"(?:最终|最后|综合|我的|总体)?(?:{LABELS})", re.IGNORECASE)
_QUALITY_WORDS = frozenset(("final", "overall", "my", "the", "your", "edit", "edited", "image", "numeric"))


@cache
def key_rank(key: str, name: str) -> int:
    """Say how a key or a tag names an answer: 3 as a label, 2 by the metric's name, 1 by another, 0 not."""
    words = [word for word in _KEY_WORDS.sub(" ", key).lower().split() if not word.isdecimal()]
    own = name.lower().replace("_", " ").split()
    is_label = bool(words) and _LABEL_WORD.fullmatch(words[-1]) is not None
    before = words[:-1]
    if is_label and all(word in _QUALITY_WORDS for word in before):
        return 3
    if words == own or (is_label and before == own):
        return 2
    if words in (["overall"], ["final"]):
        return 1
    return int(is_label and not _OF_THE_SCALE & set(before))


@cache
def rank_within(key: str, name: str) -> int:
    """Say how far a key within this key's object may name an answer: 3 freely, 1 as another's, 0 not.

    A score within an object named `quality` or `step 1` is one of that, whatever its own key is.
    """
    words = _KEY_WORDS.sub(" ", key).lower().split()
    if key_rank(key, name) >= 2 or (words and all(word in _WRAPPERS for word in words)):
        return 3
    return int(not _OF_THE_SCALE & set(words))


def scale_top(key: str, text: str) -> int | None:
    """Return the top of the scale that a pair beside an answer tells, such as `max_score: 5`, or None."""
    if " ".join(_KEY_WORDS.sub(" ", key).lower().split()) not in _KEYS_OF_TOPS:
        return None
    match = _TOP_OF_A_SCALE.fullmatch(text.strip())
    return None if match is None else int(match["top"])
