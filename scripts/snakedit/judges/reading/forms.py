"""The forms of an answer: numbers, yes and no, and the labels that stand before them.

Nothing here searches a text: a form is matched with a whole line, a whole sentence, or its beginning.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True)
class ReadAnswer:
    """An answer as it was read.

    Attributes:
        value: the number; 1 for yes, 0 for no.
        top: of the scale that the reply names beside it ("4/5"), or None.
        is_explicit: whether a label, a key or a statement says that it is one.
        is_closed: whether it ended by a form of its own, such as a brace.
    """

    value: float
    top: int | None = None
    is_explicit: bool = False
    is_closed: bool = False


@dataclass(frozen=True)
class AnswerKind:
    """A kind of answer.

    Attributes:
        name: for messages.
        whole: what an answer is, with nothing beside it but its unit, its scale and a gloss.
        begun: how an answer begins that gives its reason after it in the same sentence.
        leading: how a reply begins with its answer.
        named: what is an answer behind a label only.
        value: the number of a match.
    """

    name: str
    whole: re.Pattern[str]
    begun: re.Pattern[str]
    leading: re.Pattern[str]
    named: re.Pattern[str]
    value: Callable[[re.Match[str]], float]

    def answer(self, match: re.Match[str], is_explicit: bool = False, is_closed: bool = False) -> ReadAnswer:
        """Return the answer of a match."""
        groups = match.groupdict()
        top = groups.get("top") or groups.get("scale")
        return ReadAnswer(self.value(match), None if top is None else int(top), is_explicit, is_closed)

    def read(self, text: str, is_explicit: bool = False, is_closed: bool = False) -> ReadAnswer | None:
        """Return the answer that a text is, whole, or None."""
        text = unwrapped(text)
        match = self.whole.fullmatch(text) or (self.named.fullmatch(text) if is_explicit else None)
        return None if match is None else self.answer(match, is_explicit, is_closed)


_DIGITS = r"(?P<value>[-−–]?[0-9]{1,9}(?:\.[0-9]{1,6}|,[0-9]{1,2})?)"
_HANZI = r"(?P<hanzi>[零〇一二两三四五六七八九十百]{1,5}(?:点[零一二三四五六七八九]{1,2})?)"
_TOP = (
    r"(?:\s?\(?\s?(?:/|out\s+of|,?\s?满分(?:为|是)?)\s?(?P<top>[0-9]{1,3})(?:\.0{1,3})?\s?分?\)?"
    r"(?![0-9A-Za-z%/.]))?"
)
_UNIT = r"(?:\s?(?:分|points?|pts|stars?))?"
_GLOSS = r"(?:\s?\([^()0-9]{1,60}\))?"
_ON_A_SCALE = r"on a scale (?:from|of) (?:[0-9]{1,3} ?(?:to|-|–) ?)?(?P<scale>[0-9]{1,3})"
_NUMBER = rf"(?:{_DIGITS}{_UNIT}|{_HANZI}分)(?:{_TOP}{_UNIT})"
_SAID = r"(?P<value>yes|no|是的|不是|是|否)"
# A number that a letter follows belongs to it: "7 hats".
_REASON = r"(?:\s?[,;:](?=\s?[^\s0-9])|\s[-–—]\s(?=[^0-9])|\s(?=because\b|since\b|as\b|due\b))"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _number(match: re.Match[str]) -> float:
    groups = match.groupdict()
    if groups.get("value") is None:
        return _hanzi_number(match["hanzi"])
    return float(groups["value"].replace(",", ".").replace("−", "-").replace("–", "-"))


def _hanzi_number(text: str) -> float:
    whole, _, fraction = text.replace("〇", "零").replace("两", "二").partition("点")
    digits = {digit: number for number, digit in enumerate("零一二三四五六七八九")}
    total = 0
    for unit, size in (("百", 100), ("十", 10)):
        count, found, rest = whole.partition(unit)
        if found:
            total += size * (digits.get(count, -999) if count else 1)
            whole = rest.removeprefix("零")
    total += digits.get(whole, -999) if whole else 0
    return float(f"{total}.{''.join(str(digits[digit]) for digit in fraction)}" if fraction else total)


NUMBER = AnswerKind(
    "number",
    whole=_pattern(rf"{_NUMBER}(?:\s?\(?{_ON_A_SCALE}\)?|{_GLOSS})"),
    begun=_pattern(_NUMBER + _REASON),
    leading=_pattern(rf"{_NUMBER}(?:\s?[,;:]|\s?[–—]|\s-|(?<=分)。)\s?(?=[^\W\d])"),
    named=_pattern(rf"{_HANZI}{_TOP}"),
    value=_number,
)
YES_NO = AnswerKind(
    "yes or no",
    whole=_pattern(_SAID + _GLOSS),
    begun=_pattern(rf"{_SAID}(?:[,;:](?=\s|[^\x00-\x7f])|\s[-–—]\s)"),
    # "No. 5 is gone" counts shirts.
    leading=_pattern(rf"{_SAID}\s?[,;:.!–—-](?=\s|[^\x00-\x7f])(?!\s?[0-9])"),
    named=_pattern(r"(?P<value>yes|no)"),
    value=lambda match: float(match["value"].lower() in ("yes", "是", "是的")),
)

LABELS = r"scores?|ratings?|grade|mark|answer|result|verdict|评分|得分|分数|打分|评级|答案|结果|结论"
_QUALITY = (
    r"(?:(?:final|overall|my|the|your|an?|edit|edited|image|picture|numeric|numerical)[ ]"
    r"|最终|最后|综合|我的|总体)*"
)
_SCALE = (
    r"(?P<scale>\s?\(\s?(?:from|out of|on|scale|of|max|to|满分|分|-|–|/|[0-9 :])+\)"
    r"|\s[0-9]{1,3}\s?[-–]\s?[0-9]{1,3}(?=\s?[:=]))?"
)
_BEGIN = (
    r"(?:(?:so|thus|hence|therefore|overall|finally|in (?:total|summary|conclusion)|to say it again"
    r"|(?:to (?:summari[sz]e|conclude|sum up)|in (?:my (?:opinion|view)|the end)|all in all)(?=,)"
    r"|综上(?:所述)?|总(?:的|体)(?:来说|而言)|总而言之|因此|所以)[,:]?\s?)?"
)
_SUBJECT = r"(?:(?:the|this|that)(?: (?:edited|edit|image|picture|result|one))+|it|this|that)"
_AS_SCORE = r"(?: (?:as|with|at))?(?: an?)?(?: (?:score|rating|grade|mark)(?: of)?)? "
_STATED = (
    rf"(?:i|we)(?:'d| would|'ll| will)?(?: (?:therefore|thus|only|just))?"
    rf" (?:rate|give|score|grade|assign|award|say)(?: {_SUBJECT})?{_AS_SCORE}"
    rf"|{_SUBJECT} (?:deserves|gets|earns|receives|merits|is worth)"
    r"(?: an?)?(?: (?:score|rating|grade|mark) of)? "
)
_EDIT = r"(?:它|该|这[张幅个次]?|编辑后?的?|图[片像]?|结果|\s){0,6}"
_GIVEN = re.compile(
    r"(?P<before>(?:(?:[^,。0-9]{1,12},)?我会?|因此|所以|综上(?:所述)?|综合|,|\s){0,4})"
    rf"(?:给出|打出|给|打|评)了?{_EDIT}(?:打出?|评)?了?(?P<rest>\S{{1,9}}\s?分.{{0,12}})"
)
# What stands before a statement in the same sentence: its scale, what it is based on, its reason. A picture
# may show a score, too, so what is no judging leads to "I" or "my final score" alone.
_BASED = r"(?:based on|given|considering|taking|after)\b"
_ASIDE = _pattern(
    rf"(?P<on_scale>{_ON_A_SCALE}), "
    rf"|{_BASED}[^,.;:0-9\"]{{0,30}}\b(?:analysis|evaluation|assessment|observations?|comparison|criteria"
    r"|rubric|guidelines|above|considerations?)\b[^,.;:0-9\"]{0,25}, "
    rf"|{_BASED}[^,.;:0-9\"]{{3,120}}, (?=(?:i|we|my|the (?:final|overall))\b)"
    r"|[^,.;:0-9\"]{3,160}, (?:and|so|hence|thus|therefore),? (?=(?:i|we)\b)"
)


@cache
def label_of(name: str) -> re.Pattern[str]:
    """Return what stands before a labelled answer; the metric's own name labels a whole line only."""
    own = "[ _]".join(map(re.escape, name.replace("_", " ").split()))
    return _pattern(
        rf"{_BEGIN}[\"'(]?{_QUALITY}(?:(?P<own>{own})(?P<kind> (?:score|rating|grade))?"
        rf"|(?P<label>(?:{LABELS})(?:\s?[0-9](?=\s?:))?|(?:final|overall|total)(?=\s?[:=])))[\"')]?{_SCALE}"
        r"(?P<sign>\s?[:=→]\s?|\s?[-–—]\s|\s(?:is|was|of):?\s|[为是]\s?[:=]?\s?|\s|(?<=[^\x00-\x7f]))"
    )


