"""Edits that equal their source: an editor that returns its input edits nothing, however well it looks."""

from collections import Counter

from snakedit.report.data.read import Category

# Of the mean difference of all pixels, 0–1: far less than one of 256 levels. A visible edit changes more.
LEAST_CHANGE = 1e-5


class UnchangedEdits:
    """Counts edits, and those that equal their source by pixels.

    Attributes:
        compared: editor → its edits whose records tell how far they are from the source.
        equal: editor → those of them that equal it.
    """

    def __init__(self) -> None:
        self.compared: Counter[str] = Counter()
        self.equal: Counter[str] = Counter()

    def add(self, category: Category) -> None:
        """Count a category's edits."""
        for editor, edits in category.edits.items():
            changes = [e.change for e in edits.values() if e.status == "ok" and e.change is not None]
            self.compared[editor] += len(changes)
            self.equal[editor] += sum(change < LEAST_CHANGE for change in changes)
