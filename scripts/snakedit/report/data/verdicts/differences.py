"""Which differences could be seen: the least that would show, and editors that do not differ from no edit."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from snakedit.report.data.unchanged import UnchangedEdits
from snakedit.stats.paired import PairedComparison

# Shares of an editor's edits that equal their source: from the first on it is told of, from the second on the
# editor does nothing.
SOME, NEARLY_ALL = 0.1, 0.95


def least_shown(compared: Iterable[PairedComparison], controls: Collection[str]) -> str:
    """Return which differences between contestants could have been shown, and what the nearest pair needs.

    Args:
        compared: every two editors by the headline total.

    Returns:
        One or two sentences; empty where no pair of contestants could show anything.
    """
    pairs = [p for p in compared if p.editor not in controls and p.against not in controls and p.n]
    known = [p.least_difference for p in pairs if p.least_difference is not None]
    if not known:
        return ""
    ends = dict.fromkeys((f"{min(known):.2f}", f"{max(known):.2f}"))
    some = "" if len(known) == len(pairs) else f" of {len(known)} of {len(pairs)} pairs"
    sentence = (
        f"The least difference{some} that these items could have shown with a power of 80 % is "
        f"{' to '.join(ends)}{', depending on the pair' if len(ends) > 1 else ''}."
    )
    return f"{sentence} {_nearest(pairs)}".strip()


def _nearest(pairs: Iterable[PairedComparison]) -> str:
    """What the contestants that are nearest to each other would need, if they are not told apart."""
    unsure = [p for p in pairs if not p.is_significant and (p.items_needed or 0) > p.n]
    if not unsure:
        return ""
    pair = min(unsure, key=lambda p: abs(p.difference or 0.0))
    difference, needed = abs(pair.difference or 0.0), _rounded(pair.items_needed or 0)
    return (
        f"The nearest pair, {pair.editor} and {pair.against}, differs by {difference:.2g} on {pair.n:,} "
        f"items; about {needed:,} like them would be needed to show that."
    )


def _rounded(count: int) -> int:
    """A count with two significant digits, rounded up."""
    step = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // step) * step


def unchanged_edits(edits: UnchangedEdits, controls: Collection[str]) -> list[str]:
    """Return a warning for each contestant of which many edits equal their source."""
    sentences = []
    for editor, count in edits.compared.items():
        equal = edits.equal[editor]
        if editor in controls or equal < SOME * count or not equal:
            continue
        of = f"{equal:,} of {count:,}"
        if equal >= NEARLY_ALL * count:
            sentences.append(f"'{editor}' does nothing: {of} of its edits equal their source by pixels.")
        else:
            sentences.append(f"'{editor}' did nothing in {of} edits, which equal their source by pixels.")
    return sentences


def not_above_the_source(
    compared: Mapping[str, Sequence[PairedComparison]],
    unedited: Collection[str],
    controls: Collection[str],
) -> list[str]:
    """Return a warning for each contestant whose scores are not told from those of the unchanged source.

    Args:
        compared: judge → every two editors by its headline total.
        unedited: the controls that show the source as it is.
    """
    sentences = []
    for judge, pairs in compared.items():
        for pair in pairs:
            own = pair.turned() if pair.editor in unedited else pair
            if own.against not in unedited or own.editor in controls:
                continue
            if own.n and own.could_be_significant and not own.is_significant:
                sentences.append(_in_rank(judge, own))
    return sentences


def _in_rank(judge: str, pair: PairedComparison) -> str:
    if not pair.wins and not pair.losses:
        return (
            f"By '{judge}', '{pair.editor}' does nothing: on all {pair.n:,} items it has the score of the "
            f"unchanged source ('{pair.against}')."
        )
    least = pair.least_difference
    shown = "" if least is None else f"; {least:.2f} could have been shown with a power of 80 %"
    return (
        f"By '{judge}', '{pair.editor}' is not told from doing nothing: it differs from the unchanged source "
        f"('{pair.against}') by {pair.difference or 0.0:+.2f} on {pair.n:,} items, which chance could "
        f"explain{shown}."
    )