_STATEMENT = _pattern(rf"{_BEGIN}(?:{_STATED})")
# A sentence with one of these tells of another case or of the scale, or takes its number back.
HEDGE = _pattern(
    r"\b(?:if|unless|would|could|might|should|otherwise|expected|maybe|perhaps|had\b[^.]{0,80}\bbeen"
    r"|were (?:it|the|this|that)|means?|requires?|represents?|indicates?"
    r"|is (?:for|given)|reserved)\b|如果|若|要是|本应|应该|可能|也许|表示|代表"
)
_DIGIT = re.compile(r"[0-9]")
# Of a sentence that is looked into again behind its beginning.
_SHORT = 400
_INTEGER = re.compile(r"[0-9]+")
# "Score (1): 7" counts.
_IS_SCALE = re.compile(r"[A-Za-z/–满-]")
_PAIRS = ('""', "''", "“”", "‘’", "()", "[]", "【】", "「」", "『』", "$$", "__")
_BULLET = re.compile(r"\A(?:[-•·>+] )+")
_FULL_STOP = " .!。"


def unwrapped(text: str) -> str:
    """Return a text without its full stop, and without the brackets and quotes around it."""
    for _ in range(4):
        text = text.strip().rstrip(_FULL_STOP)
        if len(text) < 3 or text[0] + text[-1] not in _PAIRS:
            break
        text = text[1:-1]
    return text.strip()


