"""Which editor is better: the sentences on the first place and on totals that should not be compared."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import floor

from snakedit.report.data.leaderboard import MetricTable, Standing
from snakedit.stats.paired import ALPHA, PairedComparison
from snakedit.stats.samples import CLOSE

# Below this coverage, or with coverages so far apart, what is missing may have made the order.
FULL_COVERAGE, EQUAL_COVERAGE = 0.95, 0.05
# An editor → the comparison of the first with it, its difference in favour of the first where positive.
Pairs = Mapping[str, PairedComparison]


def lead(
    table: MetricTable,
    compared: Sequence[PairedComparison],
    if_missing_lowest: Sequence[PairedComparison],
    controls: Sequence[str],
) -> str:
    """Return what can be said of the first place among the contestants; empty for a run with one contestant.

    Args:
        table: the judge's table of the item's score.
        compared: every two editors by the headline total, each on the items that both have.
        if_missing_lowest: the same with every missing score as the lowest of the scale; empty if nothing is
            missing, or the scale is not known.
    """
    contestants = [standing for standing in table.standings if standing.editor not in controls]
    headline = table.totals[0]
    scored = [s for s in contestants if s.totals[headline].summary.mean is not None]
    if len(contestants) < 2:
        return ""
    without = _without_scores([s.editor for s in contestants if s not in scored])
    if not scored:
        return "No editor has a score, so nothing was compared."
    first, *others = scored
    if not others:
        return f"Only {first.editor} has scores, so nothing was compared. {without}".strip()
    pairs = {other.editor: _against(compared, first.editor, other.editor) for other in others}
    which = " that has scores" if without else ""
    if not _is_doubtful(scored, headline):
        return f"{_standing(first, scored, pairs, headline, [], which)} {without}".strip()
    faded = [editor for editor in pairs if _is_ahead(pairs[editor])]
    if if_missing_lowest:
        faded = [e for e in faded if not _is_ahead(_against(if_missing_lowest, first.editor, e))]
    parts = (
        _standing(first, scored, pairs, headline, faded, which),
        _order_if_lowest(scored, headline),
        _faded(first.editor, faded),
        without,
    )
    return " ".join(part for part in parts if part)


def _standing(
    first: Standing, scored: Sequence[Standing], pairs: Pairs, headline: str, faded: Sequence[str], which: str
) -> str:
    """The first place by the comparisons on common items; leads that ``faded`` are not claimed.

    Args:
        which: which other editors there are: empty for all, or those with scores.
    """
    name = first.editor
    apart = [e for e, pair in pairs.items() if not pair.n]
    equal = [e for e, pair in pairs.items() if pair.is_equal]
    rest = {e: pair for e, pair in pairs.items() if pair.n and not pair.is_equal}
    ahead = [e for e, pair in rest.items() if _is_ahead(pair) and e not in faded]
    behind = [e for e, pair in rest.items() if pair.is_significant and not _leads(pair)]
    unsure = {e: pair for e, pair in rest.items() if not pair.is_significant}
    few = {e: pair for e, pair in unsure.items() if not pair.could_be_significant}
    close = [e for e, pair in unsure.items() if e not in few and _leads(pair)]
    trailing = [e for e, pair in unsure.items() if e not in few and not _leads(pair)]
    thin = [e for e in ahead if rest[e].ci_low is None]
    ahead = [e for e in ahead if e not in thin]
    if len(ahead) == len(pairs):
        return f"{name} is ahead of every other editor{which} by more than chance would explain."
    opening = _opening(first, scored, equal, headline)
    if len(close) == len(pairs):
        return f"{opening[:-1]}, but chance could explain its lead over every other editor{which}."
    parts = [opening]
    if behind:
        parts.append(
            f"On the items that both have, {name} is behind {', '.join(behind)} by more than chance would "
            "explain."
        )
    if ahead:
        parts.append(f"{name} is ahead of {', '.join(ahead)} by more than chance would explain.")
    if thin:
        parts.append(
            f"By the scores there are, {name} is ahead of {', '.join(thin)}, but a category with a single "
            "source "
            "image says too little of others."
        )
    if close:
        parts.append(f"Chance could explain {_possessive(name)} lead over {', '.join(close)}.")
    if trailing:
        parts.append(
            f"On the items that both have, {', '.join(trailing)} "
            f"{'is' if len(trailing) == 1 else 'are'} ahead of {name}, which chance could explain."
        )
    if apart:
        parts.append(
            f"{name} was not compared with {', '.join(apart)}: they have no item with a score in common."
        )
    return " ".join([*parts, *(_too_few(name, editor, pair) for editor, pair in few.items())])


def _opening(first: Standing, scored: Sequence[Standing], equal: Sequence[str], headline: str) -> str:
    means = {s.editor: s.totals[headline].summary.mean or 0.0 for s in scored}
    own = means[first.editor]
    level = [editor for editor, mean in means.items() if abs(mean - own) < CLOSE and editor != first.editor]
    higher = [editor for editor, mean in means.items() if mean > own + CLOSE]
    if equal:
        names = f"{', '.join([first.editor, *equal[:-1]])} and {equal[-1]}"
        if set(equal) <= set(level) and not higher:
            every = " every editor has it" if len(equal) + 1 == len(scored) else ""
            return f"{names} have the same mean{':' + every if every else ', the highest'}."
        return f"{names} are equal on the items that both have."
    if higher:
        return (
            f"{', '.join(higher)} {'has' if len(higher) == 1 else 'have'} a higher mean than {first.editor}, "
            "each over its own items."
        )
    if level:
        names = f"{', '.join([first.editor, *level[:-1]])} and {level[-1]}"
        return f"{names} have the same mean, each over its own items."
    return f"{first.editor} has the highest mean."


def _too_few(first: str, other: str, pair: PairedComparison) -> str:
    count = f"{pair.sources} source image{'s' if pair.sources != 1 else ''}"
    return (
        f"{count} {'are' if pair.sources != 1 else 'is'} too few to compare {first} with {other}: whatever "
        f"the scores, the corrected p could not be below {pair.least_p:.3g}, and {ALPHA:g} is needed."
    )


def _is_doubtful(scored: Sequence[Standing], headline: str) -> bool:
    """Whether what is missing may have made the order."""
    coverages = [s.totals[headline].summary.coverage or 0.0 for s in scored]
    return min(coverages) < FULL_COVERAGE or max(coverages) - min(coverages) > EQUAL_COVERAGE + CLOSE


def _order_if_lowest(scored: Sequence[Standing], headline: str) -> str:
    shares = ", ".join(f"{s.editor} {_percent(s.totals[headline].summary.coverage)}" for s in scored)
    means = {s.editor: s.totals[headline].if_lowest for s in scored}
    known = {editor: mean for editor, mean in means.items() if mean is not None}
    if len(known) < len(means):
        return f"Scores are missing (coverage: {shares}), and what they would change is not known."
    ordered = sorted(known, key=lambda editor: -known[editor])
    text = ordered[0]
    for better, worse in pairwise(ordered):
        text += f"{' = ' if known[better] - known[worse] < CLOSE else ', '}{worse}"
    return (
        f"Scores are missing (coverage: {shares}); if they counted as the worst, the order would be: {text}."
    )


def _faded(first: str, faded: Sequence[str]) -> str:
    return f"{_possessive(first)} lead over {', '.join(faded)} is not certain then." if faded else ""


def _without_scores(editors: Sequence[str]) -> str:
    if not editors:
        return ""
    return f"{', '.join(editors)} {'has' if len(editors) == 1 else 'have'} no score and no place."


def _against(compared: Iterable[PairedComparison], first: str, other: str) -> PairedComparison:
    """The comparison of two editors, turned so that a positive difference is in favour of the first."""
    for pair in compared:
        if (pair.editor, pair.against) == (first, other):
            return pair
        if (pair.editor, pair.against) == (other, first):
            return pair.turned()
    raise KeyError(f"{first} and {other} are not among the comparisons")


def _leads(pair: PairedComparison) -> bool:
    return pair.difference is not None and pair.difference > 0


def _is_ahead(pair: PairedComparison) -> bool:
    return pair.is_significant and _leads(pair)


def _percent(share: float | None) -> str:
    """A share in whole percents, never rounded up to a bound that it is below."""
    return f"{floor(100 * (share or 0.0) + CLOSE)} %"


def _possessive(name: str) -> str:
    return f"{name}’s"


def partial_totals(judge: str, table: MetricTable) -> list[str]:
    """Return a warning for each editor that has no score in a whole category."""
    return [
        f"The macro total of '{standing.editor}' by '{judge}' is taken over {means} of {categories} "
        "categories, as the others have no score: do not compare it with a total over all of them."
        for standing in table.standings
        if 0 < (means := standing.categories_with_mean) < (categories := len(standing.categories))
    ]
