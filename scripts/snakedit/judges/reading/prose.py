"""The answers in what a judge wrote beside objects: whole lines, whole sentences, its beginning and end.

A number within a sentence may count anything, and what is quoted was read in the picture: neither is
an answer.
"""

import re
from collections.abc import Iterator, Sequence

from snakedit.judges.reading.forms import (
    HEDGE,
    NUMBER,
    YES_NO,
    AnswerKind,
    ReadAnswer,
    labelled,
    leading,
    without_bullet,
)
from snakedit.judges.reading.reasoning import CLOSED

# An answer stands at the end or at the beginning. What lies between is not looked at.
TAIL_LINES = 200
TAIL_CHARACTERS = 6_000
HEAD_CHARACTERS = 1_000

# Markdown's marks, and emoji but for those that are numbers.
_MARKUP = re.compile(
    r"\*+|`+|__+|^#+ |[\u2600-\u2775\u2794-\u27bf\u2b50\u2b55\ufe0e\ufe0f"
    r"\U0001f300-\U0001f4ae\U0001f4b0-\U0001f51e\U0001f520-\U0001faff]+",
    re.MULTILINE,
)
_FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~)\w{0,20}[ \t]*$", re.MULTILINE)
_QUOTED = re.compile(
    r"\"[^\"]{0,400}\"|“[^”]{0,400}”|「[^」]{0,400}」|『[^』]{0,400}』|《[^》]{0,400}》|(?<!\w)'[^']{1,400}'(?!\w)"
)
_ENDS = re.compile(r"(?<=[.!?。])\s|(?<=[。!?])(?=[^\s\"'”)\]])")
# What comes before such a sentence leaves it open what its number counts: "shirt No. 5", "How many? 3.".
_LEADS_ON = re.compile(
    r"(?:\b(?:no|nr|nos|fig|approx|ca|vs|e\.g|i\.e|pp?|vol|ch|st|dr|mrs?|etc|[a-z])\.|\?|\.\.|…)$", re.I
)
_LIST_MARK = re.compile(r"[0-9]{1,3}[.)]")
_ENTRY = re.compile(r"\A[0-9]{1,3}[.)] ")
# After one of these, every answer may be the one that is meant.
_RETHINKS = re.compile(
    r"(?:\A|[.!?。\n]\s*|[-–—]\s?)(?:but,? |oh,? |no,? |actually,? )?"
    r"(?:wait|hmm+|scratch that|correction|on (?:second thoughts?|reflection)|等等)(?=[,.:!…–—-])"
    r"|\blet me (?:re-?(?:consider|evaluate|think|assess|check|score|do)|think again|double-check|correct)\b"
    r"|重新(?:考虑|评估|评分|打分|审视)",
    re.IGNORECASE,
)
_QUOTES = ('"', "'", "“", "‘", "「", "『")
_REVISED = (
    r"(?:\b(?:actually|on second thoughts?|on reflection|correction|make that|rather|instead|wait|no,"
    r"|i (?:revise|change|correct|lower|raise))"
    r"|\b(?:scores?|ratings?|grade|answer|verdict)\b|更正|改为|评分|得分|答案)[^.\n0-9]{0,25}?"
)
_AFTERWARDS = {
    True: re.compile(
        rf"{_REVISED}(?<![0-9A-Za-z.])(?P<value>[-−–]?[0-9]{{1,3}}(?:\.[0-9]{{1,6}}|,[0-9]{{1,2}})?)(?![0-9%A-Za-z])",
        re.I,
    ),
    False: re.compile(rf"{_REVISED}(?P<value>\b(?:yes|no)\b)", re.I),
}
_ANY = {
    True: re.compile(r"(?<![0-9A-Za-z.])(?P<value>[0-9]{1,3}(?:\.[0-9]{1,6})?)(?![0-9%A-Za-z]|\.[0-9])"),
    False: re.compile(r"\b(?P<value>yes|no)\b(?=\W*(?:[.,;:!\n]|\Z))", re.I),
}