def without_bullet(text: str) -> str:
    """Return a line without the mark of a list or of a quotation; a sign stands close to its number."""
    return _BULLET.sub("", text)


def labelled(text: str, kind: AnswerKind, name: str) -> ReadAnswer | None:
    """Return the answer that a line or a sentence states: "Score: 7", "I rate it 7, as the sky is kept"."""
    aside = _ASIDE.match(text)
    if aside is not None and len(text) <= _SHORT and not HEDGE.search(aside[0]):
        answer = labelled(text[aside.end() :], kind, name)
        return _on_scale(answer, aside["on_scale"])
    label = label_of(name).match(text)
    if label is not None:
        return _on_scale(_behind_label(label, text[label.end() :], kind, name), label["scale"])
    statement = _STATEMENT.match(text)
    if statement is not None:
        rest = text[statement.end() :]
        return kind.read(rest, is_explicit=True) or _with_reason(rest, kind)
    given = _GIVEN.fullmatch(text.strip(" 。.!"))
    if given is None or HEDGE.search(given["before"]):
        return None
    return kind.read(given["rest"], is_explicit=True)


def _behind_label(label: re.Match[str], rest: str, kind: AnswerKind, name: str) -> ReadAnswer | None:
    has_sign = bool(label["sign"].strip())
    whole = kind.read(rest, is_explicit=True)
    if label["own"] is not None and label["kind"] is None:
        # A metric's own name begins sentences, too: "Detail: 3, as fingers go, are missing."
        reasoned = _with_reason(rest, kind) if has_sign and whole is None else None
        return reasoned if reasoned is not None and reasoned.top is not None else whole if has_sign else None
    if whole is not None or not has_sign:
        return whole
    reasoned = _with_reason(rest, kind)
    return labelled(rest, kind, name) if reasoned is None and len(rest) <= _SHORT else reasoned


def _on_scale(answer: ReadAnswer | None, scale: str | None) -> ReadAnswer | None:
    """Return an answer with the top of the scale that stands before it, unless it names its own."""
    if answer is None or answer.top is not None or scale is None or not _IS_SCALE.search(scale):
        return answer
    return replace(answer, top=max(map(int, _INTEGER.findall(scale)), default=None))


def _with_reason(text: str, kind: AnswerKind) -> ReadAnswer | None:
    match = kind.begun.match(text)
    if match is None:
        return None
    reason = text[match.end() :]
    if HEDGE.search(reason) or (kind is NUMBER and _DIGIT.search(reason)):
        return None
    return kind.answer(match, is_explicit=True)


def leading(lines: Sequence[str], kind: AnswerKind) -> tuple[list[ReadAnswer], str]:
    """Return the answer that a reply begins with, and what stands behind it.

    A list of the scale's numbers is no answer.
    """
    first = without_bullet(lines[0])
    match = kind.leading.match(first)
    if match is None or (kind is NUMBER and HEDGE.search(first, match.end())):
        return [], ""
    is_list = kind is NUMBER and len(lines) > 1 and kind.leading.match(without_bullet(lines[1])) is not None
    return ([], "") if is_list else ([kind.answer(match)], first[match.end() :])
