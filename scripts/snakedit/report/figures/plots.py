"""The report's plots: standings, heat map, distributions, head to head, and the devices' timeline."""

from collections.abc import Iterable, Mapping, Sequence

import altair as alt
import numpy as np

from snakedit.report.data.leaderboard import LeaderboardRow, Standing
from snakedit.report.data.numbers import SCORE
from snakedit.report.figures.svg import COLOURS, INK, to_svg, values
from snakedit.stats.paired import PairedComparison
from snakedit.stats.samples import Array
from snakedit.telemetry.activity import stretches
from snakedit.telemetry.trace import Span

BINS = 20
ROW_HEIGHT = 26
# Activities of a device, in the order of the legend.
SPAN_COLOURS = {
    "load": COLOURS["orange"],
    "edit": COLOURS["blue"],
    "score": COLOURS["green"],
    "lost": COLOURS["red"],
    "switch": COLOURS["grey"],
    "unload": COLOURS["grey"],
    "idle": COLOURS["pale"],
}


def standings_plot(standings: Sequence[Standing], total: str) -> str | None:
    """Return the editors' means and 95 % intervals in their order, or None where no editor has a mean."""
    rows = [
        {"editor": s.editor, "mean": m.mean, "low": m.ci_low, "high": m.ci_high}
        for s in standings
        if (m := s.totals[total].summary).mean is not None
    ]
    if not rows:
        return None
    base = alt.Chart(values(rows)).encode(y=alt.Y("editor:N", sort=None, title=None))
    scale = alt.Scale(zero=False, nice=True)
    lines = base.mark_rule(strokeWidth=3, color=COLOURS["blue"], opacity=0.45).encode(
        x=alt.X("low:Q", title=f"{total} mean and 95 % interval", scale=scale), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=70, color=COLOURS["blue"], opacity=1).encode(
        x=alt.X("mean:Q", scale=scale)
    )
    return to_svg((lines + points).properties(width=520, height=ROW_HEIGHT * len(rows)))


def heat_map(rows: Sequence[LeaderboardRow], judge: str) -> str | None:
    """Return a judge's means of every metric in every category, a panel an editor; None without any."""
    cells = [
        {
            "editor": row.editor,
            "category": row.category,
            "metric": row.metric,
            "mean": row.summary.mean,
            "label": f"{row.summary.mean:.2f}",
        }
        for row in rows
        if row.judge == judge and row.level == "category" and row.summary.mean is not None
    ]
    if not cells:
        return None
    editors = list(dict.fromkeys(str(cell["editor"]) for cell in cells))
    means = [float(str(cell["mean"])) for cell in cells]
    middle = (min(means) + max(means)) / 2
    metrics = [m for m in dict.fromkeys(str(cell["metric"]) for cell in cells) if m != SCORE]
    scale = alt.Scale(scheme="blues", domain=[min(means), max(means)])
    panels = []
    for editor in editors:
        base = alt.Chart(values([cell for cell in cells if cell["editor"] == editor])).encode(
            x=alt.X("metric:N", sort=[SCORE, *metrics], title=None, axis=alt.Axis(labelAngle=-35)),
            y=alt.Y("category:N", sort=None, title=None),
        )
        tiles = base.mark_rect().encode(color=alt.Color("mean:Q", scale=scale, legend=alt.Legend(title=None)))
        labels = base.mark_text(fontSize=11).encode(
            text="label:N",
            color=alt.condition(alt.datum.mean > middle, alt.value("white"), alt.value("#12263a")),
        )
        panel = (tiles + labels).properties(title=editor, width=alt.Step(58), height=alt.Step(ROW_HEIGHT))
        panels.append(panel)
    return to_svg(alt.concat(*panels, columns=2))