def lines_of(text: str) -> list[str]:
    """Return a text's first and last lines, without Markdown's marks, runs of blanks and empty lines."""
    text = _MARKUP.sub(" ", _FENCE.sub("", text))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    tail = lines[-TAIL_LINES:]
    is_all = len(tail) == len(lines)
    length = 0
    for place in range(len(tail) - 1, -1, -1):
        length += len(tail[place])
        if length > TAIL_CHARACTERS:
            begun = tail[place][-TAIL_CHARACTERS:] if place == len(tail) - 1 else ""
            return [lines[0][:HEAD_CHARACTERS], *([f"… {begun}"] if begun else []), *tail[place + 1 :]]
    return tail if is_all else [lines[0][:HEAD_CHARACTERS], *tail]


def answers_in(lines: Sequence[str], kind: AnswerKind, name: str) -> Iterator[ReadAnswer]:
    """Yield every answer of these lines; one that is taken back afterwards is followed by the other."""
    last = len(lines) - 1
    after: list[str] | None = None
    for place, line in enumerate(lines):
        found, rest = _in_line(line, kind, name, place == last, last == 0)
        if place == 0 and not found:
            found, rest = leading(lines, kind)
        if found:
            after = [rest]
            yield from found
        elif after is not None:
            after.append(line)
    if after is not None:
        yield from _afterwards("\n".join(after), kind)


def _in_line(
    line: str, kind: AnswerKind, name: str, is_last: bool, is_only: bool
) -> tuple[list[ReadAnswer], str]:
    """Return the answers of a line, and what stands behind the last of them."""
    is_closed = line.startswith(CLOSED)
    line = without_bullet(line.removeprefix(CLOSED))
    if len(line) <= HEAD_CHARACTERS:
        answer = labelled(line, kind, name)
        if is_only or not (line[:1] in _QUOTES or (_LIST_MARK.fullmatch(line) and not is_last)):
            entry = _ENTRY.sub("", line) if kind is YES_NO else line
            answer = answer or kind.read(entry, is_explicit=is_closed, is_closed=is_closed)
        if answer is not None:
            return [answer], ""
    line = _QUOTED.sub('"…"', line)
    sentences = [sentence for sentence in _ENDS.split(line) if sentence.strip()]
    found: list[ReadAnswer] = []
    behind = 0
    for place, sentence in enumerate(sentences):
        answer = labelled(sentence, kind, name)
        if answer is not None:
            found.append(answer)
            behind = place + 1
    if is_last and len(sentences) > 1 and line.count('"') % 2 == 0 and not _LEADS_ON.search(sentences[-2]):
        bare = _bare(sentences, kind)
        found += bare
        behind = len(sentences) if bare else behind
    return found, " ".join(sentences[behind:])


def _bare(sentences: Sequence[str], kind: AnswerKind) -> list[ReadAnswer]:
    """Return what stands alone at the end of a line; if all its sentences do, all of them."""
    answers = [kind.read(sentence) for sentence in sentences]
    alone = [answer for answer in answers if answer is not None]
    return alone if len(alone) == len(answers) else alone[-1:] if answers[-1] else []


def _afterwards(text: str, kind: AnswerKind) -> Iterator[ReadAnswer]:
    rethinks = _RETHINKS.search(text)
    if rethinks:
        yield from map(kind.answer, _ANY[kind is NUMBER].finditer(text, rethinks.end()))
    for sentence in _ENDS.split(_QUOTED.sub('"…"', text)):
        match = None if HEDGE.search(sentence) else _AFTERWARDS[kind is NUMBER].search(sentence)
        if match is not None:
            yield kind.answer(match)


def table_pairs(lines: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the cells of a table as names and values, and the other lines.

    A table of one row has the names above it, one of two columns has them in its first.
    """
    rows = []
    others = []
    for line in lines:
        if line.startswith("|") and line.endswith("|") and len(line) > 2:
            cells = [cell.strip() for cell in line[1:-1].split("|")]
            if any(cell.strip(":- ") for cell in cells):
                rows.append(cells)
        else:
            others.append(line)
    if len(rows) == 2 and len(rows[0]) == len(rows[1]):
        return list(zip(rows[0], rows[1], strict=True)), others
    return [(row[0], row[1]) for row in rows if len(row) == 2], others
