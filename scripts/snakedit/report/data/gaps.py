"""Gaps: categories in which an editor made no edit, or a judge gave no score, told at the top of a report."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from snakedit.core.records import Edit, Score
from snakedit.report.data.read import Category

MAX_NAMED = 5
_MAX_REASON = 200


def absent_controls(category: Category, controls: Iterable[str]) -> list[str]:
    """Return the controls that cannot be made in a category, such as references where it has none.

    Their failures are no failures of the run: none of their edits could even be planned.
    """
    return [name for name in controls if _none_planned(category.edits[name].values())]


class Gaps:
    """Notes, category by category, where nothing succeeded though everything was tried."""

    def __init__(self, editors: Sequence[str], judges: Sequence[str]) -> None:
        self._editors, self._judges = editors, judges
        # Editor → the categories that it was tried in; editor → category → causes, where it made no edit.
        self._tried: dict[str, list[str]] = {editor: [] for editor in editors}
        self._unedited: dict[str, dict[str, Counter[str]]] = {editor: {} for editor in editors}
        # Judge → the (category, editor) pairs with an edit; and the same with causes, where it gave no score.
        self._asked: dict[str, list[tuple[str, str]]] = {judge: [] for judge in judges}
        self._unscored: dict[str, dict[tuple[str, str], Counter[str]]] = {judge: {} for judge in judges}

    def add(self, category: Category, absent: Sequence[str] = ()) -> None:
        """Add a category; editors in `absent` are passed over there."""
        for editor in self._editors:
            edits = list(category.edits[editor].values())
            if not edits or editor in absent:
                continue
            self._tried[editor].append(category.name)
            edited = [edit.item for edit in edits if edit.status == "ok"]
            if not edited and len(edits) == len(category.items):
                self._unedited[editor][category.name] = Counter(_first_line(edit.error) for edit in edits)
            for judge in self._judges if edited else ():
                scores = category.scores[judge, editor]
                self._asked[judge].append((category.name, editor))
                given = [scores[item] for item in edited if item in scores]
                if len(given) == len(edited) and not any(score.status == "ok" for score in given):
                    self._unscored[judge][category.name, editor] = Counter(map(_status, given))

    def sentences(self) -> list[str]:
        """Return the gaps as sentences, the widest of each editor and judge first."""
        editors = (sentence for editor in self._editors for sentence in self._of_editor(editor))
        judges = (sentence for judge in self._judges for sentence in self._of_judge(judge))
        return [*editors, *judges]

    def _of_editor(self, editor: str) -> Iterator[str]:
        causes = self._unedited[editor]
        if causes:
            everywhere = len(causes) == len(self._tried[editor])
            place = "in any category" if everywhere else f"in {_named(causes)}"
            total = _sum(causes.values())
            reason, _ = total.most_common(1)[0]
            others = " and other causes" if len(total) > 1 else ""
            failed = f"{total.total()} items failed ({reason}{others})"
            yield f"The editor '{editor}' made no edit {place}: {failed}."

    def _of_judge(self, judge: str) -> Iterator[str]:
        cells, asked = self._unscored[judge], self._asked[judge]
        if len(cells) == len(asked):
            if cells:
                yield _unscored(judge, "any edit", cells.values())
            return
        for place, name in ((0, "any edit in {}"), (1, "any edit by {}")):
            whole = [
                key
                for key in dict.fromkeys(cell[place] for cell in cells)
                if all(cell in cells for cell in asked if cell[place] == key)
            ]
            if whole:
                inside = [cells.pop(cell) for cell in list(cells) if cell[place] in whole]
                yield _unscored(judge, name.format(_named(whole)), inside)
        for editor in dict.fromkeys(editor for _, editor in cells):
            some = {category: causes for (category, by), causes in cells.items() if by == editor}
            yield _unscored(judge, f"any edit by '{editor}' in {_named(some)}", some.values())


def _unscored(judge: str, what: str, causes: Iterable[Counter[str]]) -> str:
    counted = ", ".join(f"{count} {status}" for status, count in _sum(causes).most_common())
    return f"The judge '{judge}' gave no score to {what}: {counted}."


def _none_planned(edits: Iterable[Edit]) -> bool:
    edits = list(edits)
    return bool(edits) and not any(edit.was_planned for edit in edits)


def _status(score: Score) -> str:
    return {"unparsed": "could not be read", "refused": "refused"}.get(score.status, score.status)


def _first_line(error: str | None) -> str:
    line = (error or "no reason given").strip().split("\n", 1)[0]
    return line if len(line) <= _MAX_REASON else f"{line[:_MAX_REASON]}…"


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _named(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(f"'{name}'" for name in names[:MAX_NAMED]) + more