def distributions(scores: Mapping[str, Sequence[float] | Array]) -> str | None:
    """Return a histogram of each editor's scores, as shares of its scored items; None without any score.

    Args:
        scores: editor → the scores of its items, in any order.
    """
    everything = np.concatenate([np.asarray(group, dtype=np.float64) for group in scores.values()])
    if not everything.size:
        return None
    low, high = float(everything.min()), float(everything.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    rows = []
    for editor, group in scores.items():
        counts, edges = np.histogram(group, bins=BINS, range=(low, high))
        shares = counts / max(1, counts.sum())
        rows += [
            {"editor": editor, "from": float(start), "to": float(end), "share": float(share)}
            for start, end, share in zip(edges, edges[1:], shares, strict=False)
        ]
    bars = (
        alt.Chart(values(rows))
        .mark_rect(color=COLOURS["blue"], opacity=0.8)
        .encode(
            x=alt.X("from:Q", title="score of an item", scale=alt.Scale(domain=[low, high])),
            x2="to:Q",
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format="%", tickCount=2)),
        )
        .properties(width=520, height=54)
    )
    row = alt.Row(
        "editor:N", sort=list(scores), title=None, header=alt.Header(labelAngle=0, labelAlign="left")
    )
    return to_svg(bars.facet(row=row, spacing=8))


def head_to_head(pairs: Sequence[PairedComparison], order: Sequence[str]) -> str | None:
    """Return the matrix of differences, the row's editor minus the column's; None without any.

    A star marks differences that are significant at 5 % after the correction for many comparisons.

    Args:
        pairs: every two editors once.
        order: the editors from above and from the left.
    """
    differences = [abs(pair.difference) for pair in pairs if pair.difference is not None]
    if not differences:
        return None
    largest = max(differences) or 1.0
    rows = [
        {
            "editor": editor,
            "against": against,
            "difference": sign * pair.difference,
            "label": f"{sign * pair.difference:+.2f}{'*' if pair.is_significant else ''}",
            "strong": abs(pair.difference) > 0.6 * largest,
        }
        for pair in pairs
        for editor, against, sign in ((pair.editor, pair.against, 1), (pair.against, pair.editor, -1))
        if pair.difference is not None
    ]
    base = alt.Chart(values(rows)).encode(
        x=alt.X("against:N", sort=list(order), title="minus this editor", axis=alt.Axis(labelAngle=-35)),
        y=alt.Y("editor:N", sort=list(order), title=None),
    )
    tiles = base.mark_rect().encode(
        color=alt.Color(
            "difference:Q",
            scale=alt.Scale(scheme="redblue", domain=[-largest, largest]),
            legend=None,
        )
    )
    labels = base.mark_text(fontSize=11).encode(
        text="label:N", color=alt.condition("datum.strong", alt.value("white"), alt.value("#12263a"))
    )
    return to_svg((tiles + labels).properties(width=alt.Step(64), height=alt.Step(ROW_HEIGHT + 4)))


def timeline(spans: Iterable[Span]) -> str | None:
    """Return each device's activities, in seconds since the first one; None without any."""
    rows = [
        {"device": s.device, "doing": s.name, "from": s.start, "to": s.start + s.seconds}
        for s in stretches(spans)
    ]
    if not rows:
        return None
    devices = sorted({str(row["device"]) for row in rows})
    shown = [name for name in SPAN_COLOURS if any(row["doing"] == name for row in rows)]
    chart = (
        alt.Chart(values(rows))
        .mark_bar(height=ROW_HEIGHT - 8)
        .encode(
            x=alt.X(
                "from:Q", title="seconds since the run's first device was taken", scale=alt.Scale(nice=False)
            ),
            x2="to:Q",
            y=alt.Y("device:N", sort=devices, title=None),
            color=alt.Color(
                "doing:N",
                scale=alt.Scale(domain=shown, range=[SPAN_COLOURS[name] for name in shown]),
                legend=alt.Legend(title=None, labelColor=INK),
            ),
        )
        .properties(width=620, height=ROW_HEIGHT * len(devices))
    )
    return to_svg(chart)
